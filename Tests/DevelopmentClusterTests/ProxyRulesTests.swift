import KubernetesAPI
import NetworkAddresses
import Testing

@testable import DevelopmentCluster

struct ProxyRulesTests {
  static func ruleset(
    _ service: Service, _ endpoints: [EndpointSlice.Endpoint]
  ) throws -> String {
    let slice = EndpointSlice(
      metadata: ObjectMeta(
        name: "web-v4", namespace: "default", labels: [EndpointSlice.serviceNameLabel: "web"]),
      addressType: "IPv4", endpoints: endpoints,
      ports: [.init(name: "http", port: 8080, protocol: "TCP")])
    let node = ProxyRules.Node(
      name: "node-1", pods: try #require(CIDRBlock("10.180.1.0/24")),
      allPods: try #require(CIDRBlock("10.180.0.0/16")))
    return ProxyRules.ruleset(services: [service], slices: [slice], node: node)
  }

  static func endpoint(
    _ address: String, on node: String, ready: Bool = true, terminating: Bool = false
  ) -> EndpointSlice.Endpoint {
    .init(
      addresses: [address],
      conditions: .init(ready: ready, serving: true, terminating: terminating), nodeName: node)
  }

  static let both = [
    endpoint("10.180.1.2", on: "node-1"), endpoint("10.180.2.2", on: "node-2"),
  ]

  @Test func `A cluster IP leads to all ready endpoints`() throws {
    let rules = try Self.ruleset(Fixture.service(), Self.both)
    #expect(rules.contains("10.96.0.10 . tcp . 80 : goto cluster-default/web/tcp/80"))
    #expect(
      rules.contains(
        "meta l4proto tcp dnat ip to numgen random mod 2 "
          + "map { 0 : 10.180.1.2 . 8080, 1 : 10.180.2.2 . 8080 }"))
    #expect(rules.contains("ip saddr != 10.180.0.0/16 meta mark set meta mark | 0x00004000"))
    #expect(rules.contains("10.180.1.2 . 10.180.1.2"))
  }

  @Test func `Policy Cluster masquerades what comes from outside`() throws {
    let service = Fixture.service(type: "LoadBalancer", ingress: ["172.29.0.200"])
    let rules = try Self.ruleset(service, Self.both)
    #expect(rules.contains("172.29.0.200 . tcp . 80 : goto external-default/web/tcp/80"))
    #expect(
      rules.contains(
        """
          chain external-default/web/tcp/80 {
            meta mark set meta mark | 0x00004000
        """))
  }

  @Test func `Policy Local keeps to the node's own Pods and drops without any`() throws {
    let service = Fixture.service(type: "LoadBalancer", ingress: ["172.29.0.200"]) {
      $0.externalTrafficPolicy = "Local"
    }
    let here = try Self.ruleset(service, Self.both)
    #expect(
      here.contains(
        """
            fib saddr type local goto cluster-default/web/tcp/80
            meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 10.180.1.2 . 8080 }
        """))
    let elsewhere = try Self.ruleset(service, [Self.both[1]])
    #expect(
      elsewhere.contains(
        """
            fib saddr type local goto cluster-default/web/tcp/80
            drop
        """))
  }

  @Test func `A Service without endpoints refuses connections`() throws {
    let rules = try Self.ruleset(
      Fixture.service(), [Self.endpoint("10.180.1.2", on: "node-1", ready: false)])
    #expect(rules.contains("10.96.0.10 . tcp . 80 : goto refuse"))
    #expect(!rules.contains("dnat ip to"))
  }

  @Test func `Endpoints that end serve while there are no others`() throws {
    let ending = Self.endpoint("10.180.1.9", on: "node-1", ready: false, terminating: true)
    #expect(try Self.ruleset(Fixture.service(), [ending]).contains("10.180.1.9 . 8080"))
    #expect(try !Self.ruleset(Fixture.service(), Self.both + [ending]).contains("10.180.1.9"))
  }

  @Test func `Source ranges let only their own through`() throws {
    let service = Fixture.service(type: "LoadBalancer", ingress: ["172.29.0.200"]) {
      $0.loadBalancerSourceRanges = ["192.0.2.0/24"]
    }
    let rules = try Self.ruleset(service, Self.both)
    #expect(rules.contains("172.29.0.200 . tcp . 80 : jump sources-0"))
    #expect(rules.contains("ip saddr { 192.0.2.0/24 } return"))
  }

  @Test func `Headless Services and addresses of the other family have no rules`() throws {
    let headless = try Self.ruleset(Fixture.service(clusterIP: "None"), Self.both)
    #expect(!headless.contains("goto cluster-"))
    let other = try Self.ruleset(Fixture.service(clusterIP: "fd00::1"), Self.both)
    #expect(!other.contains("fd00::1"))
  }
}
