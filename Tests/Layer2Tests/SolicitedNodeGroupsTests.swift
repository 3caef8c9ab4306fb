import Layer2
import NetworkAddresses
import Testing

@Suite struct SolicitedNodeGroupsTests {
  private let start = ContinuousClock.now

  private func interface(_ index: Int32, linkLocal: Bool = true) throws -> ResponderInterface {
    ResponderInterface(
      index: index, name: "eth\(index)", hardwareAddress: mac(UInt8(index)),
      linkLocalAddress: linkLocal ? try ipv6("fe80::\(index)") : nil)
  }

  private func membership(_ group: String, _ index: Int32) throws -> SolicitedNodeGroups.Membership
  {
    .init(group: try ipv6(group), interface: index)
  }

  @Test func `Addresses that share a group join it once and leave it with the last`() throws {
    var responder = Layer2Responder()
    responder.update(try interface(1), now: start)
    responder.announce(try address("fd98::12:3456"), on: .all, now: start)
    responder.announce(try address("fd99::12:3456"), on: .all, now: start)
    responder.announce(try address("10.0.0.1"), on: .all, now: start)
    #expect(responder.takeGroupChanges() == [.join(try membership("ff02::1:ff12:3456", 1))])
    responder.withdraw(try address("fd98::12:3456"))
    #expect(responder.takeGroupChanges() == [])
    responder.withdraw(try address("fd99::12:3456"))
    #expect(responder.takeGroupChanges() == [.leave(try membership("ff02::1:ff12:3456", 1))])
  }

  @Test func `A late interface joins, and so does one that gets its link-local address late`()
    throws
  {
    var responder = Layer2Responder()
    responder.announce(try address("fd98::1"), on: .named(["eth1", "eth2"]), now: start)
    responder.update(try interface(1), now: start)
    responder.update(try interface(2, linkLocal: false), now: start)
    responder.update(try interface(3), now: start)
    #expect(responder.takeGroupChanges() == [.join(try membership("ff02::1:ff00:1", 1))])
    responder.update(try interface(2), now: start)
    #expect(responder.takeGroupChanges() == [.join(try membership("ff02::1:ff00:1", 2))])
    responder.removeInterface(1)
    responder.update(try interface(2, linkLocal: false), now: start)
    #expect(
      responder.takeGroupChanges() == [
        .leave(try membership("ff02::1:ff00:1", 1)), .leave(try membership("ff02::1:ff00:1", 2)),
      ])
  }
}
