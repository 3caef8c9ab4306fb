import IPAllocation
import NetworkAddresses
import Testing

@Suite struct PoolChangeTests {
  @Test func `Ends claims that no pool covers, and only those`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/30"), pool("b", "10.0.1.0/30", "2001:db8::/126"))
    try allocator.assign(request("kept"), to: addresses("10.0.0.0"))
    try allocator.assign(request("gone"), to: addresses("10.0.0.3"))
    try allocator.assign(request("moved"), to: addresses("10.0.1.1"))
    try allocator.assign(
      request("half", .requireDual(first: .ipv4)), to: addresses("10.0.1.2", "2001:db8::1"))
    try allocator.assign(
      request("split", .requireDual(first: .ipv4)), to: addresses("10.0.1.3", "2001:db8::2"))
    let lost = allocator.setPools([
      pool("a", "10.0.0.0/31"), pool("c", "10.0.1.0/30"), pool("d", "2001:db8::2-2001:db8::3"),
    ])
    let gone = addresses("10.0.0.3")
    let half = addresses("10.0.1.2", "2001:db8::1")
    let split = addresses("10.0.1.3", "2001:db8::2")
    #expect(
      lost == [
        Allocator.Loss(
          service: request("gone").service, addresses: gone, cause: .notInAnyPool(gone[0])),
        Allocator.Loss(
          service: request("half").service, addresses: half, cause: .notInAnyPool(half[1])),
        Allocator.Loss(
          service: request("split").service, addresses: split,
          cause: .differentPools(split[0], pool: "c", split[1], otherPool: "d")),
      ])
    #expect(allocator.assignment(of: request("kept").service)?.pool == "a")
    #expect(allocator.assignment(of: request("moved").service)?.pool == "c")
    #expect(allocator.assignment(of: request("gone").service) == nil)
    #expect(allocator.counters(ofPool: "c")?.ipv4.assigned == 1)
    #expect(try allocator.give(request("new", pool: "c")) == ["10.0.1.0"])
  }

  @Test func `Turning avoidBuggyIPs on ends what it avoids`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/24"))
    try allocator.assign(request("s"), to: addresses("10.0.0.255"))
    let lost = allocator.setPools([pool("a", "10.0.0.0/24", avoidBuggyIPs: true)])
    #expect(lost.map(\.cause) == [.avoidedAddress(addresses("10.0.0.255")[0], pool: "a")])
  }

  @Test func `Turning autoAssign off, or pinning elsewhere, keeps claims`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/24"))
    try allocator.assign(request("s"), to: addresses("10.0.0.1"))
    #expect(allocator.setPools([pool("a", "10.0.0.0/24", autoAssign: false)]).isEmpty)
    try allocator.assign(request("s"), to: addresses("10.0.0.1"))
    let pinned = ServiceAllocation(namespaces: ["team"])
    #expect(allocator.setPools([pool("a", "10.0.0.0/24", allocation: pinned)]).isEmpty)
    // The Service finds out when it is looked at next.
    #expect(throws: AllocationError.namespaceNotServed(pool: "a", namespace: "ns")) {
      try allocator.assign(request("s"), to: addresses("10.0.0.1"))
    }
  }

  @Test func `An address has one owner even where blocks overlap`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/30", "10.0.0.0/31"), pool("b", "10.0.0.0/30"))
    let given = try (1...4).map { try allocator.give(request("s\($0)"))[0] }
    #expect(given == ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"])
    #expect(throws: AllocationError.exhausted([.ipv4])) { try allocator.give(request("s5")) }
  }
}

@Suite struct AssignmentTests {
  @Test func `Adopts what Services have and keeps its order`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/30", "2001:db8::/126"))
    let existing = addresses("2001:db8::1", "10.0.0.1")
    let assignment = try allocator.assign(request("s", .requireDual(first: .ipv4)), to: existing)
    #expect(assignment == Allocator.Assignment(pool: "a", addresses: existing))
    #expect(allocator.pool(of: existing[0]) == "a")
    #expect(allocator.services(on: existing[1]) == [request("s").service])
  }

  @Test(arguments: [[], ["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "2001:db8::1", "10.0.0.2"]])
  func `Refuses addresses that no Service can have together`(texts: [String]) {
    var allocator = Allocator(pool("a", "10.0.0.0/30", "2001:db8::/126"))
    let existing = texts.compactMap { IPAddress($0) }
    #expect(throws: AllocationError.familyMismatch(addresses: existing, wanted: [.ipv4])) {
      try allocator.assign(request("s"), to: existing)
    }
  }

  @Test func `A failed change leaves the earlier claim`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/31"))
    try allocator.assign(request("a"), to: addresses("10.0.0.0"))
    try allocator.assign(request("b"), to: addresses("10.0.0.1"))
    #expect(throws: AllocationError.self) {
      try allocator.assign(request("b"), to: addresses("10.0.0.0"))
    }
    #expect(throws: AllocationError.self) {
      try allocator.allocate(request("b", addresses: ["10.0.0.0"]))
    }
    #expect(allocator.assignment(of: request("b").service)?.addresses == addresses("10.0.0.1"))
    #expect(allocator.counters(ofPool: "a")?.ipv4.available == 0)
  }

  @Test func `Allocating again may give the same address`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/32"))
    #expect(try allocator.give(request("s")) == ["10.0.0.0"])
    #expect(try allocator.give(request("s")) == ["10.0.0.0"])
    #expect(allocator.counters(ofPool: "a")?.ipv4.assigned == 1)
  }

  @Test func `Adds the second family behind the first, from the same pool`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/30"), pool("b", "10.0.1.0/30", "2001:db8::/128"))
    let dual = request("s", .preferDual(first: .ipv6))
    #expect(throws: AllocationError.nothingToExtend) { try allocator.extend(dual) }
    try allocator.assign(dual, to: addresses("10.0.0.1"))
    #expect(throws: AllocationError.poolLacksFamilies(pool: "a", [.ipv6])) {
      try allocator.extend(dual)
    }
    try allocator.assign(dual, to: addresses("10.0.1.1"))
    #expect(try allocator.extend(dual).addresses == addresses("10.0.1.1", "2001:db8::"))
    #expect(throws: AllocationError.nothingToExtend) { try allocator.extend(dual) }
    try allocator.assign(request("t"), to: addresses("10.0.1.2"))
    let holder = AllocationError.held(
      addresses("2001:db8::")[0], by: request("s").service, .holderDoesNotShare)
    #expect(throws: holder) {
      try allocator.extend(request("t", .preferDual(first: .ipv4)))
    }
  }

  @Test func `Availability grows with every release and every given-up port`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/31"))
    let grows = { (change: (inout Allocator) throws -> Void) in
      let before = allocator.availability
      try change(&allocator)
      return allocator.availability > before
    }
    #expect(try !grows { try $0.assign(request("a", sharing: "k"), to: addresses("10.0.0.0")) })
    #expect(try !grows { try $0.assign(request("a", sharing: "k"), to: addresses("10.0.0.0")) })
    #expect(
      try grows {
        try $0.assign(request("a", ports: [81], sharing: "k"), to: addresses("10.0.0.0"))
      })
    #expect(try grows { try $0.assign(request("a"), to: addresses("10.0.0.1")) })
    #expect(try grows { $0.release(request("a").service) })
    #expect(try !grows { $0.release(request("a").service) })
    #expect(try grows { _ = $0.setPools([]) })
  }
}

@Suite struct CounterTests {
  struct Capacity: CustomTestStringConvertible {
    var entries: [String]
    var avoid = false
    var ipv4: Int64 = 0
    var ipv6: Int64 = 0
    var testDescription: String { entries.joined(separator: ",") + (avoid ? " avoiding" : "") }

    static let rows = [
      Capacity(entries: ["10.0.0.0/24"], ipv4: 256),
      Capacity(entries: ["10.0.0.0/24"], avoid: true, ipv4: 254),
      Capacity(entries: ["10.0.0.0/22"], avoid: true, ipv4: 1_016),
      Capacity(entries: ["10.0.0.0/25", "10.0.1.128/25"], avoid: true, ipv4: 254),
      Capacity(entries: ["10.0.0.64/26"], avoid: true, ipv4: 64),
      Capacity(entries: ["10.0.0.0/32", "10.0.0.255/32"], avoid: true, ipv4: 0),
      Capacity(entries: ["0.0.0.0/0"], ipv4: 1 << 32),
      Capacity(entries: ["0.0.0.0/0"], avoid: true, ipv4: 1 << 32 - 1 << 25),
      Capacity(entries: ["2001:db8::/66"], ipv6: 1 << 62),
      Capacity(entries: ["2001:db8::/64"], ipv6: .max),
      Capacity(entries: ["::/0"], ipv6: .max),
      Capacity(
        entries: ["10.0.0.0/24", "::/1", "8000::/1", "10.0.1.0/24"], ipv4: 512, ipv6: .max),
    ]
  }

  @Test(arguments: Capacity.rows)
  func `Counts what may be given out, and saturates`(row: Capacity) throws {
    var allocator = Allocator()
    let blocks = row.entries.flatMap { AddressRange($0)?.blocks ?? [] }
    _ = allocator.setPools([Pool(name: "a", blocks: blocks, avoidBuggyIPs: row.avoid)])
    let counters = try #require(allocator.counters(ofPool: "a"))
    #expect(counters.ipv4.capacity == row.ipv4)
    #expect(counters.ipv6.capacity == row.ipv6)
    #expect(counters.ipv4.available == row.ipv4)
    #expect(counters.ipv6.available == row.ipv6)
    #expect(counters.ipv4.assigned == 0)
    #expect(allocator.counters(ofPool: "b") == nil)
  }

  @Test func `Finds addresses in the middle of a full IPv6 block`() throws {
    var allocator = Allocator(pool("a", "::/0"))
    let given = try (1...3).map { try allocator.give(request("s\($0)", .single(.ipv6)))[0] }
    #expect(given == ["::", "::1", "::2"])
    let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    #expect(try allocator.give(request("s4", .single(.ipv6), addresses: [last])) == [last])
    #expect(allocator.counters(ofPool: "a")?.ipv6.assigned == 4)
    #expect(allocator.counters(ofPool: "a")?.ipv6.available == .max)
  }
}
