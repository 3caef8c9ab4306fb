import IPAllocation
import NetworkAddresses
import Testing

/// A pool from pool notation.
func pool(
  _ name: String, _ addresses: String..., autoAssign: Bool = true, avoidBuggyIPs: Bool = false,
  allocation: ServiceAllocation? = nil
) -> Pool {
  Pool(
    name: name, blocks: addresses.flatMap { AddressRange($0)?.blocks ?? [] },
    autoAssign: autoAssign, avoidBuggyIPs: avoidBuggyIPs, serviceAllocation: allocation)
}

/// A request of `ns/name`.
func request(
  _ name: String, in namespace: String = "ns", labels: [String: String] = [:],
  _ families: FamilyDemand = .single(.ipv4), ports: [UInt16] = [80], sharing: String = "",
  backend: String = "", addresses: [String] = [], pool: String? = nil
) -> ServiceRequest {
  ServiceRequest(
    service: ServiceKey(namespace: namespace, name: name), labels: labels,
    ports: ports.map { ServicePort(.tcp, $0) },
    sharing: SharingIdentity(key: sharing, backend: backend), families: families,
    requestedAddresses: addresses.compactMap { IPAddress($0) }, requestedPool: pool)
}

func addresses(_ texts: String...) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

extension Allocator {
  init(_ pools: Pool...) {
    self.init()
    _ = setPools(pools)
  }

  /// Allocates and returns the addresses as text.
  mutating func give(_ request: ServiceRequest) throws(AllocationError) -> [String] {
    try allocate(request).addresses.map(\.description)
  }
}

@Suite struct AutomaticChoiceTests {
  @Test func `Gives the lowest address of the blocks in the order written`() throws {
    var allocator = Allocator(pool("a", "10.0.1.0/31", "10.0.0.4-10.0.0.6"))
    let given = try (1...5).map { try allocator.give(request("s\($0)")) }
    #expect(given == [["10.0.1.0"], ["10.0.1.1"], ["10.0.0.4"], ["10.0.0.5"], ["10.0.0.6"]])
    #expect(throws: AllocationError.exhausted([.ipv4])) { try allocator.give(request("s6")) }
    allocator.release(request("s2").service)
    #expect(try allocator.give(request("s6")) == ["10.0.1.1"])
  }

  @Test func `Skips .0 and .255 where told to`() throws {
    var allocator = Allocator(pool("a", "10.0.0.254-10.0.1.1", avoidBuggyIPs: true))
    #expect(try allocator.give(request("s1")) == ["10.0.0.254"])
    #expect(try allocator.give(request("s2")) == ["10.0.1.1"])
    #expect(throws: AllocationError.exhausted([.ipv4])) { try allocator.give(request("s3")) }
    #expect(
      throws: AllocationError.avoidedAddress(addresses("10.0.1.0")[0], pool: "a")
    ) { try allocator.give(request("s3", addresses: ["10.0.1.0"])) }
  }

  @Test func `Tries general pools by name`() throws {
    var allocator = Allocator(
      pool("b", "10.0.0.1"), pool("c", "10.0.0.0/32"), pool("a", "10.0.0.2"))
    #expect(try (1...3).map { try allocator.allocate(request("s\($0)")).pool } == ["a", "b", "c"])
  }

  @Test func `Tries pinned pools first, by priority with 0 last, then by name`() throws {
    let pinned = { ServiceAllocation(priority: $0) } as (Int) -> ServiceAllocation
    var allocator = Allocator(
      pool("a-general", "10.0.0.0/32"), pool("b-zero", "10.0.0.1", allocation: pinned(0)),
      pool("d-first", "10.0.0.2", allocation: pinned(1)),
      pool("c-late", "10.0.0.3", allocation: pinned(20)),
      pool("b-late", "10.0.0.4", allocation: pinned(20)))
    let order = try (1...5).map { try allocator.allocate(request("s\($0)")).pool }
    #expect(order == ["d-first", "b-late", "c-late", "b-zero", "a-general"])
  }

  @Test func `Pins pools to namespaces and labels, both at once`() throws {
    let gold = ServiceSelector([.isIn(key: "tier", values: ["gold"])])
    let allocator = Allocator(
      pool("namespace", "10.0.0.1", allocation: ServiceAllocation(namespaces: ["team"])),
      pool(
        "both", "10.0.0.2",
        allocation: ServiceAllocation(priority: 1, namespaces: ["team"], serviceSelectors: [gold])),
      pool(
        "labels", "10.0.0.3", allocation: ServiceAllocation(priority: 2, serviceSelectors: [gold])),
      pool("nobody", "10.0.0.4", allocation: ServiceAllocation(priority: 1, namespaces: [])))
    let first = { (request: ServiceRequest) in
      var copy = allocator
      return try? copy.allocate(request).pool
    }
    #expect(first(request("s", in: "team")) == "namespace")
    #expect(first(request("s", in: "team", labels: ["tier": "gold"])) == "both")
    #expect(first(request("s", in: "other", labels: ["tier": "gold"])) == "labels")
    var copy = allocator
    #expect(throws: AllocationError.noEligiblePool) {
      try copy.allocate(request("s", in: "other", labels: ["tier": "silver"]))
    }
  }

  @Test func `Uses pools without autoAssign only on request`() throws {
    var allocator = Allocator(pool("manual", "10.0.0.0/30", autoAssign: false))
    #expect(throws: AllocationError.noEligiblePool) { try allocator.give(request("s1")) }
    #expect(try allocator.give(request("s1", pool: "manual")) == ["10.0.0.0"])
    #expect(try allocator.give(request("s2", addresses: ["10.0.0.3"])) == ["10.0.0.3"])
  }

  @Test func `Takes both families from one pool and writes them as asked`() throws {
    var allocator = Allocator(
      pool("a4", "10.0.0.0/30"), pool("b6", "2001:db8::/126"),
      pool("c46", "10.0.1.0/30", "2001:db8::1:0/126"))
    #expect(
      try allocator.give(request("s1", .requireDual(first: .ipv4))) == [
        "10.0.1.0", "2001:db8::1:0",
      ])
    #expect(
      try allocator.give(request("s2", .preferDual(first: .ipv6))) == [
        "2001:db8::1:1", "10.0.1.1",
      ])
  }

  @Test func `Prefers a pair, then the primary family, then the other`() throws {
    var allocator = Allocator(pool("a4", "10.0.0.0/32"), pool("b6", "2001:db8::/128"))
    #expect(try allocator.give(request("s1", .preferDual(first: .ipv6))) == ["2001:db8::"])
    #expect(try allocator.give(request("s2", .preferDual(first: .ipv6))) == ["10.0.0.0"])
    #expect(throws: AllocationError.noPoolWithBothFamilies) {
      try allocator.give(request("s3", .requireDual(first: .ipv4)))
    }
  }

  @Test func `Exhausts pinned pools, single family included, before general ones`() throws {
    var allocator = Allocator(
      pool("general", "10.0.0.0/30", "2001:db8::/126"),
      pool("pinned", "10.0.1.0/30", allocation: ServiceAllocation()))
    #expect(try allocator.give(request("s1", .preferDual(first: .ipv4))) == ["10.0.1.0"])
    #expect(try allocator.allocate(request("s2", .requireDual(first: .ipv4))).pool == "general")
  }

  @Test func `Says which family no pool offers`() {
    var allocator = Allocator(pool("a", "10.0.0.0/30"))
    #expect(throws: AllocationError.familiesNotOffered([.ipv6])) {
      try allocator.allocate(request("s", .single(.ipv6)))
    }
    #expect(throws: AllocationError.familiesNotOffered([.ipv6])) {
      try allocator.allocate(request("s", .requireDual(first: .ipv4)))
    }
    var none = Allocator()
    #expect(throws: AllocationError.noEligiblePool) { try none.allocate(request("s")) }
  }
}

@Suite struct RequestTests {
  @Test func `Gives requested addresses and names what is wrong with them`() throws {
    var allocator = Allocator(
      pool("a", "10.0.0.0/30", "2001:db8::/126"), pool("b", "10.0.1.0/30", "2001:db8::1:0/126"))
    #expect(
      try allocator.give(
        request("s1", .requireDual(first: .ipv6), addresses: ["10.0.0.2", "2001:db8::2"]))
        == ["2001:db8::2", "10.0.0.2"])
    let outside = addresses("10.9.9.9")[0]
    #expect(throws: AllocationError.notInAnyPool(outside)) {
      try allocator.give(request("s2", addresses: ["10.9.9.9"]))
    }
    let pair = addresses("10.0.0.1", "2001:db8::1:1")
    #expect(throws: AllocationError.differentPools(pair[0], pool: "a", pair[1], otherPool: "b")) {
      try allocator.give(
        request("s2", .requireDual(first: .ipv4), addresses: ["10.0.0.1", "2001:db8::1:1"]))
    }
    #expect(throws: AllocationError.familyMismatch(addresses: [pair[0]], wanted: [.ipv4, .ipv6])) {
      try allocator.give(request("s2", .preferDual(first: .ipv4), addresses: ["10.0.0.1"]))
    }
    #expect(throws: AllocationError.familyMismatch(addresses: [pair[1]], wanted: [.ipv4])) {
      try allocator.give(request("s2", addresses: ["2001:db8::1:1"]))
    }
    #expect(throws: AllocationError.notInRequestedPool(pair[0], owner: "a", requested: "b")) {
      try allocator.give(request("s2", addresses: ["10.0.0.1"], pool: "b"))
    }
    #expect(throws: AllocationError.unknownPool("z")) {
      try allocator.give(request("s2", addresses: ["10.0.0.1"], pool: "z"))
    }
    #expect(try allocator.give(request("s2", addresses: ["10.0.1.1"], pool: "b")) == ["10.0.1.1"])
  }

  @Test func `Never leaves a requested pool`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/31"), pool("b", "10.0.1.0/30", "2001:db8::/126"))
    #expect(throws: AllocationError.unknownPool("z")) {
      try allocator.give(request("s", pool: "z"))
    }
    #expect(throws: AllocationError.poolLacksFamilies(pool: "a", [.ipv6])) {
      try allocator.give(request("s", .single(.ipv6), pool: "a"))
    }
    #expect(throws: AllocationError.poolLacksFamilies(pool: "a", [.ipv6])) {
      try allocator.give(request("s", .requireDual(first: .ipv4), pool: "a"))
    }
    #expect(try allocator.give(request("s1", .preferDual(first: .ipv6), pool: "a")) == ["10.0.0.0"])
    #expect(try allocator.give(request("s2", pool: "a")) == ["10.0.0.1"])
    #expect(throws: AllocationError.poolExhausted(pool: "a", [.ipv4])) {
      try allocator.give(request("s3", pool: "a"))
    }
  }

  @Test func `Holds requests to the pool's namespaces and labels`() {
    let selector = ServiceSelector([.exists(key: "public")])
    var allocator = Allocator(
      pool("a", "10.0.0.0/30", allocation: ServiceAllocation(namespaces: ["team"])),
      pool("b", "10.0.1.0/30", allocation: ServiceAllocation(serviceSelectors: [selector])))
    let refused = AllocationError.namespaceNotServed(pool: "a", namespace: "ns")
    #expect(throws: refused) { try allocator.give(request("s", pool: "a")) }
    #expect(throws: refused) { try allocator.give(request("s", addresses: ["10.0.0.1"])) }
    #expect(throws: refused) { try allocator.assign(request("s"), to: addresses("10.0.0.1")) }
    #expect(throws: AllocationError.labelsNotSelected(pool: "b")) {
      try allocator.give(request("s", pool: "b"))
    }
  }
}

@Suite struct SharingTests {
  var allocator = Allocator(pool("a", "10.0.0.5-10.0.0.9"))
  let address = addresses("10.0.0.5")[0]

  struct Clash: CustomTestStringConvertible {
    var holder: ServiceRequest
    var asking: ServiceRequest
    var conflict: SharingConflict?
    var testDescription: String { conflict.map { "\($0)" } ?? "shares" }

    static let rows = [
      Clash(
        holder: request("a"), asking: request("b", sharing: "k"), conflict: .holderDoesNotShare),
      Clash(
        holder: request("a", sharing: "k"), asking: request("b", ports: [81]),
        conflict: .requesterDoesNotShare),
      Clash(
        holder: request("a", sharing: "k"), asking: request("b", ports: [81], sharing: "l"),
        conflict: .keyDiffers),
      Clash(
        holder: request("a", sharing: "k", backend: "app=x"),
        asking: request("b", ports: [81], sharing: "k"), conflict: .backendDiffers),
      Clash(
        holder: request("a", ports: [80, 443], sharing: "k"),
        asking: request("b", ports: [81, 443], sharing: "k"),
        conflict: .portTaken(ServicePort(.tcp, 443))),
      Clash(
        holder: request("a", sharing: "k", backend: "app=x"),
        asking: request("b", ports: [81], sharing: "k", backend: "app=x"), conflict: nil),
    ]
  }

  @Test(arguments: Clash.rows)
  mutating func `Names the holder and the clash`(row: Clash) throws {
    try allocator.assign(row.holder, to: [address])
    var asking = row.asking
    asking.requestedAddresses = [address]
    let error = AllocationError.held
    if let conflict = row.conflict {
      #expect(throws: error(address, row.holder.service, conflict)) {
        try allocator.allocate(asking)
      }
      #expect(throws: error(address, row.holder.service, conflict)) {
        try allocator.assign(asking, to: [address])
      }
    } else {
      #expect(try allocator.allocate(asking).addresses == [address])
      #expect(allocator.services(on: address) == [row.holder.service, asking.service])
    }
  }

  @Test(arguments: Clash.rows)
  mutating func `Of a pool with one address the clash is named without a request for it`(
    row: Clash
  ) throws {
    for name in ["a", nil] {
      var allocator = Allocator(pool("a", "10.0.0.5/32"))
      try allocator.assign(row.holder, to: [address])
      var asking = row.asking
      asking.requestedPool = name
      guard let conflict = row.conflict else {
        #expect(try allocator.allocate(asking).addresses == [address])
        continue
      }
      #expect(throws: AllocationError.held(address, by: row.holder.service, conflict)) {
        try allocator.allocate(asking)
      }
    }
  }

  @Test mutating func `In a full pool the clash with the own sharing key is named`() throws {
    try allocator.assign(request("a", sharing: "k"), to: [address])
    for name in ["b", "c", "d", "e"] { _ = try allocator.give(request(name)) }
    #expect(
      throws: AllocationError.held(
        address, by: request("a").service, .portTaken(ServicePort(.tcp, 80)))
    ) { try allocator.give(request("f", sharing: "k")) }
    #expect(throws: AllocationError.exhausted([.ipv4])) {
      try allocator.give(request("f", sharing: "l"))
    }
  }

  @Test func `Says it in words`() {
    let error = AllocationError.held(
      address, by: ServiceKey(namespace: "ns", name: "a"), .keyDiffers)
    #expect("\(error)" == "10.0.0.5 is held by ns/a, whose sharing key differs")
    #expect(error.reason == .held)
  }

  @Test mutating func `TCP and UDP ports do not clash`() throws {
    try allocator.assign(request("tcp", ports: [53], sharing: "k"), to: [address])
    var udp = request("udp", sharing: "k")
    udp.ports = [ServicePort(.udp, 53)]
    #expect(try allocator.assign(udp, to: [address]).addresses == [address])
  }

  @Test mutating func `Sharing does not attract, but a lower shareable address wins`() throws {
    try allocator.assign(request("a", sharing: "k"), to: addresses("10.0.0.7"))
    // The lowest address is free.
    #expect(try allocator.give(request("b", ports: [81], sharing: "k")) == ["10.0.0.5"])
    try allocator.assign(request("c"), to: addresses("10.0.0.6"))
    // Now .5 may be shared, and is lower than any free address.
    #expect(try allocator.give(request("d", ports: [82], sharing: "k")) == ["10.0.0.5"])
    // Port 81 is taken there; .7 comes before the free .8.
    #expect(try allocator.give(request("e", ports: [81], sharing: "k")) == ["10.0.0.7"])
    #expect(try allocator.give(request("f", ports: [81], sharing: "k")) == ["10.0.0.8"])
  }

  @Test mutating func `The sole holder may change key and ports in place`() throws {
    try allocator.assign(request("a", sharing: "k"), to: [address])
    try allocator.assign(request("a", ports: [81], sharing: "l"), to: [address])
    try allocator.assign(request("b", ports: [80], sharing: "l"), to: [address])
    try allocator.assign(request("a", ports: [82], sharing: "l"), to: [address])
    try allocator.assign(request("c", ports: [81], sharing: "l"), to: [address])
  }

  @Test mutating func `Who changes so that it no longer fits is the one refused`() throws {
    try allocator.assign(request("a", sharing: "k"), to: [address])
    try allocator.assign(request("b", ports: [81], sharing: "k"), to: [address])
    let other = request("a").service
    #expect(throws: AllocationError.held(address, by: other, .requesterDoesNotShare)) {
      try allocator.assign(request("b", ports: [81]), to: [address])
    }
    // Until it is released it keeps what it has, and the other is untouched.
    #expect(allocator.services(on: address) == [other, request("b").service])
    allocator.release(request("b").service)
    #expect(try allocator.give(request("b", ports: [81])) == ["10.0.0.6"])
  }

  @Test mutating func `A shared address counts once and is free after the last release`() throws {
    for (name, port) in [("a", 80), ("b", 81), ("c", 82)] as [(String, UInt16)] {
      try allocator.assign(request(name, ports: [port], sharing: "k"), to: [address])
    }
    #expect(allocator.counters(ofPool: "a")?.ipv4.assigned == 1)
    for name in ["a", "b"] { allocator.release(request(name).service) }
    #expect(allocator.counters(ofPool: "a")?.ipv4.assigned == 1)
    let before = allocator.availability
    allocator.release(request("c").service)
    #expect(allocator.availability > before)
    #expect(allocator.counters(ofPool: "a")?.ipv4.assigned == 0)
    #expect(try allocator.give(request("d")) == ["10.0.0.5"])
  }
}
