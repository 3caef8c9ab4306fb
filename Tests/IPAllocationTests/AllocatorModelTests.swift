import IPAllocation
import NetworkAddresses
import SeededRandomness
import Testing

/// Random operations on the allocator and on the reference, which must agree after each.
@Suite struct AllocatorModelTests {
  @Test(arguments: ModelSeeds.batches)
  func `Agrees with the reference`(batch: Int) throws {
    for seed in ModelSeeds.seeds(ofBatch: batch) {
      do {
        var world = World(seed: seed)
        for _ in 0..<150 { try world.step() }
      } catch {
        Issue.record("METALLB_MODEL_FIRST_SEED=\(seed) METALLB_MODEL_SEEDS=1")
        throw error
      }
    }
  }
}

private struct World {
  var generator: SeededGenerator
  var allocator = Allocator()
  var reference = ReferenceAllocator()
  /// Refused requests, with the availability at which they were refused.
  var refused: [ServiceKey: (request: ServiceRequest, availability: UInt64)] = [:]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &generator) < probability
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }

  mutating func step() throws {
    let request = randomRequest()
    switch number(0...19) {
    case 0:
      let pools = randomPools()
      let lost = allocator.setPools(pools)
      #expect(Set(lost.map(\.service)) == reference.setPools(pools))
    case 1...4:
      allocator.release(request.service)
      reference.release(request.service)
    case 5...7:
      // A restart or an edit: the Service states what it has, perhaps with other ports or labels.
      var addresses = reference.claims[request.service]?.addresses ?? []
      if addresses.isEmpty || chance(0.3) { addresses = randomAddresses() }
      let expected = reference.assign(request, to: addresses)
      let result = try? allocator.assign(request, to: addresses)
      try #require(result?.addresses == expected)
    case 8:
      let expected = reference.extend(request)
      let result = try? allocator.extend(request)
      try #require(result?.addresses == expected)
    default:
      let holdsNothing = reference.claims[request.service] == nil
      let possible = (try? allocator.check(request)) != nil
      let expected = reference.allocate(request)
      do {
        let result = try allocator.allocate(request)
        try #require(result.addresses == expected)
        refused[request.service] = nil
      } catch let error as AllocationError {
        try #require(expected == nil, "\(error)")
        refused[request.service] = (request, allocator.availability)
      }
      if holdsNothing { try #require(possible == (expected != nil)) }
    }
    try checkInvariants()
  }

  func checkInvariants() throws {
    var holders: [IPAddress: [ServiceKey]] = [:]
    for (service, claim) in reference.claims {
      let expected = Allocator.Assignment(
        pool: reference.owner(of: claim.addresses[0])?.name ?? "", addresses: claim.addresses)
      try #require(allocator.assignment(of: service) == expected)
      for address in claim.addresses { holders[address, default: []].append(service) }
    }
    for (address, services) in holders {
      try #require(allocator.services(on: address) == services.sorted())
    }
    for pool in reference.pools {
      var expected = PoolCounters()
      for family in AddressFamily.allCases {
        let all = reference.addresses(of: pool, family)
        let used = all.count { holders[$0] != nil }
        let counters = PoolCounters.Family(
          capacity: Int64(all.count), assigned: Int64(used), available: Int64(all.count - used))
        if family == .ipv4 { expected.ipv4 = counters } else { expected.ipv6 = counters }
      }
      try #require(allocator.counters(ofPool: pool.name) == expected)
    }
    // Who was refused stays refused until something became available.
    for (service, refusal) in refused where refusal.availability == allocator.availability {
      guard reference.claims[service] == nil else { continue }
      #expect(throws: AllocationError.self) { try allocator.check(refusal.request) }
    }
  }

  // MARK: Random inputs

  mutating func randomRequest() -> ServiceRequest {
    let first: AddressFamily = chance(0.5) ? .ipv4 : .ipv6
    let families: FamilyDemand =
      switch number(0...3) {
      case 0: .preferDual(first: first)
      case 1: .requireDual(first: first)
      default: .single(first)
      }
    let ports = (0..<number(1...2)).map { _ in
      ServicePort(chance(0.8) ? .tcp : .udp, UInt16(number(1...4)))
    }
    var request = ServiceRequest(
      service: ServiceKey(namespace: "ns\(number(0...2))", name: "s\(number(0...9))"),
      labels: chance(0.5) ? ["tier": chance(0.5) ? "gold" : "silver"] : [:],
      ports: Array(Set(ports)),
      sharing: SharingIdentity(
        key: ["", "", "a", "b"][number(0...3)], backend: ["", "", "app=x"][number(0...2)]),
      families: families)
    if chance(0.2) { request.requestedAddresses = randomAddresses() }
    if chance(0.2) { request.requestedPool = "pool\(number(0...6))" }
    return request
  }

  mutating func randomAddresses() -> [IPAddress] {
    let ipv4 = IPAddress(family: .ipv4, number: 0x0a00_00f8 + UInt128(number(0...40)))
    let ipv6 = IPAddress(family: .ipv6, number: (0x2001_0db8 << 96) + UInt128(number(0...40)))
    let both = [ipv4, ipv6].compactMap(\.self)
    switch number(0...5) {
    case 0: return both
    case 1: return both.reversed()
    case 2, 3: return Array(both.prefix(1))
    default: return Array(both.suffix(1))
    }
  }

  /// Slices 10.0.0.248-10.0.1.32 and 2001:db8::-2001:db8::28 into disjoint ranges and deals them to pools.
  mutating func randomPools() -> [Pool] {
    var pools: [Pool] = []
    for index in 0..<number(0...6) {
      var pool = Pool(
        name: "pool\(index)", blocks: [], autoAssign: chance(0.8), avoidBuggyIPs: chance(0.4))
      if chance(0.5) {
        pool.serviceAllocation = ServiceAllocation(
          priority: number(0...3) * 10,
          namespaces: chance(0.5) ? Set((0..<number(0...2)).map { "ns\($0)" }) : nil,
          serviceSelectors: chance(0.3)
            ? [ServiceSelector([.isIn(key: "tier", values: ["gold"])])] : [])
      }
      pools.append(pool)
    }
    guard !pools.isEmpty else { return [] }
    for base in [
      IPAddress(family: .ipv4, number: 0x0a00_00f8),
      IPAddress(family: .ipv6, number: 0x2001_0db8 << 96),
    ] {
      var offset: UInt128 = 0
      while offset < 40 {
        let size = UInt128(number(1...6))
        if let first = base?.advanced(by: offset), let last = base?.advanced(by: offset + size - 1),
          let range = AddressRange(first, last), chance(0.8)
        {
          pools[number(0...pools.count - 1)].blocks += range.blocks
        }
        offset += size
      }
    }
    for index in pools.indices { pools[index].blocks.shuffle(using: &generator) }
    return pools.shuffled(using: &generator)
  }
}
