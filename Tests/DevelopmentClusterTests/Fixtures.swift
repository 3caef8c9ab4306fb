import KubernetesAPI

/// Objects as tests need them, with what matters as arguments.
enum Fixture {
  static func node(
    _ name: String, labels: [String: String] = [:], taints: [Taint] = [],
    unschedulable: Bool = false, ready: String? = "True"
  ) -> Node {
    var spec = Node.Spec()
    spec.taints = taints
    spec.unschedulable = unschedulable
    var status = Node.Status()
    status.conditions = ready.map { [NodeCondition(type: "Ready", status: $0)] }
    return Node(
      metadata: ObjectMeta(name: name, labels: labels), spec: spec, status: status)
  }

  static func pod(
    _ name: String, labels: [String: String] = ["app": "web"], on node: String? = nil,
    ip: String? = nil, ready: Bool = true, phase: String = "Running", owner: String? = nil,
    terminating: Bool = false, _ change: (inout PodSpec) -> Void = { _ in }
  ) -> Pod {
    var spec = PodSpec()
    spec.nodeName = node
    var container = Container(name: "main", image: "example/echo:v1")
    container.ports = [
      ContainerPort(name: "http", containerPort: 8080),
      ContainerPort(name: "dns", containerPort: 53, protocol: "UDP"),
    ]
    spec.containers = [container]
    change(&spec)
    var status = PodStatus()
    status.phase = phase
    status.podIP = ip
    status.conditions = [PodCondition(type: "Ready", status: ready ? "True" : "False")]
    var metadata = ObjectMeta(name: name, namespace: "default", uid: "uid-\(name)", labels: labels)
    if let owner {
      metadata.ownerReferences = [
        OwnerReference(
          apiVersion: "apps/v1", kind: "DaemonSet", name: owner, uid: "uid-\(owner)",
          controller: true)
      ]
    }
    if terminating { metadata.deletionTimestamp = Timestamp(seconds: 1) }
    return Pod(metadata: metadata, spec: spec, status: status)
  }

  static func service(
    _ name: String = "web", type: String = "ClusterIP", clusterIP: String? = "10.96.0.10",
    ports: [Service.Port] = [Service.Port(name: "http", port: 80, targetPort: "http")],
    ingress: [String] = [], _ change: (inout Service.Spec) -> Void = { _ in }
  ) -> Service {
    var spec = Service.Spec(type: type)
    spec.selector = ["app": "web"]
    spec.clusterIP = clusterIP
    spec.ports = ports
    change(&spec)
    var service = Service(
      metadata: ObjectMeta(name: name, namespace: "default", uid: "uid-\(name)"), spec: spec)
    if !ingress.isEmpty {
      service.status = Service.Status(
        loadBalancer: .init(ingress: ingress.map { .init(ip: $0) }))
    }
    return service
  }
}
