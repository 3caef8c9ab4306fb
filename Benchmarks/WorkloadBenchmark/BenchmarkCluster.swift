import FoundationEssentials
import KubernetesAPI
import KubernetesClient
import KubernetesYAML
import MetalLBAPI

/// A development API server of its own process, with the kinds of MetalLB, one pool, and Services.
struct BenchmarkCluster: Sendable {
  static let namespace = "metallb-system"
  /// Where Services wait for the controller.
  static let waiting = "waiting"
  /// Where Services are that nobody but the bare loop writes.
  static let bare = "bare"
  /// How many requests are under way at the same time; as many as the controller has writers.
  static let writers = 16

  var program: Program
  var client: APIClient
  /// The server's process id.
  var server: Int32
  var kubeconfig: String { Self.kubeconfig(program) }

  private static func kubeconfig(_ program: Program) -> String { "\(program.folder)/kubeconfig" }

  /// Starts a server, fills it and calls `body`.
  static func running<Result: Sendable>(
    _ program: Program, _ body: (Self) async throws -> Result
  ) async throws -> Result {
    let path = kubeconfig(program)
    // Every server has an authority and a token of its own.
    try? FileManager.default.removeItem(atPath: path)
    return try await program.running(
      ["apiserver", "--listen", "127.0.0.1:0", "--kubeconfig", path, "--log-level", "none"],
      log: "apiserver"
    ) { process in
      while !FileManager.default.fileExists(atPath: path) {
        try await Task.sleep(for: .milliseconds(20))
      }
      let cluster = Self(
        program: program,
        client: APIClient(configuration: try .kubeconfig(path: path), userAgent: "benchmark"),
        server: process)
      try await cluster.prepare()
      return try await body(cluster)
    }
  }

  private func prepare() async throws {
    for definition in CustomResourceDefinitions.yaml {
      for document in try JSONValue.documents(yaml: definition.text) {
        _ = try await client.apply(
          document, Self.customResourceDefinitions, fieldManager: "benchmark", force: true)
      }
    }
    for name in [Self.namespace, Self.waiting, Self.bare] {
      _ = try await client.create(Namespace(metadata: ObjectMeta(name: name)))
    }
    let pool = IPAddressPool(
      metadata: ObjectMeta(name: "all", namespace: Self.namespace),
      spec: IPAddressPool.Spec(addresses: ["10.0.0.0/8"]))
    // The kind is served a moment after its definition is stored.
    while true {
      do {
        _ = try await client.create(pool)
        return
      } catch let error as KubernetesError where error.isNotFound {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// Creates Services that want an address. They look like those of users: labels, an annotation, a selector, two ports.
  func createServices(_ count: Int, in namespace: String, class name: String? = nil) async throws {
    try await forEach(0..<count) { index in
      _ = try await client.create(Self.service("web-\(index)", in: namespace, class: name))
    }
  }

  static func service(
    _ name: String, in namespace: String, class loadBalancerClass: String? = nil
  ) -> Service {
    var spec = Service.Spec(type: "LoadBalancer")
    spec.ports = [
      Service.Port(name: "http", protocol: "TCP", port: 80, targetPort: 8080),
      Service.Port(name: "https", protocol: "TCP", port: 443, targetPort: 8443),
    ]
    spec.selector = ["app.kubernetes.io/name": name]
    spec.loadBalancerClass = loadBalancerClass
    // There are fewer ports on nodes than Services here.
    spec.allocateLoadBalancerNodePorts = false
    return Service(
      metadata: ObjectMeta(
        name: name, namespace: namespace,
        labels: ["app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop"],
        annotations: ["example.com/contact": "shop@example.com"]),
      spec: spec)
  }

  /// Calls `body` with every element, for ``writers`` of them at the same time.
  func forEach<Element: Sendable>(
    _ elements: some Collection<Element>, writers: Int = Self.writers,
    _ body: @escaping @Sendable (Element) async throws -> Void
  ) async throws {
    var rest = elements.makeIterator()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<writers {
        guard let element = rest.next() else { break }
        group.addTask { try await body(element) }
      }
      while try await group.next() != nil {
        guard let element = rest.next() else { continue }
        group.addTask { try await body(element) }
      }
    }
  }

  /// Runs a controller beside `body`, which gets its process id.
  func runningController<Result: Sendable>(
    _ body: (Int32) async throws -> Result
  ) async throws -> Result {
    try await program.running(
      [
        "controller", "--kubeconfig", kubeconfig, "--namespace", Self.namespace, "--port", "0",
        "--health-probe-port", "27472", "--webhook-mode", "disabled",
      ], log: "controller", body)
  }

  /// Runs the speaker of a node beside `body`, which gets its process id. It announces on every interface.
  func runningSpeaker<Result: Sendable>(
    on node: String, _ body: (Int32) async throws -> Result
  ) async throws -> Result {
    try await program.running(
      [
        "speaker", "--kubeconfig", kubeconfig, "--namespace", Self.namespace, "--port", "27473",
        "--health-probe-port", "27474", "--node-name", node, "--pod-name", "speaker-\(node)",
      ], log: "speaker", body)
  }

  private static let customResourceDefinitions = ResourceKind(
    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions", isNamespaced: false)
}
