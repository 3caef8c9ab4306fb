import LinuxNetwork
import NetworkAddresses
import Testing

@Suite struct InterfaceTableTests {
  private let eth0 = NetworkInterface(index: 2, name: "eth0", flags: [.up])
  private let eth1 = NetworkInterface(index: 3, name: "eth1", flags: [.up])

  private func address(_ text: String) throws -> InterfaceAddress {
    InterfaceAddress(address: try #require(IPAddress(text)), prefixLength: 24)
  }

  @Test func `A message that says nothing new is no change`() throws {
    var table = InterfaceTable()
    #expect(table.apply(.link(eth0)) == .updated(eth0))
    #expect(table.apply(.link(eth0)) == nil)
    let one = try address("10.0.0.1")
    var expected = eth0
    expected.addresses = [one]
    #expect(table.apply(.address(one, interface: 2)) == .updated(expected))
    #expect(table.apply(.address(one, interface: 2)) == nil)
  }

  @Test func `An address may be told before its link`() throws {
    var table = InterfaceTable()
    let one = try address("10.0.0.1")
    #expect(table.apply(.address(one, interface: 2)) == nil)
    var expected = eth0
    expected.addresses = [one]
    #expect(table.apply(.link(eth0)) == .updated(expected))
  }

  @Test func `A removed link takes its addresses with it`() throws {
    var table = InterfaceTable()
    _ = table.apply(.link(eth0))
    _ = table.apply(.address(try address("10.0.0.1"), interface: 2))
    #expect(table.apply(.linkRemoved(index: 2)) == .removed(index: 2))
    #expect(table.apply(.linkRemoved(index: 2)) == nil)
    #expect(table.apply(.link(eth0)) == .updated(eth0))
  }

  @Test func `The same address with two prefix lengths is two entries`() throws {
    var table = InterfaceTable()
    _ = table.apply(.link(eth0))
    let ip = try #require(IPAddress("10.0.0.1"))
    let short = InterfaceAddress(address: ip, prefixLength: 24)
    let long = InterfaceAddress(address: ip, prefixLength: 32)
    _ = table.apply(.address(short, interface: 2))
    _ = table.apply(.address(long, interface: 2))
    _ = table.apply(.addressRemoved(ip, prefixLength: 24, interface: 2))
    #expect(table.interface(2)?.addresses == [long])
  }

  @Test func `What a dump does not mention is gone`() throws {
    var table = InterfaceTable()
    let one = try address("10.0.0.1")
    let two = try address("10.0.0.2")
    for link in [eth0, eth1] { _ = table.apply(.link(link)) }
    for address in [one, two] { _ = table.apply(.address(address, interface: 2)) }
    table.beginDump()
    #expect(table.apply(.link(eth0)) == nil)
    #expect(table.apply(.address(two, interface: 2)) == nil)
    var expected = eth0
    expected.addresses = [two]
    #expect(table.endDump() == [.removed(index: 3), .updated(expected)])
    #expect(table.interfaces == [expected])
    #expect(table.endDump() == [])
  }

  @Test func `A notification between the messages of a dump counts`() {
    var table = InterfaceTable()
    table.beginDump()
    _ = table.apply(.link(eth0))
    _ = table.apply(.link(eth1))
    #expect(table.apply(.linkRemoved(index: 2)) == .removed(index: 2))
    #expect(table.endDump() == [])
    #expect(table.interfaces == [eth1])
  }
}
