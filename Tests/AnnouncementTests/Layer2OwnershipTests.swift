import Announcement
import ClusterConfiguration
import KubernetesAPI
import Layer2
import NetworkAddresses
import Testing

/// Node 1, second in the order of an address that node 3 leads.
@Suite struct Layer2OwnershipTests {
  private let start = ContinuousClock.now
  private let key = NamespacedName(namespace: "default", name: "web")
  private let address = IPAddress("192.168.1.240") ?? .v4(.unspecified)
  private let leader = IPAddress("10.0.0.3") ?? .v4(.unspecified)
  private let hardware = MACAddress("02:00:00:00:00:03") ?? .zero

  private func ownership() -> Layer2Ownership {
    var ownership = Layer2Ownership(rules: Layer2Rules(node: "node1"))
    ownership.peers = [leader: "node3"]
    return ownership
  }

  /// What follows when these nodes are members.
  private func look(
    _ ownership: inout Layer2Ownership, members: Set<String>, after time: Duration,
    advertisement: ConfiguredL2Advertisement = .everywhere
  ) -> Layer2Ownership.Change? {
    let nodes = ["node1", "node2", "node3"].map {
      ($0, NodeFacts(labels: ["zone": $0 == "node1" ? "a" : "b"]))
    }
    return ownership.reconcile(
      key, ServiceFacts(key: key, addresses: [address]),
      endpoints: UsableEndpoints(exist: true, nodes: []),
      configuration: ValidatedConfiguration(pools: [
        ConfiguredPool(
          name: "gold", source: .object,
          ranges: ["192.168.1.0/24"].compactMap { AddressRange($0) },
          l2Advertisements: [advertisement])
      ]), cluster: ClusterView(nodes: Dictionary(uniqueKeysWithValues: nodes), members: members),
      interfaces: ["eth0"], now: start + time)
  }

  private func hear(_ ownership: inout Layer2Ownership, after time: Duration) {
    _ = ownership.handle(
      .claimed(
        AddressClaim(
          address: address, hardwareAddress: hardware, interface: "eth0", peer: leader,
          stage: .announcing)), now: start + time)
  }

  @Test func `Yields to a node that is heard before it is known to live`() throws {
    var ownership = ownership()
    let alone = try #require(look(&ownership, members: ["node1"], after: .zero))
    #expect(alone.commands == [.announce(address, .all, .init())])
    hear(&ownership, after: .seconds(1))
    let yielded = try #require(look(&ownership, members: ["node1"], after: .seconds(1)))
    #expect(yielded.commands == [.watch(address, .all)])
    let silence = try #require(look(&ownership, members: ["node1"], after: .seconds(5)))
    #expect(silence.commands == [.announce(address, .all, .init())])
  }

  @Test func `Takes over at once from a member that goes, though it was heard a moment ago`() throws
  {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1"], after: .zero)
    hear(&ownership, after: .seconds(1))
    let joined = try #require(look(&ownership, members: ["node1", "node3"], after: .seconds(1)))
    #expect(joined.outcome == .withheld(.otherNodeLeads("node3")))
    hear(&ownership, after: .seconds(2))
    let left = try #require(look(&ownership, members: ["node1"], after: .seconds(2)))
    #expect(left.commands == [.announce(address, .all, .init())])
    // It answers all the same: it was only cut off.
    hear(&ownership, after: .seconds(3))
    let back = try #require(look(&ownership, members: ["node1"], after: .seconds(3)))
    #expect(back.commands == [.watch(address, .all)])
  }

  @Test func `Has left when every address that it leaves has another owner, and not before`() throws
  {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1"], after: .zero)
    // An address of earlier days found its next owner.
    _ = ownership.handle(.handedOver(leader, to: hardware), now: start)
    #expect(!ownership.hasLeft)
    let commands = ownership.leave(within: .seconds(2))
    #expect(commands == [.handOver(address, within: .seconds(2))])
    #expect(!ownership.hasLeft)
    _ = ownership.handle(.handedOver(address, to: hardware), now: start + .seconds(1))
    #expect(ownership.hasLeft)
    #expect(look(&ownership, members: ["node1"], after: .seconds(1)) == nil)
  }

  @Test func `Hands over when no advertisement selects the node any more, and another one leads`()
    throws
  {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1", "node2"], after: .zero)
    let moved = try #require(
      look(
        &ownership, members: ["node1", "node2"], after: .seconds(1), advertisement: .on(zone: "b")))
    #expect(moved.outcome == .withheld(.noMatchingAdvertisement(leader: "node2")))
    #expect(moved.commands == [.handOver(address, within: Layer2Ownership.handover)])
    _ = look(&ownership, members: ["node1", "node2"], after: .seconds(2))
    let silenced = try #require(
      look(
        &ownership, members: ["node1", "node2"], after: .seconds(3), advertisement: .on(zone: "c")))
    #expect(silenced.commands == [.withdraw(address)])
  }
}
