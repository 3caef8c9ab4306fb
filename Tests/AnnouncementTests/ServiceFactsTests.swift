import Announcement
import KubernetesAPI
import NetworkAddresses
import Testing

@Suite struct ServiceFactsTests {
  func service(_ change: (inout Service) -> Void) -> ServiceFacts {
    var service = Service(
      metadata: ObjectMeta(name: "web", namespace: "ns", labels: ["app": "web"]),
      spec: Service.Spec(type: "LoadBalancer"))
    change(&service)
    return ServiceFacts(service)
  }

  func status(_ ingress: [Service.LoadBalancerIngress]) -> Service.Status {
    Service.Status(loadBalancer: Service.LoadBalancerStatus(ingress: ingress))
  }

  @Test func `Reads a plain Service`() {
    #expect(
      service { _ in }
        == ServiceFacts(
          key: NamespacedName(namespace: "ns", name: "web"), labels: ["app": "web"]))
  }

  @Test func `Reads addresses in their order`() {
    let facts = service {
      $0.status = status([.init(ip: "fc00::1"), .init(ip: "::ffff:10.0.0.5")])
    }
    #expect(facts.addresses.map(\.description) == ["fc00::1", "10.0.0.5"])
  }

  @Test func `Sets entries aside that have no readable address`() {
    let facts = service {
      $0.status = status([
        .init(hostname: "lb.example"), .init(ip: "10.0.0.5", hostname: "web.example"),
        .init(ip: "10.0.0.05"), .init(),
      ])
    }
    #expect(facts.addresses.map(\.description) == ["10.0.0.5"])
    #expect(facts.entriesWithoutAddress == ["lb.example", "10.0.0.05", ""])
  }

  @Test(arguments: ["metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip"])
  func `Presence of a sharing annotation counts`(key: String) {
    let facts = service { $0.metadata.annotations[key] = "" }
    #expect(facts.hasSharingAnnotation)
  }

  @Test func `Reads type, class and traffic policy`() {
    let clusterIP = service { $0.spec?.type = "ClusterIP" }
    #expect(!clusterIP.isLoadBalancer)
    let empty = service { $0.spec = nil }
    #expect(!empty.isLoadBalancer)
    let local = service {
      $0.spec?.loadBalancerClass = "a/b"
      $0.spec?.externalTrafficPolicy = "Local"
    }
    #expect(local.loadBalancerClass == "a/b")
    #expect(local.isLocal)
    let cluster = service { $0.spec?.externalTrafficPolicy = "Cluster" }
    #expect(!cluster.isLocal)
  }

  @Test func `Reads nodes`() {
    var node = Node(metadata: ObjectMeta(name: "node1", labels: ["zone": "a"]))
    #expect(NodeFacts(node) == NodeFacts(labels: ["zone": "a"]))
    var status = Node.Status()
    status.conditions = [NodeCondition(type: "NetworkUnavailable", status: "True")]
    node.status = status
    #expect(NodeFacts(node).isNetworkUnavailable)
    node.status?.conditions = [NodeCondition(type: "NetworkUnavailable", status: "Unknown")]
    #expect(!NodeFacts(node).isNetworkUnavailable)
  }
}

@Suite struct UsableEndpointsTests {
  @Test(
    arguments: [
      (nil, nil, nil, true), (true, nil, nil, true), (true, true, false, true),
      (false, nil, nil, false), (false, false, nil, false), (false, true, true, true),
      (nil, false, true, true), (false, false, true, false), (true, true, true, true),
    ] as [(Bool?, Bool?, Bool?, Bool)])
  func `Ready, unknown, or serving counts`(
    ready: Bool?, serving: Bool?, terminating: Bool?, expected: Bool
  ) {
    let conditions = EndpointSlice.Conditions(
      ready: ready, serving: serving, terminating: terminating)
    let endpoint = EndpointSlice.Endpoint(addresses: ["10.1.0.1"], conditions: conditions)
    #expect(endpoint.isUsable == expected)
  }

  @Test func `Adds up all slices`() {
    let slice = { (endpoints: [EndpointSlice.Endpoint]) in
      EndpointSlice(
        metadata: ObjectMeta(name: "web-1"), addressType: "IPv4", endpoints: endpoints)
    }
    let notReady = EndpointSlice.Conditions(ready: false)
    let found = UsableEndpoints([
      slice([
        .init(addresses: ["10.1.0.1"], nodeName: "node1"),
        .init(addresses: ["10.1.0.2"], conditions: notReady, nodeName: "node2"),
      ]),
      slice([.init(addresses: ["10.1.0.3"]), .init(addresses: ["10.1.0.4"], nodeName: "node3")]),
    ])
    #expect(found == UsableEndpoints(exist: true, nodes: ["node1", "node3"]))
    let none = slice([.init(addresses: ["10.1.0.2"], conditions: notReady, nodeName: "node2")])
    #expect(UsableEndpoints([none]) == .none)
    #expect(UsableEndpoints([EndpointSlice]()) == .none)
  }
}
