import IPAllocation
import NetworkAddresses
import Testing

@Suite struct QuarantineTests {
  @Test func `A quarantined address is taken from its holders and given to nobody`() throws {
    var allocator = Allocator(pool("a", "10.0.0.0/30"))
    let first = try allocator.give(request("s"))
    #expect(first == ["10.0.0.0"])
    let address = addresses("10.0.0.0")[0]
    let losers = allocator.quarantine(address)
    #expect(losers == [request("s").service])
    let again = allocator.quarantine(address)
    #expect(again.isEmpty)
    #expect(allocator.assignment(of: request("s").service) == nil)
    #expect(throws: AllocationError.quarantined(address)) {
      try allocator.assign(request("s"), to: [address])
    }
    #expect(try allocator.give(request("s")) == ["10.0.0.1"])
    #expect(try allocator.give(request("t")) == ["10.0.0.2"])
    // New pools change nothing about it.
    _ = allocator.setPools([pool("b", "10.0.0.0/30")])
    #expect(try allocator.give(request("u")) == ["10.0.0.3"])
    let availability = allocator.availability
    allocator.endQuarantine(of: address)
    #expect(allocator.availability > availability)
    #expect(try allocator.give(request("v")) == ["10.0.0.0"])
  }

  @Test func `The end of a quarantine gives nothing free that was not taken for it`() throws {
    var allocator = Allocator(pool("a", "10.0.0.254-10.0.0.255", avoidBuggyIPs: true))
    let avoided = addresses("10.0.0.255")[0]
    _ = allocator.quarantine(avoided)
    allocator.endQuarantine(of: avoided)
    let elsewhere = addresses("192.0.2.1")[0]
    let losers = allocator.quarantine(elsewhere)
    #expect(losers.isEmpty)
    allocator.endQuarantine(of: elsewhere)
    #expect(try allocator.give(request("s")) == ["10.0.0.254"])
    #expect(throws: AllocationError.self) { try allocator.give(request("t")) }
  }
}
