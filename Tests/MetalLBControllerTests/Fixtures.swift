import ClusterConfiguration
import IPAllocation
import KubernetesAPI
import MetalLBAPI
import NetworkAddresses

@testable import MetalLBController

let testNamespace = "metallb-system"

/// A load balancer Service with one cluster address, created `age` seconds after the epoch.
func service(
  _ name: String = "web", created age: Int64 = 0, clusterIPs: [String] = ["10.96.0.1"],
  addresses: [String] = [], pool: String? = nil, annotations: [String: String] = [:],
  labels: [String: String] = [:], port: Int = 80, _ change: (inout Service) -> Void = { _ in }
) -> Service {
  var spec = Service.Spec(type: "LoadBalancer")
  spec.clusterIPs = clusterIPs
  spec.clusterIP = clusterIPs.first
  spec.ports = [Service.Port(port: port)]
  var metadata = ObjectMeta(
    name: name, namespace: "default", uid: "uid-\(name)", resourceVersion: "1",
    creationTimestamp: Timestamp(seconds: age), labels: labels, annotations: annotations)
  metadata.annotations["metallb.io/ip-allocated-from-pool"] = pool
  var service = Service(metadata: metadata, spec: spec)
  if !addresses.isEmpty {
    service.status = Service.Status(
      loadBalancer: .init(ingress: addresses.map { Service.LoadBalancerIngress(ip: $0) }))
  }
  change(&service)
  return service
}

func dual(
  _ name: String = "web", policy: String = "PreferDualStack", addresses: [String] = [],
  pool: String? = nil, annotations: [String: String] = [:]
) -> Service {
  service(
    name, clusterIPs: ["10.96.0.1", "fd96::1"], addresses: addresses, pool: pool,
    annotations: annotations
  ) { $0.spec?.ipFamilyPolicy = policy }
}

func pool(
  _ name: String, _ addresses: [String], autoAssign: Bool? = nil, avoidBuggyIPs: Bool? = nil,
  allocation: IPAddressPool.ServiceAllocation? = nil
) -> IPAddressPool {
  IPAddressPool(
    metadata: ObjectMeta(
      name: name, namespace: testNamespace, uid: "uid-\(name)",
      creationTimestamp: Timestamp(seconds: 0)),
    spec: IPAddressPool.Spec(
      addresses: addresses, autoAssign: autoAssign, avoidBuggyIPs: avoidBuggyIPs,
      serviceAllocation: allocation))
}

extension ServiceConvergence {
  /// A convergence that knows these pools.
  init(_ pools: IPAddressPool..., loadBalancerClass: String? = nil) {
    self.init(loadBalancerClass: loadBalancerClass)
    configure(pools)
  }

  /// Configures from scratch, as after a restart.
  mutating func configure(_ pools: [IPAddressPool]) {
    var assembler = ConfigurationAssembler()
    _ = configure(assembler.assemble(ConfigurationSources(ipAddressPools: pools)))
  }

  /// Decides, and treats the decision as written. Returns the Service as it then stands in the API.
  mutating func settle(_ service: Service) -> (decision: ServiceDecision, service: Service) {
    let decision = converge(service)
    confirm(ServiceKey(service.namespacedName))
    return (decision, decision.update ?? service)
  }
}

extension Service {
  var ingressIPs: [String] { status?.loadBalancer?.ingress?.compactMap(\.ip) ?? [] }
  var allocatedFrom: String? { metadata.annotations["metallb.io/ip-allocated-from-pool"] }
}

extension ServiceDecision {
  var reasons: [ServiceEvent.Reason] { events.map(\.reason) }
}

func ip(_ text: String) -> IPAddress {
  IPAddress(text) ?? .v4(IPv4Address(rawValue: 0))
}
