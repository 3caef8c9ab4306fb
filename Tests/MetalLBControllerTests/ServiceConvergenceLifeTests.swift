import ClusterConfiguration
import IPAllocation
import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import MetalLBController

/// What happens over several passes: restarts, changes of pools, classes, waiting.
struct ServiceConvergenceLifeTests {
  let gold = pool("gold", ["203.0.113.0/29"])

  func key(_ name: String) -> ServiceKey { ServiceKey(namespace: "default", name: name) }

  // MARK: Start

  @Test func `After a start the oldest holders are adopted before anything is given out`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.0-203.0.113.1"]))
    let young = service("a", created: 3, addresses: ["203.0.113.0"], pool: "gold")
    let old = service("b", created: 2, addresses: ["203.0.113.0"], pool: "gold")
    let waiting = service("c", created: 1)
    convergence.adopt([waiting, young, old])
    let (decision, loser) = convergence.settle(young)
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(loser.ingressIPs == ["203.0.113.1"])
    #expect(
      convergence.settle(waiting).decision.outcome == .failed(.allocation(.exhausted([.ipv4]))))
    #expect(convergence.settle(old).decision.update == nil)
  }

  // MARK: Pools change

  @Test func `A pool that shrinks moves only those who lose their address`() {
    var convergence = ServiceConvergence(gold)
    let first = convergence.settle(service("first")).service
    let second = convergence.settle(service("second")).service
    convergence.configure([pool("gold", ["203.0.113.1-203.0.113.7"])])
    #expect(convergence.settle(second).decision.update == nil)
    let (decision, moved) = convergence.settle(first)
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(moved.ingressIPs == ["203.0.113.2"])
  }

  @Test func `A pool that is renamed keeps its Services and changes their mark`() {
    var convergence = ServiceConvergence(gold)
    let web = convergence.settle(service()).service
    convergence.configure([pool("golden", ["203.0.113.0/29"])])
    let (decision, renamed) = convergence.settle(web)
    #expect(renamed.ingressIPs == web.ingressIPs)
    #expect(renamed.allocatedFrom == "golden")
    #expect(decision.events == [])
  }

  @Test func `autoAssign turned off takes nothing away`() {
    var convergence = ServiceConvergence(gold)
    let web = convergence.settle(service()).service
    convergence.configure([pool("gold", ["203.0.113.0/29"], autoAssign: false)])
    #expect(convergence.settle(web).decision.update == nil)
  }

  @Test func `Selectors that no longer match move the Service`() {
    var convergence = ServiceConvergence(gold)
    let web = convergence.settle(service()).service
    convergence.configure([
      pool("gold", ["203.0.113.0/29"], allocation: .init(namespaces: ["other"])),
      pool("silver", ["198.51.100.0/29"]),
    ])
    let (decision, moved) = convergence.settle(web)
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(moved.allocatedFrom == "silver")
  }

  @Test func `avoidBuggyIPs turned on moves holders of such addresses`() {
    var convergence = ServiceConvergence(gold)
    let web = convergence.settle(service()).service
    convergence.configure([pool("gold", ["203.0.113.0/29"], avoidBuggyIPs: true)])
    #expect(convergence.settle(web).service.ingressIPs == ["203.0.113.1"])
  }

  @Test func `A pool that loses a family takes both addresses of a pair`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.0/29", "2001:db8::/125"]))
    let web = convergence.settle(dual()).service
    convergence.configure([gold])
    let (decision, moved) = convergence.settle(web)
    #expect(moved.ingressIPs == ["203.0.113.0"])
    #expect(decision.reasons.contains(.clearAssignment))
  }

  @Test func `A pool that gains a family completes the pair`() {
    var convergence = ServiceConvergence(gold)
    let web = convergence.settle(dual()).service
    #expect(web.ingressIPs == ["203.0.113.0"])
    convergence.configure([pool("gold", ["203.0.113.0/29", "2001:db8::/125"])])
    #expect(convergence.settle(web).service.ingressIPs == ["203.0.113.0", "2001:db8::"])
  }

  // MARK: Faulty configuration

  @Test func `While a pool is at fault its Services keep their addresses, also after a restart`() {
    var convergence = ServiceConvergence()
    var assembler = ConfigurationAssembler()
    let broken = pool("gold", ["203.0.113.0/29", "x"])
    _ = convergence.configure(
      assembler.assemble(ConfigurationSources(ipAddressPools: [broken])))
    let web = service("web", addresses: ["203.0.113.3"], pool: "gold")
    convergence.adopt([web])
    #expect(
      convergence.settle(web).decision == ServiceDecision(outcome: .kept([ip("203.0.113.3")])))
    let fresh = convergence.settle(service("fresh")).decision
    #expect(fresh.outcome == .failed(.allocation(.noEligiblePool)))

    _ = convergence.configure(assembler.assemble(ConfigurationSources(ipAddressPools: [gold])))
    convergence.adopt([web])
    #expect(convergence.settle(web).decision.update == nil)
    #expect(convergence.allocator.services(on: ip("203.0.113.3")) == [key("web")])
  }

  @Test(arguments: [["203.0.113.3", "192.0.2.7", "192.0.2.8"], ["203.0.113.3", "192.0.2.7"]])
  func `While a pool is at fault nothing of others is taken for ours`(addresses: [String]) {
    var convergence = ServiceConvergence()
    var assembler = ConfigurationAssembler()
    let silver = pool("silver", ["198.51.100.0/29"])
    let web = service("web", addresses: addresses, pool: "gold")
    // Which one is ours only the pool at fault would tell: all stay, and none comes.
    _ = convergence.configure(
      assembler.assemble(
        ConfigurationSources(ipAddressPools: [silver, pool("gold", ["203.0.113.0/29", "x"])])))
    convergence.adopt([web])
    #expect(convergence.settle(web).decision == ServiceDecision(outcome: .kept([])))
    // Another pool at fault says nothing about an address whose pool is known.
    _ = convergence.configure(
      assembler.assemble(
        ConfigurationSources(ipAddressPools: [gold, pool("silver", ["x"])])))
    convergence.adopt([web])
    let (decision, same) = convergence.settle(web)
    #expect(decision.update == nil)
    #expect(same.ingressIPs == addresses)
    #expect(convergence.allocator.services(on: ip("203.0.113.3")) == [key("web")])
  }

  @Test func `Without our mark the addresses of others keep nobody from one of ours`() {
    var convergence = ServiceConvergence()
    var assembler = ConfigurationAssembler()
    _ = convergence.configure(
      assembler.assemble(
        ConfigurationSources(ipAddressPools: [gold, pool("silver", ["x"])])))
    let web = convergence.settle(service("web", addresses: ["192.0.2.7", "192.0.2.8"])).service
    #expect(web.ingressIPs == ["203.0.113.0", "192.0.2.7", "192.0.2.8"])
  }

  @Test func `A fault elsewhere does not hide that a pool is gone once it is mended`() {
    var convergence = ServiceConvergence(gold)
    var assembler = ConfigurationAssembler()
    let web = convergence.settle(service()).service
    _ = convergence.configure(
      assembler.assemble(ConfigurationSources(ipAddressPools: [pool("silver", ["x"])])))
    #expect(convergence.settle(web).decision.update == nil)
    _ = convergence.configure(
      assembler.assemble(
        ConfigurationSources(ipAddressPools: [pool("silver", ["198.51.100.0/29"])])))
    #expect(convergence.settle(web).service.ingressIPs == ["198.51.100.0"])
  }

  // MARK: Class

  @Test(
    arguments: [
      (nil, nil, true), (nil, "x", false), ("x", nil, false), ("x", "x", true), ("x", "y", false),
      ("", nil, true), ("", "x", false),
    ] as [(String?, String?, Bool)])
  func `Only Services of our class are handled`(own: String?, class: String?, isHandled: Bool) {
    var convergence = ServiceConvergence(gold, loadBalancerClass: own)
    let decision = convergence.converge(service { $0.spec?.loadBalancerClass = `class` })
    #expect((decision.update != nil) == isHandled)
    #expect((decision.outcome == .ignored) == !isHandled)
  }

  @Test func `A Service of another class is not touched, whatever its status says`() {
    var convergence = ServiceConvergence(gold)
    let decision = convergence.converge(
      service(addresses: ["203.0.113.1"], pool: "gold") { $0.spec?.loadBalancerClass = "x" })
    #expect(decision == ServiceDecision(outcome: .ignored))
  }

  @Test func `A Service that stops matching gives its address back`() {
    var convergence = ServiceConvergence(gold, loadBalancerClass: "x")
    var web = convergence.settle(service { $0.spec?.loadBalancerClass = "x" }).service
    web.spec?.type = "ClusterIP"
    web.spec?.loadBalancerClass = nil
    web.status = nil
    let (decision, released) = convergence.settle(web)
    #expect(decision.outcome == .released)
    #expect(released.allocatedFrom == nil)
    #expect(convergence.allocator.services(on: ip("203.0.113.0")) == [])
    #expect(convergence.settle(released).decision == ServiceDecision(outcome: .ignored))
  }

  // MARK: Waiting

  @Test func `A deletion serves the oldest who waits`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1"]))
    _ = convergence.settle(service("holder"))
    for (name, age) in [("young", 3), ("old", 2), ("middle", 2)] as [(String, Int64)] {
      _ = convergence.settle(service(name, created: age))
    }
    _ = convergence.serveWaiters()
    #expect(!convergence.hasNewsForWaiters)
    convergence.forget(key("holder"))
    #expect(convergence.hasNewsForWaiters)
    #expect(convergence.serveWaiters() == [key("middle")])
    #expect(!convergence.hasNewsForWaiters)
    let (decision, served) = convergence.settle(service("middle", created: 2))
    #expect(served.ingressIPs == ["203.0.113.1"])
    #expect(decision.reasons == [.ipAllocated])
    #expect(convergence.waitingCount == 2)
  }

  @Test func `A Service that moves away serves who waits`() {
    var convergence = ServiceConvergence(
      pool("gold", ["203.0.113.1"]), pool("silver", ["198.51.100.1"], autoAssign: false))
    var holder = convergence.settle(service("holder")).service
    _ = convergence.settle(service("waiter"))
    holder.metadata.annotations["metallb.io/address-pool"] = "silver"
    _ = convergence.settle(holder)
    #expect(convergence.hasNewsForWaiters)
    #expect(convergence.serveWaiters() == [key("waiter")])
  }

  @Test func `A port that is given up serves who waits for it`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1"]))
    let shared = ["metallb.io/allow-shared-ip": "k"]
    var holder = service("holder", annotations: shared)
    holder.spec?.ports = [Service.Port(port: 80), Service.Port(port: 81)]
    holder = convergence.settle(holder).service
    let waiter = service("waiter", annotations: shared, port: 81)
    let refused = convergence.settle(waiter).decision
    #expect(refused.reasons == [.allocationFailed])
    holder.spec?.ports = [Service.Port(port: 80)]
    _ = convergence.settle(holder)
    #expect(convergence.serveWaiters() == [key("waiter")])
  }

  @Test func `Who waits for a second family gets it when it comes free`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.0/29", "2001:db8::1"]))
    _ = convergence.settle(service("holder", clusterIPs: ["fd96::2"]))
    let (first, web) = convergence.settle(dual())
    #expect(web.ingressIPs == ["203.0.113.0"])
    #expect(first.reasons == [.ipAllocated, .additionalAssignFailed])
    #expect(convergence.settle(web).decision.reasons == [])
    convergence.forget(key("holder"))
    #expect(convergence.serveWaiters() == [key("web")])
    let (decision, complete) = convergence.settle(web)
    #expect(complete.ingressIPs == ["203.0.113.0", "2001:db8::1"])
    #expect(decision.reasons == [.ipAllocated])
  }

  @Test func `Of ten thousand that want one address the oldest gets it, then the next one`() {
    var convergence = ServiceConvergence(pool("a", ["10.0.0.0/24"]))
    let services = (0..<10_000).map { index in
      service(
        "s\(index)", created: Int64(index),
        annotations: ["metallb.io/loadBalancerIPs": "10.0.0.7"])
    }
    let first = services.map { convergence.settle($0).decision }
    #expect(first.filter { $0.update != nil }.count == 1)
    #expect(first.first?.update?.ingressIPs == ["10.0.0.7"])
    #expect(
      first.last?.events.map(\.message) == [
        "Failed to allocate IP for \"default/s9999\": 10.0.0.7 is held by default/s0, which does not share it"
      ])
    #expect(convergence.waitingCount == 9999)
    // Told once: nobody is told again what has not changed.
    #expect(services.dropFirst().allSatisfy { convergence.settle($0).decision.events.isEmpty })
    convergence.forget(ServiceKey(namespace: "default", name: "s0"))
    #expect(convergence.serveWaiters() == [ServiceKey(namespace: "default", name: "s1")])
    #expect(convergence.waitingCount == 9998)
  }

  @Test func `Nobody waits who was deleted, assigned or changed its type`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1"]))
    _ = convergence.settle(service("holder"))
    _ = convergence.settle(service("a"))
    _ = convergence.settle(service("b"))
    #expect(convergence.waitingCount == 2)
    convergence.forget(key("a"))
    _ = convergence.settle(service("b") { $0.spec?.type = "NodePort" })
    #expect(convergence.waitingCount == 0)
    convergence.forget(key("holder"))
    #expect(!convergence.hasNewsForWaiters)
  }
}

struct ServiceIntentTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var field: String?
    var annotation: String?
    var expected: Result<[IPAddress], ServiceIntent.RequestFault>
    var testDescription: String { "\(field ?? "-") \(annotation ?? "-")" }
  }

  @Test(
    arguments: [
      Row(field: nil, annotation: nil, expected: .success([])),
      Row(field: "", annotation: "", expected: .success([])),
      Row(field: "203.0.113.1", annotation: nil, expected: .success([ip("203.0.113.1")])),
      Row(
        field: nil, annotation: " 203.0.113.1 ,2001:db8::1",
        expected: .success([ip("203.0.113.1"), ip("2001:db8::1")])),
      Row(
        field: "203.0.113.1", annotation: "203.0.113.1",
        expected: .failure(.bothFieldAndAnnotation)),
      Row(field: "x", annotation: nil, expected: .failure(.notAnAddress("x"))),
      Row(field: nil, annotation: "203.0.113.1,", expected: .failure(.notAnAddress(""))),
      Row(
        field: nil, annotation: "203.0.113.1,203.0.113.2",
        expected: .failure(.sameFamily(ip("203.0.113.1"), ip("203.0.113.2")))),
      Row(field: nil, annotation: "a,b,c", expected: .failure(.tooManyAddresses(["a", "b", "c"]))),
    ])
  func `A requested address is read from field or annotation`(row: Row) {
    var annotations: [String: String] = [:]
    annotations["metallb.io/loadBalancerIPs"] = row.annotation
    let intent = ServiceIntent(
      service(annotations: annotations) { $0.spec?.loadBalancerIP = row.field })
    #expect(intent.requestedAddresses == row.expected)
  }
}
