import Layer2
import LinuxNetwork
import NetworkAddresses
import Testing

/// Asks for many addresses from one interface of the thread's namespace.
final class ARPClient {
  private let socket: PacketSocket
  private let poller: Poller
  private let hardwareAddress: MACAddress

  init(interface name: String) throws {
    let interface = try #require(try NetworkInterface.all().first { $0.name == name })
    hardwareAddress = try #require(interface.hardwareAddress)
    socket = try PacketSocket(
      interface: interface.index, filter: .everything(etherType: EthernetHeader.arp))
    poller = try Poller()
    try poller.add(socket.descriptor, token: 0)
  }

  /// Keeps `outstanding` requests open until each address has been answered, and returns how many answers came. An
  /// answer that is missing for a second ends it.
  func ask(_ addresses: [IPv4Address], outstanding: Int) throws -> Int {
    var next = 0
    var answers = 0
    var tokens: [UInt64] = []
    var received = ReceivedFrames()
    var outgoing = OutgoingFrames()
    while answers < addresses.count {
      outgoing.removeAll()
      while next < addresses.count, next - answers < outstanding {
        ARPPacket(
          operation: .request, senderHardwareAddress: hardwareAddress,
          senderProtocolAddress: IPv4Address(rawValue: 0x0a62_0064), targetHardwareAddress: .zero,
          targetProtocolAddress: addresses[next]
        ).encodeFrame(to: .broadcast, into: &outgoing.bytes)
        outgoing.endFrame()
        next += 1
      }
      _ = try socket.send(outgoing)
      try poller.wait(timeout: .seconds(1), into: &tokens)
      guard !tokens.isEmpty else { return answers }
      try socket.receive(into: &received)
      for index in 0..<received.count {
        let frame = received.frame(index)
        let packet = try ARPPacket(
          decoding: frame.extracting(EthernetHeader.length..<frame.byteCount))
        if packet.operation == .reply { answers += 1 }
      }
    }
    return answers
  }
}
