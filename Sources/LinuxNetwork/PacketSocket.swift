import CLinuxNetwork

/// A packet socket on one interface: whole Ethernet frames that pass a ``PacketFilter``.
///
/// Needs NET_RAW. Receiving and sending never block. It keeps working when the interface goes down and up again;
/// when the interface is deleted, it stays silent.
package struct PacketSocket: ~Copyable, Sendable {
  private let socket: OwnedDescriptor

  /// - Parameter receiveBufferSize: in bytes of kernel memory, of which a small frame takes about 800. Without
  ///   NET_ADMIN the system's limit applies (net.core.rmem_max).
  package init(
    interface: Int32, filter: PacketFilter, receiveBufferSize: Int32 = 1 << 22
  ) throws(LinuxError) {
    socket = try OwnedDescriptor(
      filter.instructions.withUnsafeBufferPointer {
        cln_packet_socket(
          interface, filter.etherType, $0.baseAddress, UInt16($0.count), receiveBufferSize)
      }, "open packet socket")
  }

  /// Readable when ``receive(into:)`` has something to take.
  package var descriptor: Int32 { socket.rawValue }

  /// Takes as many waiting frames as the batch has room for; none is an empty batch.
  package func receive(into batch: inout ReceivedFrames) throws(LinuxError) {
    do {
      try batch.fill(from: socket.rawValue)
    } catch {
      guard error.isWouldBlock else { throw error }
      batch.clear()
    }
  }

  /// Sends frames in order and returns how many the kernel took. It takes fewer when the interface's queue is full
  /// or the interface is down; what is left over is lost, as frames may be.
  package func send(_ frames: borrowing OutgoingFrames) throws(LinuxError) -> Int {
    try frames.write(to: socket.rawValue)
  }
}
