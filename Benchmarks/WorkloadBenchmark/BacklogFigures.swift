import Glibc
import KubernetesAPI
import KubernetesClient

/// How a controller serves Services that wait when it starts.
struct BacklogFigures: Sendable {
  var count: Int
  /// A loop that does nothing else, one write at a time.
  var singleWriter: WritePace
  /// ``BenchmarkCluster/writers`` at a time: the mean of one loop before the controller and one after it, as machines
  /// have moods.
  var bare: WritePace
  /// The controller, between its first write and its last.
  var ours: WritePace
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
    let bareBefore = try await Self.bareLoop(cluster, count)
    singleWriter = try await Self.bareLoop(cluster, min(count, 1000), writers: 1)
    try await cluster.createServices(count, in: BenchmarkCluster.waiting)

    let writes = try await RequestCount("update", "services/status", client: cluster.client)
    let events = try await RequestCount("create", "events", client: cluster.client)
    let start = ContinuousClock.now
    let run = try await cluster.runningController { process in
      let first = try await writes.reach(1)
      let before = try cluster.processorTime(of: process)
      let last = try await writes.reach(count)
      let cost = try cluster.processorTime(of: process) - before
      let figures = try ProcessFigures(process: process)
      let early = try await events.value
      // Whatever is written once more would be by now.
      try await Task.sleep(for: .seconds(30))
      return (first, last, figures, early, try ProcessFigures(process: process), cost)
    }
    ours = WritePace(count, in: run.1 - run.0, cost: run.5)
    time = run.1 - start
    processorTime = run.2.processorTime
    (memory, memoryAtRest) = (run.2, run.4)
    self.events = (run.3, try await events.value)
    writesPerService = Double(try await writes.value) / Double(count)
    let addresses = try await cluster.client.list(
      Service.self, namespace: BenchmarkCluster.waiting
    ).items.flatMap { $0.status?.loadBalancer?.ingress ?? [] }.compactMap(\.ip)
    served = Set(addresses).count
    try await cluster.client.deleteCollection(Service.self, namespace: BenchmarkCluster.waiting)
    let bareAfter = try await Self.bareLoop(cluster, count)
    bare = WritePace(mean: bareBefore, bareAfter)
  }

  /// Writes the status of Services as the controller does, without reading anything in between: of fresh ones, as theirs
  /// is the first status.
  private static func bareLoop(
    _ cluster: BenchmarkCluster, _ count: Int, writers: Int = BenchmarkCluster.writers
  ) async throws -> WritePace {
    try await cluster.createServices(count, in: BenchmarkCluster.bare, class: "example.com/nobody")
    let services = try await cluster.client.list(Service.self, namespace: BenchmarkCluster.bare)
      .items
    let before = try cluster.processorTime(of: getpid())
    let start = ContinuousClock.now
    try await cluster.forEach(services, writers: writers) { service in
      var service = service
      service.metadata.annotations["metallb.io/ip-allocated-from-pool"] = "all-\(writers)"
      service.status = Service.Status(
        loadBalancer: .init(ingress: [.init(ip: "10.11.12.\(writers)")]))
      _ = try await cluster.client.updateStatus(service)
    }
    let pace = WritePace(
      count, in: ContinuousClock.now - start,
      cost: try cluster.processorTime(of: getpid()) - before)
    try await cluster.client.deleteCollection(Service.self, namespace: BenchmarkCluster.bare)
    return pace
  }
}

/// How fast status writes went.
struct WritePace: Sendable {
  /// A second.
  var rate: Double
  /// Processor time of client and server for one: what the rates follow from where nothing else runs.
  var cost: Duration

  init(_ count: Int, in time: Duration, cost: Duration) {
    rate = Double(count) / time.seconds
    self.cost = cost / count
  }

  init(mean first: WritePace, _ second: WritePace) {
    rate = (first.rate + second.rate) / 2
    cost = (first.cost + second.cost) / 2
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
