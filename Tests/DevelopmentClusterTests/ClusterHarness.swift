import DevelopmentAPIServer
import KubernetesAPI
import KubernetesClient
import Logging
import NetworkAddresses
import NetworkLab
import Testing

@testable import DevelopmentCluster

/// A cluster with an API server of its own, in namespaces, for the time of one test.
struct ClusterHarness: Sendable {
  let network: ClusterNetwork
  let cluster: LabCluster
  let client: APIClient

  /// The image `tool` runs its arguments with the machine's shell.
  static let images = ImageCatalog([
    .init(names: ["tool"], image: .init(entrypoint: ["/bin/sh", "-c"]))
  ])

  static func run(
    nodes: Int = 1, _ body: @escaping @Sendable (ClusterHarness) async throws -> Void
  ) async throws {
    try await withLab { lab in
      let network = try await ClusterNetwork.build(in: lab, nodes: nodes)
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      let host = network.topology.machine.address.description
      let server = try APIServer(configuration: .init(host: host, port: 6443))
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await server.run()
          return false
        }
        try await server.waitUntilServing()
        let path = "\(lab.directory)/kubeconfig"
        try LabFiles.write(try server.kubeconfig(), to: path, mode: 0o600)
        let client = APIClient(configuration: try .kubeconfig(path: path))
        let cluster = LabCluster(
          network: network, client: client, images: images, logger: logger)
        group.addTask {
          try await cluster.run()
          return false
        }
        let harness = ClusterHarness(network: network, cluster: cluster, client: client)
        group.addTask {
          try await body(harness)
          return true
        }
        defer { group.cancelAll() }
        while let isDone = try await group.next() { if isDone { return } }
      }
    }
  }

  /// Waits until an object is as wanted; `nil` stands for one that is not there. The time limit of
  /// the suite ends what never comes true.
  @discardableResult
  func eventually<R: KubernetesResource>(
    _ type: R.Type = R.self, _ name: String, namespace: String? = "default",
    _ isRight: (R?) throws -> Bool
  ) async throws -> R? {
    while true {
      let object = try await client.find(
        R.self, name, namespace: R.resource.isNamespaced ? namespace : nil)
      if try isRight(object) { return object }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Waits until the Pods of the namespace `default` are as wanted.
  @discardableResult
  func eventuallyPods(_ isRight: ([Pod]) -> Bool) async throws -> [Pod] {
    while true {
      let pods = try await client.list(Pod.self, namespace: "default").items
      if isRight(pods) { return pods }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// What a container has printed.
  func log(of pod: Pod, _ container: String = "main") -> String {
    let file = "default_\(pod.metadata.name)_\(container).log"
    return (try? LabFiles.read("\(LabCluster.logFolder(of: network.lab))/\(file)")) ?? ""
  }

  static func container(_ script: String, named name: String = "main") -> Container {
    var container = Container(name: name, image: "lab/tool:latest")
    container.args = [script]
    return container
  }

  static func template(
    _ containers: [Container], _ change: (inout PodSpec) -> Void = { _ in }
  ) -> PodTemplateSpec {
    var spec = PodSpec()
    spec.containers = containers
    spec.terminationGracePeriodSeconds = 1
    change(&spec)
    return PodTemplateSpec(metadata: ObjectMeta(labels: ["app": "web"]), spec: spec)
  }

  @discardableResult
  func createPod(
    _ name: String, _ containers: [Container], _ change: (inout PodSpec) -> Void = { _ in }
  ) async throws -> Pod {
    let template = Self.template(containers, change)
    return try await client.create(
      Pod(
        metadata: ObjectMeta(name: name, namespace: "default", labels: ["app": "web"]),
        spec: template.spec))
  }
}
