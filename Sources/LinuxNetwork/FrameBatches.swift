import CLinuxNetwork

/// Memory for frames that one call to the kernel receives.
package struct ReceivedFrames: ~Copyable {
  /// Longest frame that is kept whole. ARP takes 60 bytes, and a solicitation 86 and a few options.
  package static let frameLimit = 512

  private static let capacity = CLN_BATCH_LIMIT

  private var slots = [UInt8](repeating: 0, count: capacity * frameLimit)
  private var lengths = [UInt32](repeating: 0, count: capacity)
  package private(set) var count = 0

  package init() {}

  /// Whether every slot is used, so that more frames may be waiting.
  package var isFull: Bool { count == Self.capacity }

  /// The bytes of one frame, cut after ``frameLimit``.
  @_lifetime(borrow self)
  package func frame(_ index: Int) -> RawSpan {
    let start = index * Self.frameLimit
    let length = min(Int(lengths[index]), Self.frameLimit)
    return slots.span.bytes.extracting(start..<start + length)
  }

  mutating func clear() {
    count = 0
  }

  mutating func fill(from socket: Int32) throws(LinuxError) {
    count = 0
    let received = slots.withUnsafeMutableBufferPointer { slots in
      lengths.withUnsafeMutableBufferPointer { lengths in
        cln_receive_frames(
          socket, slots.baseAddress, UInt32(Self.frameLimit), lengths.baseAddress,
          UInt32(Self.capacity))
      }
    }
    count = Int(try LinuxError.check(received, "receive frames"))
  }
}

/// Frames to be sent, one after the other in one buffer: append the bytes of one, call ``endFrame()``, and so on.
package struct OutgoingFrames: ~Copyable {
  package var bytes: [UInt8] = []
  /// Where each frame ends.
  private var ends: [UInt32] = []

  package init() {}

  package var count: Int { ends.count }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Makes what was appended since the last call a frame; nothing appended is no frame.
  package mutating func endFrame() {
    let end = UInt32(truncatingIfNeeded: bytes.count)
    if end > ends.last ?? 0 { ends.append(end) }
  }

  func write(to socket: Int32) throws(LinuxError) -> Int {
    var sent = 0
    while sent < ends.count {
      let result = bytes.withUnsafeBufferPointer { bytes in
        ends.withUnsafeBufferPointer { ends in
          cln_send_frames(
            socket, bytes.baseAddress, sent == 0 ? 0 : ends[sent - 1],
            ends.baseAddress.map { $0 + sent }, UInt32(ends.count - sent))
        }
      }
      do {
        sent += Int(try LinuxError.check(result, "send frames"))
      } catch {
        guard error.isWouldBlock || error.isNoBufferSpace else { throw error }
        break
      }
    }
    return sent
  }
}
