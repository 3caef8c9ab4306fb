import KubernetesAPI
import KubernetesClient
import MetalLBAPI

/// The memory of a speaker that is alone in its cluster and announces Services on layer 2.
///
/// It runs in the network that this process is in, which has to be one of its own.
struct SpeakerFigures: Sendable {
  private static let node = "node-1"

  /// From the start of the process to the last status object.
  var time: Duration
  /// When the last Service was announced.
  var processorTime: Duration
  var memory: ProcessFigures
  /// Half a minute later.
  var memoryAtRest: ProcessFigures

  init(_ count: Int, _ cluster: BenchmarkCluster) async throws {
    try await Self.prepare(count, cluster)
    let start = ContinuousClock.now
    (time, memory, memoryAtRest) = try await cluster.runningSpeaker(on: Self.node) { process in
      while try await cluster.announced < count {
        try await Task.sleep(for: .milliseconds(200))
      }
      let time = ContinuousClock.now - start
      let memory = try ProcessFigures(process: process)
      try await Task.sleep(for: .seconds(30))
      return (time, memory, try ProcessFigures(process: process))
    }
    processorTime = memory.processorTime
  }

  /// A node, an advertisement, and Services with an address and one endpoint each.
  private static func prepare(_ count: Int, _ cluster: BenchmarkCluster) async throws {
    let client = cluster.client
    var node = try await client.create(Node(metadata: ObjectMeta(name: node)))
    var status = Node.Status()
    status.conditions = [.init(type: "Ready", status: "True")]
    status.addresses = [.init(type: "InternalIP", address: "192.0.2.1")]
    node.status = status
    _ = try await client.updateStatus(node)
    _ = try await client.create(
      L2Advertisement(
        metadata: ObjectMeta(name: "all", namespace: BenchmarkCluster.namespace), spec: .init()))
    try await cluster.createServices(count, in: BenchmarkCluster.waiting)
    try await cluster.forEach(0..<count) { index in
      let name = "web-\(index)"
      var slice = EndpointSlice(
        metadata: ObjectMeta(
          name: name, namespace: BenchmarkCluster.waiting,
          labels: [EndpointSlice.serviceNameLabel: name]), addressType: "IPv4")
      slice.endpoints = [
        .init(addresses: ["10.1.\(index / 250).\(index % 250 + 1)"], nodeName: Self.node)
      ]
      _ = try await client.create(slice)
    }
    try await cluster.runningController { _ in
      let writes = try await RequestCount("update", "services/status", client: client)
      _ = try await writes.reach(count)
    }
  }
}

extension BenchmarkCluster {
  /// How many Services a speaker says that it announces.
  fileprivate var announced: Int {
    get async throws {
      try await client.list(ServiceL2Status.self, namespace: Self.namespace).items.count
    }
  }
}
