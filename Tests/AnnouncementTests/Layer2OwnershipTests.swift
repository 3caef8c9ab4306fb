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
  private let other = IPAddress("192.168.1.241") ?? .v4(.unspecified)
  private let six = IPAddress("fd98::1") ?? .v4(.unspecified)
  private let hardware = MACAddress("02:00:00:00:00:03") ?? .zero

  private func ownership() -> Layer2Ownership {
    Layer2Ownership(rules: Layer2Rules(node: "node1"))
  }

  /// What follows when these nodes are members.
  private func look(
    _ ownership: inout Layer2Ownership, members: Set<String>, after time: Duration,
    service: ServiceFacts? = nil, advertisement: ConfiguredL2Advertisement = .everywhere,
    interfaces: LocalInterfaces = LocalInterfaces(["eth0": .answers([.ipv4])])
  ) -> Layer2Ownership.Change? {
    let nodes = ["node1", "node2", "node3"].map {
      ($0, NodeFacts(labels: ["zone": $0 == "node1" ? "a" : "b"]))
    }
    return ownership.reconcile(
      service?.key ?? key, service ?? ServiceFacts(key: key, addresses: [address]),
      endpoints: UsableEndpoints(exist: true, nodes: []),
      configuration: ValidatedConfiguration(pools: [
        ConfiguredPool(
          name: "gold", source: .object,
          ranges: ["192.168.1.0/24", "fd98::/64"].compactMap { AddressRange($0) },
          l2Advertisements: [advertisement])
      ]), cluster: ClusterView(nodes: Dictionary(uniqueKeysWithValues: nodes), members: members),
      interfaces: interfaces, now: start + time)
  }

  @discardableResult
  private func hear(
    _ ownership: inout Layer2Ownership, after time: Duration
  ) -> Layer2Ownership.Consequence {
    ownership.handle(
      .claimed(
        AddressClaim(
          address: address, hardwareAddress: hardware, interface: "eth0", peer: "node3",
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

  @Test func `Waits for no word of an owner that has told the network already`() throws {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1"], after: .zero)
    // Back from a pause, it speaks before its membership has spread.
    hear(&ownership, after: .seconds(4))
    let back = try #require(look(&ownership, members: ["node1", "node3"], after: .seconds(4)))
    #expect(back.commands == [.withdraw(address)])
  }

  @Test func `Each time that it hands over it waits for a word of then`() throws {
    var ownership = ownership()
    let members: Set = ["node1", "node3"]
    for turn in 0..<2 {
      let time = Duration.milliseconds(turn * 500)
      _ = look(&ownership, members: members, after: time, advertisement: .on(zone: "a"))
      let moved = try #require(
        look(&ownership, members: members, after: time, advertisement: .on(zone: "b")))
      #expect(moved.commands == [.handOver(address, within: Layer2Ownership.handover)])
      // The word came in the moment in which the wait began, and the link reported it before.
      #expect(hear(&ownership, after: time).commands == [.withdraw(address)])
    }
  }

  @Test func `Has left when every address that it leaves has another owner, and not before`() throws
  {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1"], after: .zero)
    // An address of earlier days found its next owner.
    _ = ownership.handle(.handedOver(other, to: hardware), now: start)
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

  // MARK: Edits of what is announced

  @Test func `Another interval reaches an address that is announced, and is the shortest wanted`()
    throws
  {
    var ownership = ownership()
    _ = look(&ownership, members: ["node1"], after: .zero)
    var advertisement = ConfiguredL2Advertisement.everywhere
    advertisement.refreshInterval = .seconds(60)
    let edited = try #require(
      look(&ownership, members: ["node1"], after: .seconds(1), advertisement: advertisement))
    #expect(
      edited.commands == [.announce(address, .all, .init(refreshInterval: .seconds(60)))])
    #expect(edited.addresses == [address])
    // A second Service shares the address; the first looks again with another interval.
    advertisement.refreshInterval = .seconds(30)
    let second = ServiceFacts(
      key: NamespacedName(namespace: "default", name: "zweb"), addresses: [address])
    let joined = try #require(
      look(
        &ownership, members: ["node1"], after: .seconds(2), service: second,
        advertisement: advertisement))
    #expect(
      joined.commands == [.announce(address, .all, .init(refreshInterval: .seconds(30)))])
    let same = try #require(
      look(&ownership, members: ["node1"], after: .seconds(3), advertisement: advertisement))
    #expect(same.commands.isEmpty)
  }

  @Test func `Who no longer wants an address to be probed has it announced at once`() throws {
    var ownership = ownership()
    ownership.noteAddresses(from: [], to: [address], now: start)
    let probing = try #require(look(&ownership, members: ["node1"], after: .zero))
    #expect(probing.commands == [.announce(address, .all, .init(probesFirst: true))])
    #expect(probing.addresses.isEmpty)
    // Another edit does not end it.
    var advertisement = ConfiguredL2Advertisement.everywhere
    advertisement.refreshInterval = .seconds(60)
    let slower = try #require(
      look(&ownership, members: ["node1"], after: .zero, advertisement: advertisement))
    #expect(
      slower.commands
        == [.announce(address, .all, .init(probesFirst: true, refreshInterval: .seconds(60)))])
    advertisement.detectsDuplicates = false
    let edited = try #require(
      look(&ownership, members: ["node1"], after: .zero, advertisement: advertisement))
    #expect(
      edited.commands
        == [.announce(address, .all, .init(probesFirst: false, refreshInterval: .seconds(60)))])
    let consequence = ownership.handle(.announcedAfterProbing(address), now: start)
    #expect(consequence.services == [key])
    let announced = try #require(
      look(&ownership, members: ["node1"], after: .zero, advertisement: advertisement))
    #expect(announced.addresses == [address])
  }

  // MARK: Interfaces

  @Test(
    arguments: [
      ([:], "it has no interface to announce on"),
      (
        ["eth0": .unusable(.hasMaster, master: "br0")],
        "no interface can be used: eth0 is a port of br0"
      ),
      (
        ["eth0": .unusable(.hasMaster, master: "bond0"), "eth1": .unusable(.isDown, master: nil)],
        "no interface can be used: eth0 is a port of bond0, eth1 is down"
      ),
      (["tun0": .answers([.ipv6])], "no interface has broadcast, which ARP needs"),
    ] as [([String: LocalInterfaces.Ability], String)])
  func `Does not claim to announce where no interface can answer`(
    abilities: [String: LocalInterfaces.Ability], reason: String
  ) throws {
    var ownership = ownership()
    let change = try #require(
      look(
        &ownership, members: ["node1"], after: .zero, interfaces: LocalInterfaces(abilities)))
    guard case .interfacesMissing(let shortage) = change.outcome else {
      Issue.record("\(change.outcome)")
      return
    }
    #expect("\(shortage)" == reason)
    #expect(shortage.addresses == [address])
    #expect(change.commands.isEmpty && change.addresses.isEmpty)
    let able = try #require(look(&ownership, members: ["node1"], after: .zero))
    #expect(able.commands == [.announce(address, .all, .init())])
    let lost = try #require(
      look(&ownership, members: ["node1"], after: .zero, interfaces: LocalInterfaces(abilities)))
    #expect(lost.commands == [.withdraw(address)])
  }

  @Test func `Announces the addresses of the family that it can answer for, and says the rest`()
    throws
  {
    var ownership = ownership()
    let service = ServiceFacts(key: key, addresses: [address, six])
    let change = try #require(
      look(&ownership, members: ["node1"], after: .zero, service: service))
    #expect(change.commands == [.announce(address, .all, .init())])
    #expect(change.addresses == [address])
    let shortage = try #require(change.outcome.announcement?.shortage)
    #expect(shortage.addresses == [six])
    #expect("\(shortage)" == "no interface has a link-local IPv6 address")
    // It gets one.
    let both = try #require(
      look(
        &ownership, members: ["node1"], after: .zero, service: service,
        interfaces: LocalInterfaces(["eth0": .answers([.ipv4, .ipv6])])))
    #expect(both.commands == [.announce(six, .all, .init())])
    #expect(both.addresses == [address, six])
  }

  @Test(arguments: [
    (["eth8", "eth9"], "it has none of the interfaces eth8, eth9"),
    (["eth9"], "it has no interface eth9"),
    (["port", "eth9"], "it has no interface eth9, port is a port of br0"),
    (["port", "noarp"], "noarp has no address resolution (NOARP), port is a port of br0"),
    (["tun0"], "tun0 has no broadcast, which ARP needs"),
  ])
  func `Says of each interface that is named why it is not used`(names: [String], reason: String)
    throws
  {
    var ownership = ownership()
    let change = try #require(
      look(
        &ownership, members: ["node1"], after: .zero, advertisement: .on(interfaces: names),
        interfaces: LocalInterfaces([
          "eth0": .answers([.ipv4, .ipv6]), "port": .unusable(.hasMaster, master: "br0"),
          "noarp": .unusable(.hasNoAddressResolution, master: nil), "tun0": .answers([.ipv6]),
        ])))
    guard case .interfacesMissing(let shortage) = change.outcome else {
      Issue.record("\(change.outcome)")
      return
    }
    #expect("\(shortage)" == reason)
  }
}
