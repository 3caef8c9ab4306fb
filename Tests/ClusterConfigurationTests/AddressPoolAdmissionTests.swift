import ClusterConfiguration
import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import Testing

@Suite struct AddressPoolAdmissionTests {
  private static func pool(
    _ name: String, _ addresses: [String], created seconds: Int64 = 0, protocol: String = "layer2",
    advertisements: [AddressPool.BGPAdvertisement]? = nil
  ) -> AddressPool {
    var spec = AddressPool.Spec(protocol: `protocol`, addresses: addresses)
    spec.bgpAdvertisements = advertisements
    return AddressPool(
      metadata: ObjectMeta(
        name: name, namespace: "metallb-system", creationTimestamp: Timestamp(seconds: seconds)),
      spec: spec)
  }

  private static func current(
    _ name: String, _ addresses: [String], created seconds: Int64 = 0
  ) -> IPAddressPool {
    IPAddressPool(
      metadata: ObjectMeta(
        name: name, namespace: "metallb-system", creationTimestamp: Timestamp(seconds: seconds)),
      spec: .init(addresses: addresses))
  }

  private static func rendered(_ pools: AddressPool...) throws -> [LegacyPool] {
    try pools.map { try LegacyPool($0) }
  }

  /// `name: addresses in the ConfigMap` or `name: -`, and the reason for a fault.
  private static func outcome(_ admission: AddressPoolAdmission) -> [String] {
    admission.verdicts.map { verdict in
      let entry = verdict.entry?.addresses.joined(separator: ",") ?? "-"
      let fault = verdict.fault.map { " \($0.reason.rawValue)" } ?? ""
      return "\(verdict.pool.metadata.name): \(entry)\(fault)"
    }
  }

  @Test func `Takes pools that get along, sorted by name`() {
    let admission = AddressPoolAdmission(
      pools: [
        Self.pool("c", ["10.0.2.0/24"]), Self.pool("a", ["10.0.0.1-10.0.0.9", "2001:db8::/64"]),
        Self.pool("b", ["10.0.1.5"]),
      ], ipAddressPools: [Self.current("d", ["10.0.3.0/24"])], rendered: [])
    #expect(
      Self.outcome(admission) == [
        "a: 10.0.0.1-10.0.0.9,2001:db8::/64", "b: 10.0.1.5", "c: 10.0.2.0/24",
      ])
    #expect(admission.document.pools.map(\.name) == ["a", "b", "c"])
  }

  @Test func `Of two new pools that overlap the older one is taken`() throws {
    let admission = AddressPoolAdmission(
      pools: [
        Self.pool("a", ["10.0.0.0/24"], created: 2),
        Self.pool("b", ["10.0.0.128-10.0.1.5"], created: 1),
      ], ipAddressPools: [], rendered: [])
    #expect(
      Self.outcome(admission) == ["a: - OverlappingAddresses", "b: 10.0.0.128-10.0.1.5"])
    let fault = try #require(admission.verdicts[0].fault)
    #expect(
      fault.description == """
        spec.addresses[0]: 10.0.0.0/24 overlaps 10.0.0.128-10.0.1.5 of AddressPool \
        metallb-system/b: remove the addresses from one of them
        """)
  }

  @Test func `A new pool yields to an IPAddressPool, also to a younger one`() {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["10.0.0.0/24"], created: 1)],
      ipAddressPools: [Self.current("b", ["10.0.0.0/16"], created: 2)], rendered: [])
    #expect(Self.outcome(admission) == ["a: - OverlappingAddresses"])
  }

  @Test func `A pool in the ConfigMap does not yield to an IPAddressPool`() throws {
    let pool = Self.pool("a", ["10.0.0.0/24"], created: 3)
    let admission = AddressPoolAdmission(
      pools: [pool], ipAddressPools: [Self.current("b", ["10.0.0.0/16"], created: 2)],
      rendered: try Self.rendered(pool))
    #expect(Self.outcome(admission) == ["a: 10.0.0.0/24"])
  }

  @Test func `Names are shared with IPAddressPools`() {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["10.0.0.0/24"])],
      ipAddressPools: [Self.current("a", ["10.0.1.0/24"])], rendered: [])
    #expect(Self.outcome(admission) == ["a: - DuplicateName"])
  }

  @Test func `A broken IPAddressPool stands in nobody's way`() {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["10.0.0.0/24"])],
      ipAddressPools: [Self.current("b", ["10.0.0.0/24", "x"])], rendered: [])
    #expect(Self.outcome(admission) == ["a: 10.0.0.0/24"])
  }

  @Test(arguments: [
    (["10.0.0.256"], "InvalidAddress"), (["10.0.0.9-10.0.0.1"], "InvalidAddress"),
    (["10.0.0.0/24", "10.0.0.5"], "OverlappingAddresses"), ([], "NoAddresses"),
  ])
  func `An edit that breaks a pool keeps its last version`(
    addresses: [String], reason: String
  ) throws {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", addresses), Self.pool("b", ["10.0.1.0/24"])], ipAddressPools: [],
      rendered: try Self.rendered(Self.pool("a", ["10.0.0.0/28"])))
    #expect(Self.outcome(admission) == ["a: 10.0.0.0/28 \(reason)", "b: 10.0.1.0/24"])
  }

  @Test func `A pool that never was valid is left out`() {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["x"]), Self.pool("b", ["10.0.1.0/24"])], ipAddressPools: [],
      rendered: [])
    #expect(Self.outcome(admission) == ["a: - InvalidAddress", "b: 10.0.1.0/24"])
  }

  @Test func `An edit into the addresses of others keeps the last version of the edited pool`()
    throws
  {
    let b = Self.pool("b", ["10.0.1.0/24"], created: 5)
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["10.0.0.0/16"], created: 1), b],
      ipAddressPools: [Self.current("c", ["10.0.2.0/24"], created: 6)],
      rendered: try Self.rendered(Self.pool("a", ["10.0.0.0/24"]), b))
    #expect(Self.outcome(admission) == ["a: 10.0.0.0/24 OverlappingAddresses", "b: 10.0.1.0/24"])
  }

  @Test func `Two pools may exchange their addresses`() throws {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("a", ["10.0.1.0/24"]), Self.pool("b", ["10.0.0.0/24"])],
      ipAddressPools: [],
      rendered: try Self.rendered(
        Self.pool("a", ["10.0.0.0/24"]), Self.pool("b", ["10.0.1.0/24"])))
    #expect(Self.outcome(admission) == ["a: 10.0.1.0/24", "b: 10.0.0.0/24"])
  }

  @Test func `Addresses of a deleted pool are free`() throws {
    let admission = AddressPoolAdmission(
      pools: [Self.pool("b", ["10.0.0.0/24"])], ipAddressPools: [],
      rendered: try Self.rendered(Self.pool("a", ["10.0.0.0/24"])))
    #expect(Self.outcome(admission) == ["b: 10.0.0.0/24"])
  }

  @Test func `What was rendered reads as unchanged`() throws {
    var advertisement = AddressPool.BGPAdvertisement()
    advertisement.aggregationLength = 32
    advertisement.aggregationLengthV6 = 128
    advertisement.localPref = 0
    advertisement.communities = ["64512:7"]
    let pool = Self.pool(
      "a", ["10.0.0.0/24"], created: 9, protocol: "bgp", advertisements: [advertisement])
    let first = AddressPoolAdmission(pools: [pool], ipAddressPools: [], rendered: [])
    let reading = LegacyDocument.read(try first.document.yamlText())
    #expect(reading.problems.isEmpty)
    let again = AddressPoolAdmission(
      pools: [pool], ipAddressPools: [Self.current("b", ["10.0.0.0/8"], created: 1)],
      rendered: reading.document.pools)
    #expect(Self.outcome(again) == ["a: 10.0.0.0/24"])
  }

  struct Advertised: CustomTestStringConvertible {
    var addresses = ["10.0.0.0/24", "10.0.1.0/28", "2001:db8::/112"]
    var `protocol` = "bgp"
    var entries: [AddressPool.BGPAdvertisement]
    var field: String?
    var testDescription: String { field ?? "valid" }

    static func entry(
      _ length: Int32? = nil, v6: Int32? = nil, localPref: UInt32? = nil,
      communities: [String]? = nil
    ) -> AddressPool.BGPAdvertisement {
      var entry = AddressPool.BGPAdvertisement()
      entry.aggregationLength = length
      entry.aggregationLengthV6 = v6
      entry.localPref = localPref
      entry.communities = communities
      return entry
    }
  }

  @Test(arguments: [
    Advertised(entries: []),
    Advertised(entries: [Advertised.entry()]),
    Advertised(entries: [
      Advertised.entry(24, v6: 112, localPref: 100), Advertised.entry(32, communities: ["0:65535"]),
    ]),
    // The length for a family without addresses says nothing.
    Advertised(addresses: ["10.0.0.0/24"], entries: [Advertised.entry(v6: 1)]),
    Advertised(
      entries: [Advertised.entry(23)], field: "spec.bgpAdvertisements[0].aggregationLength"),
    Advertised(
      entries: [Advertised.entry(33)], field: "spec.bgpAdvertisements[0].aggregationLength"),
    Advertised(
      entries: [Advertised.entry(v6: 111)], field: "spec.bgpAdvertisements[0].aggregationLengthV6"),
    Advertised(
      entries: [Advertised.entry(v6: 129)], field: "spec.bgpAdvertisements[0].aggregationLengthV6"),
    Advertised(
      addresses: ["10.0.0.1-10.0.0.6"], entries: [Advertised.entry(31)], field: nil),
    Advertised(
      addresses: ["10.0.0.1-10.0.0.6"], entries: [Advertised.entry(30)],
      field: "spec.bgpAdvertisements[0].aggregationLength"),
    Advertised(
      entries: [Advertised.entry(), Advertised.entry(32, v6: 128, localPref: 0)],
      field: "spec.bgpAdvertisements[1]"),
    Advertised(
      entries: [Advertised.entry(communities: ["1:2", "1:65536"])],
      field: "spec.bgpAdvertisements[0].communities[1]"),
    Advertised(
      entries: [Advertised.entry(communities: ["1:2", "1:2"])],
      field: "spec.bgpAdvertisements[0].communities[1]"),
    Advertised(
      entries: [Advertised.entry(communities: ["1:2:3"])],
      field: "spec.bgpAdvertisements[0].communities[0]"),
    Advertised(
      protocol: "layer2", entries: [Advertised.entry()], field: "spec.bgpAdvertisements"),
  ])
  func `Checks advertisements`(fixture: Advertised) {
    let admission = AddressPoolAdmission(
      pools: [
        Self.pool(
          "a", fixture.addresses, protocol: fixture.protocol, advertisements: fixture.entries)
      ], ipAddressPools: [], rendered: [])
    #expect(admission.verdicts.first?.fault?.field == fixture.field)
    if fixture.field != nil {
      #expect(admission.verdicts.first?.fault?.reason == .invalidAdvertisement)
    }
  }
}
