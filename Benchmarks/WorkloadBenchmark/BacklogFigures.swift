import Glibc
import KubernetesAPI
import KubernetesClient

/// How a controller serves Services that wait when it starts.
struct BacklogFigures: Sendable {
  var count: Int
  /// Status writes a second of a loop that does nothing else, one at a time and ``BenchmarkCluster/writers`` at a time.
  var singleWriterRate: Double
  var bareRate: Double
  /// Status writes a second of the controller, between its first and its last.
  var rate: Double
  /// Processor time of client and server for one write: what the rates follow from where nothing else runs.
  var bareCost: Duration
  var cost: Duration
  /// From the start of the process to the last write.
  var time: Duration
  var writesPerService: Double
  /// Services that have an address of their own in the end.
  var served: Int
  /// When the last address was written.
  var processorTime: Duration
  var memory: ProcessFigures
  /// Half a minute later.
  var memoryAtRest: ProcessFigures
  /// Events that were written by then, and a few seconds later.
  var events: (Int, Int)

  init(_ count: Int, _ cluster: BenchmarkCluster) async throws {
    self.count = count
    try await cluster.createServices(
      count, in: BenchmarkCluster.bare, class: "example.com/nobody")
    singleWriterRate = try await Self.bareLoop(cluster, min(count, 1000), writers: 1)
    let before = try cluster.processorTime(of: getpid())
    bareRate = try await Self.bareLoop(cluster, count, writers: BenchmarkCluster.writers)
    bareCost = (try cluster.processorTime(of: getpid()) - before) / count
    try await cluster.client.deleteCollection(Service.self, namespace: BenchmarkCluster.bare)
    try await cluster.createServices(count, in: BenchmarkCluster.waiting)

    let writes = try await RequestCount("update", "services/status", client: cluster.client)
    let events = try await RequestCount("create", "events", client: cluster.client)
    let start = ContinuousClock.now
    let run = try await cluster.runningController { process in
      let first = try await writes.reach(1)
      let before = try cluster.processorTime(of: process)
      let last = try await writes.reach(count)
      let cost = (try cluster.processorTime(of: process) - before) / count
      let figures = try ProcessFigures(process: process)
      let early = try await events.value
      // Whatever is written once more would be by now.
      try await Task.sleep(for: .seconds(30))
      return (first, last, figures, early, try ProcessFigures(process: process), cost)
    }
    rate = Double(count) / (run.1 - run.0).seconds
    time = run.1 - start
    processorTime = run.2.processorTime
    (memory, memoryAtRest) = (run.2, run.4)
    cost = run.5
    self.events = (run.3, try await events.value)
    writesPerService = Double(try await writes.value) / Double(count)
    let addresses = try await cluster.client.list(
      Service.self, namespace: BenchmarkCluster.waiting
    ).items.flatMap { $0.status?.loadBalancer?.ingress ?? [] }.compactMap(\.ip)
    served = Set(addresses).count
  }

  /// Writes the status of Services as the controller does, without reading anything in between.
  private static func bareLoop(
    _ cluster: BenchmarkCluster, _ count: Int, writers: Int
  ) async throws -> Double {
    let services = try await cluster.client.list(Service.self, namespace: BenchmarkCluster.bare)
      .items.prefix(count)
    let start = ContinuousClock.now
    try await cluster.forEach(services, writers: writers) { service in
      var service = service
      service.metadata.annotations["metallb.io/ip-allocated-from-pool"] = "all-\(writers)"
      service.status = Service.Status(
        loadBalancer: .init(ingress: [.init(ip: "10.11.12.\(writers)")]))
      _ = try await cluster.client.updateStatus(service)
    }
    return Double(count) / (ContinuousClock.now - start).seconds
  }
}

/// How long a Service that is created beside an idle controller waits for its address, as a watch of somebody else sees it.
struct LatencyFigures: Sendable {
  var median: Duration
  var percentile99: Duration

  init(_ count: Int, _ cluster: BenchmarkCluster) async throws {
    let delays = try await cluster.runningController { _ in
      var delays: [Duration] = []
      let watch = try await cluster.client.watch(
        Service.resource, namespace: BenchmarkCluster.waiting)
      var events = watch.makeAsyncIterator()
      // The first one waits for the controller to start.
      for index in 0...count {
        let name = "single-\(index)"
        let start = ContinuousClock.now
        _ = try await cluster.client.create(
          BenchmarkCluster.service(name, in: BenchmarkCluster.waiting))
        while let event = try await events.next() {
          guard case .modified(let object) = event,
            object[path: ["metadata", "name"]]?.stringValue == name,
            object[path: ["status", "loadBalancer", "ingress"]] != nil
          else { continue }
          break
        }
        if index > 0 { delays.append(ContinuousClock.now - start) }
        // An idle controller: nothing of the last one is under way any more.
        try await Task.sleep(for: .milliseconds(20))
      }
      return delays.sorted()
    }
    median = delays[delays.count / 2]
    percentile99 = delays[delays.count * 99 / 100]
  }
}

extension BenchmarkCluster {
  /// Of the server and one client, so far.
  fileprivate func processorTime(of client: Int32) throws -> Duration {
    try ProcessFigures(process: server).processorTime
      + ProcessFigures(process: client).processorTime
  }
}
