import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI
import Testing

@testable import MetalLBController

struct AssignmentPlanTests {
  static func assess(
    _ pools: [IPAddressPool], advertised: Bool = true
  ) -> ConfigurationAssessment {
    var assembler = ConfigurationAssembler()
    let all = L2Advertisement(metadata: ObjectMeta(name: "all", namespace: testNamespace))
    return assembler.assemble(
      ConfigurationSources(ipAddressPools: pools, l2Advertisements: advertised ? [all] : []))
  }

  static let services = [
    service("a", created: 1, addresses: ["10.0.0.0"], pool: "gold"),
    service("b", created: 2, addresses: ["10.0.0.5"], pool: "gold"),
    service("c", created: 3),
    service("other", addresses: ["10.0.0.9"]) { $0.spec?.loadBalancerClass = "x.example/y" },
  ]

  static func plan(
    _ before: [IPAddressPool], _ after: [IPAddressPool], advertised: Bool = true,
    services: [Service] = Self.services
  ) -> AssignmentPlan {
    AssignmentPlan(
      services: services, before: assess(before), after: assess(after, advertised: advertised))
  }

  @Test func `A change that touches nobody is silent`() {
    let plan = Self.plan([pool("gold", ["10.0.0.0/24"])], [pool("silver", ["10.0.0.0/23"])])
    #expect(plan.changes == [])
    #expect(!plan.isDisruptive)
  }

  @Test func `Who loses, moves and gains is named with the reason, the worst first`() {
    let plan = Self.plan([pool("gold", ["10.0.0.0-10.0.0.5"])], [pool("gold", ["10.0.0.4/31"])])
    // c would get an address now, so it has one before and none after.
    #expect(plan.changes.map(\.service.name) == ["c", "a"])
    #expect(plan.changes.map(\.kind) == [.loses, .changes])
    #expect(plan.changes.last?.before == ["10.0.0.0"])
    #expect(plan.changes.last?.after == ["10.0.0.4"])
    #expect(plan.changes.last?.reason.contains("10.0.0.0 is in no pool") == true)
    #expect(plan.changes.first?.reason.contains("no available IPs") == true)
    #expect(plan.isDisruptive)
    #expect(plan.warnings().count == 2)
    #expect(plan.warnings(limit: 1).last == "and 1 more services")
  }

  @Test func `The last pool takes all addresses with it`() {
    let plan = Self.plan([pool("gold", ["10.0.0.0/24"])], [])
    #expect(plan.changes.map(\.kind) == [.loses, .loses, .loses])
    #expect(plan.changes.allSatisfy { $0.reason.contains("no address pools") })
  }

  @Test func `Another class for MetalLB is other Services`() {
    let gold = Self.assess([pool("gold", ["10.0.0.0/24"])])
    let plan = AssignmentPlan(
      services: Self.services + [service("new") { $0.spec?.loadBalancerClass = "x.example/y" }],
      before: gold, after: gold, newLoadBalancerClass: "x.example/y")
    // Those with an address of the new class keep it, and who is served no more keeps it in vain.
    #expect(plan.changes.map(\.service.name) == ["a", "b", "c", "new"])
    #expect(plan.changes.map(\.kind) == [.notAnnounced, .notAnnounced, .notAnnounced, .gains])
    #expect(plan.changes.first?.reason == "only class x.example/y would be served")
    #expect(plan.changes.first?.poolsBefore == ["gold"])
    #expect(plan.changes.first?.poolsAfter == [])
    #expect(plan.changes.last?.after == ["10.0.0.0"])
    #expect(plan.changes.last?.poolsAfter == ["gold"])
    #expect(plan.isDisruptive)
    let same = AssignmentPlan(
      services: Self.services, before: gold, after: gold, newLoadBalancerClass: "")
    #expect(same.changes == [])
  }

  @Test func `A new pool serves who waits, and that disturbs nobody`() {
    let plan = Self.plan(
      [pool("gold", ["10.0.0.0", "10.0.0.5"])],
      [pool("gold", ["10.0.0.0", "10.0.0.5"]), pool("silver", ["10.1.0.0/24"])])
    #expect(plan.changes.map(\.kind) == [.gains])
    #expect(plan.changes.map(\.after) == [["10.1.0.0"]])
    #expect(!plan.isDisruptive)
    #expect(plan.warnings() == [])
  }

  @Test func `Addresses that nobody would announce any more are named`() {
    let gold = pool("gold", ["10.0.0.0/24"])
    let plan = Self.plan([gold], [gold], advertised: false)
    #expect(plan.changes.map(\.kind) == [.notAnnounced, .notAnnounced, .notAnnounced])
    #expect(plan.isDisruptive)
  }

  @Test func `While a pool is at fault nobody loses an address`() {
    let plan = Self.plan([pool("gold", ["10.0.0.0/24"])], [pool("gold", ["nonsense"])])
    #expect(!plan.changes.contains { $0.kind == .loses || $0.kind == .changes })
  }

  @Test func `What the configuration would change anyway is not the change's doing`() {
    let plan = Self.plan(
      [pool("gold", ["10.1.0.0/24"])], [pool("gold", ["10.1.0.0/24", "10.2.0.0/24"])])
    #expect(plan.changes == [])
  }

  @Test func `Thousands of Services are planned for`() {
    let services = (0..<2_000).map { index in
      service(
        "s\(index)", created: Int64(index), addresses: ["10.0.\(index / 256).\(index % 256)"],
        pool: "gold")
    }
    let plan = Self.plan(
      [pool("gold", ["10.0.0.0/16"])], [pool("gold", ["10.0.0.0/20"])], services: services)
    #expect(plan.changes == [])
    let shrunk = Self.plan(
      [pool("gold", ["10.0.0.0/16"])], [pool("gold", ["10.0.0.0/22"])], services: services)
    #expect(shrunk.changes.count == 2_000 - 1024)
    #expect(shrunk.changes.allSatisfy { $0.kind == .loses })
  }
}
