import CLinuxNetwork

/// Follows the interfaces of the network namespace of the thread that made it: a full dump, then notifications, and a
/// dump again when the kernel had to drop some.
///
/// Used by one thread, which waits until ``descriptor`` is readable and calls ``process()``. The kernel answers
/// requests for dumps while it reads them, so nothing here waits.
package struct InterfaceMonitor: ~Copyable {
  private let socket: OwnedDescriptor
  private var buffer: [UInt8]
  private var table = InterfaceTable()
  private var sequence: UInt32 = 0

  /// Subscribes to notifications. Nothing is known until the first ``resynchronize()``.
  package init() throws(LinuxError) {
    let groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
    socket = try OwnedDescriptor(cln_route_socket(UInt32(groups)), "open route socket")
    // The kernel fills at most 32 KiB per dump message; a notification about a link with many virtual functions can
    // be larger than a page.
    buffer = [UInt8](repeating: 0, count: 1 << 16)
  }

  /// Readable when ``process()`` has something to do.
  package var descriptor: Int32 { socket.rawValue }

  /// By index, with their addresses.
  package var interfaces: [NetworkInterface] { table.interfaces }

  /// Takes in everything that has arrived. Each message counts by itself, so a link that went down and up again
  /// shows as two changes.
  package mutating func process() throws(LinuxError) -> [InterfaceTable.Change] {
    var changes: [InterfaceTable.Change] = []
    do {
      while let messages = try receive() {
        changes += messages.compactMap { table.apply($0.body) }
      }
    } catch {
      guard error.isNoBufferSpace else { throw error }
      changes += try resynchronize()
    }
    return changes
  }

  /// Reads everything again and returns what is different. A slow periodic call covers what notifications cannot.
  package mutating func resynchronize() throws(LinuxError) -> [InterfaceTable.Change] {
    var changes: [InterfaceTable.Change] = []
    for _ in 0..<8 {
      table.beginDump()
      let linksAreConsistent = try dump(.links, into: &changes)
      let addressesAreConsistent = try dump(.addresses, into: &changes)
      if linksAreConsistent && addressesAreConsistent { break }
    }
    // After eight tries the newest dump is the best there is, and notifications follow what changes so fast.
    return changes + table.endDump()
  }

  /// Asks for one kind and applies the answers, and notifications between them. False when the kernel says that the
  /// dump is inconsistent, or that it dropped notifications.
  private mutating func dump(
    _ request: RouteRequest, into changes: inout [InterfaceTable.Change]
  ) throws(LinuxError) -> Bool {
    sequence &+= 1
    let bytes = request.encode(sequence: sequence)
    _ = try LinuxError.check(
      bytes.withUnsafeBytes {
        cln_route_send(socket.rawValue, $0.baseAddress, UInt32($0.count))
      }, "send route request")
    var isConsistent = true
    while true {
      let messages: [RouteMessage]
      do throws(LinuxError) {
        guard let received = try receive() else {
          throw LinuxError("read interfaces", code: EAGAIN)
        }
        messages = received
      } catch {
        guard error.isNoBufferSpace else { throw error }
        // The dump itself goes on: the kernel writes it only where there is room.
        isConsistent = false
        continue
      }
      for message in messages {
        if let change = table.apply(message.body) { changes.append(change) }
        guard message.sequence == sequence else { continue }
        if message.isInterrupted { isConsistent = false }
        switch message.body {
        case .done: return isConsistent
        case .answer(let code) where code != 0: throw LinuxError("read interfaces", code: code)
        case .answer, .link, .linkRemoved, .address, .addressRemoved, .neighbor, .other: continue
        }
      }
    }
  }

  /// One datagram's messages; nil when none is waiting.
  private mutating func receive() throws(LinuxError) -> [RouteMessage]? {
    let length = buffer.withUnsafeMutableBytes {
      cln_route_receive(socket.rawValue, $0.baseAddress, UInt32($0.count))
    }
    do throws(LinuxError) {
      let count = Int(try LinuxError.check(length, "read route socket"))
      // A datagram that was cut is as good as lost.
      guard count <= buffer.count else { throw LinuxError("read route socket", code: ENOBUFS) }
      return RouteMessage.decode(buffer.span.bytes.extracting(0..<count))
    } catch {
      guard error.isWouldBlock else { throw error }
      return nil
    }
  }
}

extension NetworkInterface {
  /// The interfaces of the network namespace of the calling thread, by index.
  package static func all() throws(LinuxError) -> [NetworkInterface] {
    var monitor = try InterfaceMonitor()
    _ = try monitor.resynchronize()
    return monitor.interfaces
  }
}
