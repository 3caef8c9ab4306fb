import ClusterConfiguration
import IPAllocation
import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import MetalLBController

/// The steps of one pass, in their order.
struct ServiceConvergenceTests {
  let pool4 = pool("gold", ["203.0.113.0/29"])
  let pool46 = pool("gold", ["203.0.113.0/29", "2001:db8::/125"])

  // MARK: Steps 1 to 6

  @Test func `Nothing is decided before a configuration came`() {
    var convergence = ServiceConvergence()
    let decision = convergence.converge(service(addresses: ["203.0.113.1"]))
    #expect(decision == ServiceDecision(outcome: .ignored))
  }

  @Test func `A Service of another type gives its address back`() {
    var convergence = ServiceConvergence(pool4)
    var web = convergence.settle(service()).service
    #expect(web.ingressIPs == ["203.0.113.0"])
    web.spec?.type = "ClusterIP"
    let (decision, released) = convergence.settle(web)
    #expect(decision.outcome == .released)
    #expect(released.ingressIPs == [])
    #expect(released.allocatedFrom == nil)
    #expect(convergence.allocator.services(on: ip("203.0.113.0")) == [])
    #expect(convergence.settle(released).decision.update == nil)
  }

  @Test func `Without any pool all addresses are taken away`() {
    var convergence = ServiceConvergence()
    convergence.configure([])
    let decision = convergence.converge(service(addresses: ["203.0.113.1"], pool: "gold"))
    #expect(decision.outcome == .failed(.noPools))
    #expect(decision.update?.ingressIPs == [])
    #expect(decision.reasons == [.allocationFailed])
  }

  @Test(arguments: [[], [""]])
  func `Without a cluster IP the address is taken away`(clusterIPs: [String]) {
    var convergence = ServiceConvergence(pool4)
    let decision = convergence.converge(
      service(clusterIPs: clusterIPs, addresses: ["203.0.113.1"], pool: "gold"))
    #expect(decision.outcome == .failed(.families(.noClusterIP)))
    #expect(decision.update?.ingressIPs == [])
    #expect(
      convergence.allocator.assignment(of: ServiceKey(namespace: "default", name: "web")) == nil)
  }

  @Test func `RequireDualStack in a single-stack cluster fails and says so`() {
    var convergence = ServiceConvergence(pool46)
    let web = service(addresses: ["203.0.113.1"], pool: "gold") {
      $0.spec?.ipFamilyPolicy = "RequireDualStack"
    }
    let decision = convergence.converge(web)
    #expect(decision.outcome == .failed(.families(.notDualStack)))
    #expect(decision.reasons == [.notEnoughClusterIPs])
    #expect(decision.events.first?.reason.rawValue == "not enough clusterips")
    #expect(decision.update?.ingressIPs == [])
  }

  // MARK: Step 7

  @Test func `An emptied status starts clean`() {
    var convergence = ServiceConvergence(pool4)
    _ = convergence.settle(service("other"))
    let web = convergence.settle(service("web")).service
    #expect(web.ingressIPs == ["203.0.113.1"])
    convergence.forget(ServiceKey(namespace: "default", name: "other"))
    let decision = convergence.converge(service("web"))
    #expect(decision.update?.ingressIPs == ["203.0.113.0"])
  }

  @Test func `A claim that is not written yet is kept`() {
    var convergence = ServiceConvergence(pool4)
    _ = convergence.settle(service("other"))
    #expect(convergence.converge(service("web")).update?.ingressIPs == ["203.0.113.1"])
    convergence.forget(ServiceKey(namespace: "default", name: "other"))
    let again = convergence.converge(service("web"))
    #expect(again.update?.ingressIPs == ["203.0.113.1"])
    #expect(again.reasons == [.ipAllocated])
  }

  @Test(
    arguments: [
      ["nonsense"], ["203.0.113.1", "203.0.113.2"], ["203.0.113.1", "2001:db8::1", "203.0.113.2"],
    ])
  func `A status that makes no sense is replaced`(addresses: [String]) {
    var convergence = ServiceConvergence(pool46)
    let (decision, web) = convergence.settle(
      service(addresses: addresses, pool: "gold"))
    #expect(decision.reasons == [.noLBIPsIPFamily, .ipAllocated])
    #expect(web.ingressIPs == ["203.0.113.0"])
  }

  @Test(arguments: [["None"], ["10.96.0.1", "10.96.0.2"], ["10.96.0.1", "fd96::1", "10.96.0.2"]])
  func `Cluster IPs that make no sense leave everything as it is`(clusterIPs: [String]) {
    var convergence = ServiceConvergence(pool4)
    let decision = convergence.converge(
      service(clusterIPs: clusterIPs, addresses: ["203.0.113.1"], pool: "gold"))
    #expect(decision.outcome == .failed(.families(.unusableClusterIPs(clusterIPs))))
    #expect(decision.reasons == [.noClusterIPsIPFamily])
    #expect(decision.update == nil)
  }

  @Test func `An address of the wrong family is exchanged without further ado`() {
    var convergence = ServiceConvergence(pool46)
    let (decision, web) = convergence.settle(
      service(clusterIPs: ["fd96::1"], addresses: ["203.0.113.1"], pool: "gold"))
    #expect(web.ingressIPs == ["2001:db8::"])
    #expect(decision.reasons == [.ipAllocated])
    #expect(convergence.allocator.services(on: ip("203.0.113.1")) == [])
  }

  @Test func `One address is fine for a Service that prefers two`() {
    var convergence = ServiceConvergence(pool4)
    let (decision, web) = convergence.settle(dual(addresses: ["203.0.113.3"], pool: "gold"))
    #expect(web.ingressIPs == ["203.0.113.3"])
    #expect(decision.reasons == [.additionalAssignFailed])
  }

  @Test func `One address is not enough for a Service that requires two`() {
    var convergence = ServiceConvergence(pool46)
    let web = convergence.settle(
      dual(policy: "RequireDualStack", addresses: ["203.0.113.3"], pool: "gold")
    ).service
    #expect(web.ingressIPs == ["203.0.113.3", "2001:db8::"])
    // The other pool has no such second address.
    var elsewhere = ServiceConvergence(pool4, pool("silver", ["198.51.100.1", "2001:db8::1"]))
    let moved = elsewhere.settle(
      dual(policy: "RequireDualStack", addresses: ["203.0.113.3"], pool: "gold")
    ).service
    #expect(moved.ingressIPs == ["198.51.100.1", "2001:db8::1"])
    #expect(elsewhere.allocator.services(on: ip("203.0.113.3")) == [])
  }

  @Test func `Of a pair that is to be one address the other one stays`() {
    var convergence = ServiceConvergence(pool46)
    let pair = dual(addresses: ["203.0.113.3", "2001:db8::2"], pool: "gold")
    convergence.adopt([pair])
    var web = pair
    web.spec?.ipFamilyPolicy = "SingleStack"
    web.spec?.clusterIPs = ["fd96::1"]
    let (decision, single) = convergence.settle(web)
    #expect(single.ingressIPs == ["2001:db8::2"])
    #expect(decision.reasons == [])
    #expect(convergence.allocator.services(on: ip("203.0.113.3")) == [])
    // Also where the request for addresses cannot be read.
    var restarted = ServiceConvergence(pool46)
    restarted.adopt([pair])
    web.metadata.annotations["metallb.io/loadBalancerIPs"] = "nonsense"
    let (refusal, kept) = restarted.settle(web)
    #expect(kept.ingressIPs == ["2001:db8::2"])
    #expect(refusal.reasons == [.loadBalancerFailed])
  }

  @Test(arguments: ["198.51.100.9", "198.51.100.9,2001:db8:1::9"])
  func `A request for what is in no pool is refused with the address`(addresses: String) {
    var convergence = ServiceConvergence(pool46)
    let wish = ["metallb.io/loadBalancerIPs": addresses]
    let web = addresses.contains(",") ? dual(annotations: wish) : service(annotations: wish)
    let (decision, refused) = convergence.settle(web)
    #expect(decision.reasons == [.allocationFailed])
    #expect(decision.events.first?.message.contains("198.51.100.9 is in no pool") == true)
    #expect(refused.ingressIPs == [])
    #expect(convergence.allocator.counters(ofPool: "gold")?.ipv4.assigned == 0)
  }

  // MARK: Step 8

  @Test func `An address that a Service has is adopted as it is`() {
    var convergence = ServiceConvergence(pool4)
    let decision = convergence.converge(service(addresses: ["203.0.113.5"], pool: "gold"))
    #expect(decision.outcome == .assigned(.init(pool: "gold", addresses: [ip("203.0.113.5")])))
    #expect(decision.update == nil)
    #expect(decision.events == [])
  }

  @Test func `The order of a pair is never changed`() {
    var convergence = ServiceConvergence(pool46)
    let web = dual(
      addresses: ["2001:db8::1", "203.0.113.1"], pool: "gold",
      annotations: ["metallb.io/loadBalancerIPs": "203.0.113.1,2001:db8::1"])
    #expect(convergence.converge(web).update == nil)
  }

  @Test func `An address that no pool has any more is exchanged`() {
    var convergence = ServiceConvergence(pool4)
    let (decision, web) = convergence.settle(service(addresses: ["198.51.100.1"], pool: "old"))
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(
      decision.events.first?.message
        == "current IP [\"198.51.100.1\"] not allowed, will attempt a new IP assignment: 198.51.100.1 is in no pool"
    )
    #expect(web.ingressIPs == ["203.0.113.0"])
    #expect(web.allocatedFrom == "gold")
  }

  @Test func `Of two that share an address the one that changes loses it`() {
    var convergence = ServiceConvergence(pool4)
    let key = ["metallb.io/allow-shared-ip": "k"]
    var old = convergence.settle(service("old", created: 1, annotations: key, port: 80)).service
    let young = convergence.settle(
      service("young", created: 2, annotations: key, port: 81)
    ).service
    #expect(young.ingressIPs == old.ingressIPs)
    old.spec?.ports = [Service.Port(port: 81)]
    let decision = convergence.converge(old)
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(decision.update?.ingressIPs == ["203.0.113.1"])
    #expect(decision.evicted == [])
    #expect(convergence.converge(young).update == nil)
  }

  @Test func `Of two that turn out to have one address the older keeps it`() {
    var convergence = ServiceConvergence(pool4)
    let young = convergence.settle(service("young", created: 2)).service
    let old = convergence.converge(
      service("old", created: 1, addresses: young.ingressIPs, pool: "gold"))
    #expect(old.update == nil)
    #expect(old.evicted == [ServiceKey(namespace: "default", name: "young")])
    let (decision, healed) = convergence.settle(young)
    #expect(decision.reasons == [.clearAssignment, .ipAllocated])
    #expect(healed.ingressIPs == ["203.0.113.1"])
  }

  @Test func `Who changed loses its address also when that could not be written at once`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1"]))
    let key = ["metallb.io/allow-shared-ip": "k"]
    var old = convergence.settle(service("old", created: 1, annotations: key, port: 80)).service
    let young = convergence.settle(
      service("young", created: 2, annotations: key, port: 81)
    ).service
    old.metadata.annotations["metallb.io/allow-shared-ip"] = nil
    #expect(convergence.converge(old).update?.ingressIPs == [])
    // The write failed.
    let again = convergence.converge(old)
    #expect(again.update?.ingressIPs == [])
    #expect(again.evicted == [])
    #expect(convergence.converge(young).update == nil)
  }

  @Test func `A younger Service never takes an address from an older one`() {
    var convergence = ServiceConvergence(pool4)
    let old = convergence.settle(service("old", created: 1)).service
    let (decision, young) = convergence.settle(
      service("young", created: 2, addresses: old.ingressIPs, pool: "gold"))
    #expect(young.ingressIPs == ["203.0.113.1"])
    #expect(decision.evicted == [])
  }

  // MARK: Steps 9 to 11

  @Test func `Another requested pool moves the Service`() {
    var convergence = ServiceConvergence(pool4, pool("silver", ["198.51.100.0/29"]))
    let (decision, web) = convergence.settle(
      service(
        addresses: ["203.0.113.1"], pool: "gold",
        annotations: ["metallb.io/address-pool": "silver"]))
    #expect(web.ingressIPs == ["198.51.100.0"])
    #expect(web.allocatedFrom == "silver")
    #expect(decision.reasons == [.ipAllocated])
  }

  @Test func `A request that cannot be read keeps what is there`() {
    var convergence = ServiceConvergence(pool4)
    let decision = convergence.converge(
      service(
        addresses: ["203.0.113.1"], pool: "gold",
        annotations: ["metallb.io/loadBalancerIPs": "203.0.113.x"]))
    #expect(decision.outcome == .failed(.request(.notAnAddress("203.0.113.x"))))
    #expect(decision.reasons == [.loadBalancerFailed])
    #expect(decision.update == nil)
    #expect(convergence.allocator.services(on: ip("203.0.113.1")).count == 1)
  }

  @Test func `Another requested address moves the Service`() {
    var convergence = ServiceConvergence(pool4)
    let web = convergence.settle(
      service(addresses: ["203.0.113.1"], pool: "gold") { $0.spec?.loadBalancerIP = "203.0.113.6" }
    ).service
    #expect(web.ingressIPs == ["203.0.113.6"])
  }

  @Test func `The second family comes from the same pool, behind the first`() {
    var convergence = ServiceConvergence(pool46)
    let (decision, web) = convergence.settle(dual(addresses: ["203.0.113.3"], pool: "gold"))
    #expect(web.ingressIPs == ["203.0.113.3", "2001:db8::"])
    #expect(decision.reasons == [.ipAllocated])
    #expect(convergence.converge(web).update == nil)
  }

  @Test func `PreferDualStack in a single-stack cluster does not flap`() {
    var convergence = ServiceConvergence(pool46)
    var web = service { $0.spec?.ipFamilyPolicy = "PreferDualStack" }
    web = convergence.settle(web).service
    #expect(web.ingressIPs == ["203.0.113.0"])
    for _ in 1...3 { #expect(convergence.settle(web).decision.update == nil) }
  }

  @Test func `Who asks for the one address it has gets no second one and does not flap`() {
    var convergence = ServiceConvergence(pool46)
    let web = dual(
      addresses: ["203.0.113.3"], pool: "gold",
      annotations: ["metallb.io/loadBalancerIPs": "203.0.113.3"])
    for _ in 1...3 { #expect(convergence.settle(web).decision.update == nil) }
  }

  // MARK: Step 12

  @Test func `A pair follows ipFamilies`() {
    var convergence = ServiceConvergence(pool46)
    var web = dual()
    web.spec?.ipFamilies = ["IPv6", "IPv4"]
    #expect(convergence.converge(web).update?.ingressIPs == ["2001:db8::", "203.0.113.0"])
  }

  @Test func `A Service that finds no address waits and is told once why`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1-203.0.113.2"]))
    _ = convergence.settle(service("first"))
    _ = convergence.settle(service("other"))
    let decision = convergence.settle(service("second")).decision
    #expect(decision.outcome == .failed(.allocation(.exhausted([.ipv4]))))
    #expect(decision.update == nil)
    #expect(
      decision.events == [
        ServiceEvent(
          .allocationFailed,
          "Failed to allocate IP for \"default/second\": no available IPs: all IPv4 addresses of the pools open to this service are in use"
        )
      ])
    #expect(convergence.settle(service("second")).decision.events == [])
    let changed = service("second", annotations: ["metallb.io/address-pool": "none"])
    #expect(convergence.settle(changed).decision.reasons == [.allocationFailed])
  }

  @Test func `A refusal that was not recorded is repeated`() {
    var convergence = ServiceConvergence(pool("gold", ["203.0.113.1"]))
    _ = convergence.settle(service("first"))
    #expect(convergence.converge(service("second")).reasons == [.allocationFailed])
    #expect(convergence.converge(service("second")).reasons == [.allocationFailed])
  }

  @Test func `Every port, label and annotation reaches the allocator`() {
    let web = service(
      annotations: [
        "metallb.universe.tf/allow-shared-ip": "k", "metallb.io/address-pool": "",
        "metallb.universe.tf/address-pool": "hidden",
      ], labels: ["app": "web"]
    ) {
      $0.spec?.ports = [
        Service.Port(port: 53), Service.Port(protocol: "UDP", port: 53),
        Service.Port(protocol: "SCTP", port: 9),
      ]
      $0.spec?.externalTrafficPolicy = "Local"
      $0.spec?.selector = ["b": "2", "a": "1"]
    }
    #expect(
      ServiceIntent(web).request(.single(.ipv4))
        == ServiceRequest(
          service: ServiceKey(namespace: "default", name: "web"), labels: ["app": "web"],
          ports: [ServicePort(.tcp, 53), ServicePort(.udp, 53), ServicePort(.sctp, 9)],
          sharing: SharingIdentity(key: "k", backend: "a=1,b=2"), families: .single(.ipv4)))
  }

  // MARK: Step 14

  @Test func `Deprecated annotations are named in a pass that changes the Service`() {
    var convergence = ServiceConvergence(pool4)
    let (decision, web) = convergence.settle(
      service(annotations: [
        "metallb.universe.tf/address-pool": "gold", "metallb.universe.tf/allow-shared-ip": "k",
      ]))
    #expect(decision.reasons == [.ipAllocated, .deprecatedAnnotation, .deprecatedAnnotation])
    #expect(convergence.settle(web).decision.events == [])
  }

  @Test func `Entries of others stay, behind ours`() {
    var convergence = ServiceConvergence(pool4)
    var web = service()
    web.status = Service.Status(
      loadBalancer: .init(ingress: [
        Service.LoadBalancerIngress(hostname: "lb.example.com"),
        Service.LoadBalancerIngress(ip: "192.0.2.7"),
      ]))
    let first = convergence.settle(web)
    web = first.service
    #expect(web.ingressIPs == ["203.0.113.0", "192.0.2.7"])
    #expect(web.status?.loadBalancer?.ingress?.compactMap(\.hostname) == ["lb.example.com"])
    #expect(first.decision.reasons == [.ipAllocated, .foreignIngress])
    #expect(
      first.decision.events.last?.message.contains("\"lb.example.com\", \"192.0.2.7\"") == true)
    let second = convergence.settle(web).decision
    #expect(second.update == nil)
    #expect(second.events == [])
    web.spec?.type = "ClusterIP"
    let released = convergence.settle(web).service
    #expect(released.ingressIPs == ["192.0.2.7"])
    #expect(released.status?.loadBalancer?.ingress?.count == 2)
  }

  @Test func `What the API server adds to our entries stays`() {
    var convergence = ServiceConvergence(pool4)
    let web = service(addresses: ["203.0.113.1"], pool: "gold") {
      $0.status?.loadBalancer?.ingress?[0].ipMode = "VIP"
    }
    #expect(convergence.settle(web).decision.update == nil)
  }

  @Test func `A missing mark is written`() {
    var convergence = ServiceConvergence(pool4)
    let web = convergence.settle(service(addresses: ["203.0.113.1"])).service
    #expect(web.allocatedFrom == "gold")
  }
}
