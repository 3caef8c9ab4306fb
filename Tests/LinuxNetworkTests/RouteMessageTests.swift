import LinuxNetwork
import NetworkAddresses
import SeededRandomness
import Testing

@Suite struct RouteMessageTests {
  private func replay(through lastStep: String) throws -> InterfaceTable {
    var table = InterfaceTable()
    var isFound = false
    for (step, bytes) in try RouteRecording.datagrams() {
      if isFound && step != lastStep { break }
      isFound = step == lastStep
      for message in RouteMessage.decode(bytes.span.bytes) { _ = table.apply(message.body) }
    }
    return table
  }

  private func interface(_ name: String, after step: String) throws -> NetworkInterface? {
    try replay(through: step).interfaces.first { $0.name == name }
  }

  @Test func `A recorded link has its name, addresses, flags and kind`() throws {
    let link = try #require(try interface("eth0", after: "ipv6 address added"))
    let mac = try #require(MACAddress("02:00:00:00:00:0b"))
    #expect(link.index == 3)
    #expect(link.hardwareAddress == mac)
    #expect(link.flags.isSuperset(of: [.up, .running, .broadcast, .multicast]))
    #expect(link.flags.isDisjoint(with: [.loopback, .noARP]))
    #expect(link.mtu == 1500)
    #expect(link.kind == "veth")
    #expect(link.master == nil)
    #expect(
      link.addresses.map { "\($0.address)/\($0.prefixLength)" } == [
        "10.98.0.11/24", "fd98::11/64", "fe80::ff:fe00:b/64",
      ])
    #expect(link.linkLocalAddress == IPv6Address("fe80::ff:fe00:b"))
    let loopback = try #require(try interface("lo", after: "lo up"))
    #expect(loopback.flags.contains(.loopback))
    #expect(loopback.hardwareAddress == .zero)
    #expect(loopback.kind == nil)
  }

  @Test func `A link-local address counts once duplicate address detection is over`() throws {
    #expect(try interface("eth0", after: "both ends up")?.linkLocalAddress == nil)
    #expect(
      try interface("eth0", after: "link-local addresses found free")?.linkLocalAddress != nil)
  }

  @Test func `Changes of address, master and size are followed`() throws {
    #expect(
      try interface("eth0", after: "mac changed")?.hardwareAddress
        == MACAddress("02:00:00:00:00:1b"))
    #expect(try interface("peer0", after: "port joined bridge")?.master == 4)
    #expect(try interface("br0", after: "bridge added")?.kind == "bridge")
    #expect(try interface("eth0", after: "mtu changed")?.mtu == 9000)
    let down = try #require(try interface("peer0", after: "peer down"))
    #expect(!down.flags.contains(.up))
    #expect(down.addresses.isEmpty)
    let withoutCarrier = try #require(try interface("eth0", after: "peer down"))
    #expect(withoutCarrier.flags.contains(.up))
    #expect(!withoutCarrier.flags.contains(.running))
  }

  @Test func `A port that leaves its bridge stays an interface`() throws {
    // The bridge says RTM_DELLINK with family AF_BRIDGE.
    let port = try #require(try interface("peer0", after: "port left bridge"))
    #expect(port.master == nil)
  }

  @Test func `A deleted pair disappears`() throws {
    let table = try replay(through: "veth pair deleted")
    #expect(table.interfaces.map(\.name) == ["lo", "br0"])
  }

  @Test func `The end of a dump carries the request's number`() throws {
    let ends = try RouteRecording.datagrams().filter { $0.step.hasPrefix("dump") }
      .flatMap { RouteMessage.decode($0.bytes.span.bytes) }
      .filter { $0.body == .done }
    #expect(ends.map(\.sequence) == [1, 2])
  }

  @Test func `A refused request carries its errno`() {
    // NLMSG_ERROR with -16 (EBUSY) for request 7, followed by the request's header.
    var bytes: [UInt8] = [36, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xff, 0xff, 0xff]
    bytes += [16, 0, 0, 0, 18, 0, 1, 3, 7, 0, 0, 0, 0, 0, 0, 0]
    #expect(
      RouteMessage.decode(bytes.span.bytes) == [
        RouteMessage(sequence: 7, body: .answer(code: 16))
      ])
  }

  @Test func `A dump that the kernel interrupted says so`() {
    let bytes: [UInt8] = [20, 0, 0, 0, 3, 0, 0x12, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(
      RouteMessage.decode(bytes.span.bytes) == [
        RouteMessage(sequence: 9, isInterrupted: true, body: .done)
      ])
  }

  @Test func `A bond and a VLAN device are read as such`() throws {
    // Not recorded: built after linux/if_link.h, as kernels without these drivers cannot show them.
    var link = LinkMessage(index: 7, flags: 0x1043)
    link.attribute(3, Array("bond0.5\0".utf8))
    link.attribute(1, [2, 0, 0, 0, 0, 9])
    link.attribute(5, [6, 0, 0, 0])
    link.attribute(18, LinkMessage.attribute(1, Array("vlan\0".utf8)))
    let messages = RouteMessage.decode(link.bytes.span.bytes)
    guard case .link(let interface) = messages.first?.body else {
      Issue.record("not a link: \(messages)")
      return
    }
    #expect(interface.name == "bond0.5")
    #expect(interface.kind == "vlan")
    #expect(interface.master == nil)
    var port = LinkMessage(index: 8, flags: 0x1843)
    port.attribute(3, Array("eth1\0".utf8))
    port.attribute(10, [6, 0, 0, 0])
    guard case .link(let slave) = RouteMessage.decode(port.bytes.span.bytes).first?.body else {
      Issue.record("not a link")
      return
    }
    #expect(slave.master == 6)
  }

  @Test func `A wireless event does not describe the link`() {
    var event = LinkMessage(index: 3, flags: 0)
    event.attribute(3, Array("wlan0\0".utf8))
    event.attribute(11, [0, 0, 0, 0])
    #expect(RouteMessage.decode(event.bytes.span.bytes).map(\.body) == [.other(type: 16)])
  }

  @Test func `Every truncation of a recorded datagram decodes to something`() throws {
    for (_, bytes) in try RouteRecording.datagrams() {
      let whole = RouteMessage.decode(bytes.span.bytes).count
      for length in 0..<bytes.count {
        #expect(RouteMessage.decode(bytes.span.bytes.extracting(0..<length)).count < max(whole, 1))
      }
    }
  }

  @Test func `Damaged datagrams never trap`() throws {
    var generator = SeededGenerator(seed: 1)
    let recorded = try RouteRecording.datagrams()
    for _ in 0..<20_000 {
      var bytes = recorded.randomElement(using: &generator)?.bytes ?? []
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      var table = InterfaceTable()
      for message in RouteMessage.decode(bytes.span.bytes) { _ = table.apply(message.body) }
      _ = table.interfaces
    }
  }

  @Test func `A request for a dump has the kernel's layout`() {
    #expect(
      RouteRequest.links.encode(sequence: 5) == [
        32, 0, 0, 0, 18, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0,
      ] + [UInt8](repeating: 0, count: 16))
    #expect(
      RouteRequest.addresses.encode(sequence: 6).prefix(12) == [
        24, 0, 0, 0, 22, 0, 1, 3, 6, 0, 0, 0,
      ])
  }
}

/// Builds an RTM_NEWLINK message for little-endian machines.
private struct LinkMessage {
  private var payload: [UInt8]

  init(index: UInt8, flags: UInt16) {
    payload = [0, 0, 1, 0, index, 0, 0, 0]
    payload += [UInt8(truncatingIfNeeded: flags), UInt8(flags >> 8), 0, 0, 0, 0, 0, 0]
  }

  mutating func attribute(_ type: UInt8, _ value: [UInt8]) {
    payload += Self.attribute(type, value)
  }

  static func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [UInt8(value.count + 4), 0, type, 0] + value
      + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
  }

  var bytes: [UInt8] {
    [UInt8(payload.count + 16), 0, 0, 0, 16, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + payload
  }
}
