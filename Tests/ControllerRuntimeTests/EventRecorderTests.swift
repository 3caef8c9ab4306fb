import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import ManualTime
import ServiceLifecycle
import Testing

@testable import ControllerRuntime

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct EventRecorderTests {
  private func service(_ namespace: String) -> KubernetesAPI.Service {
    KubernetesAPI.Service(metadata: ObjectMeta(name: "svc", namespace: namespace, uid: "u"))
  }

  @Test func `repetitions count one event up`() async throws {
    try await withTestCluster { cluster in
      // The two seconds that a shutdown sends for do not pass.
      let recorder = EventRecorder(
        client: cluster.client, component: "metallb-controller",
        time: TimeSource(clock: ManualClock()), logger: silent)
      let group = ServiceGroup(services: [recorder], logger: silent)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        for _ in 0..<3 {
          recorder.record(
            .normal, reason: "IPAllocated", "Assigned IP [\"192.0.2.1\"]",
            on: service(cluster.namespace))
        }
        recorder.record(.warning, reason: "AllocationFailed", "no", on: service(cluster.namespace))
        // Graceful shutdown sends what waits.
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
      let events = try await cluster.client.list(Event.self, namespace: cluster.namespace).items
        .filter { $0.involvedObject.name == "svc" }
        .sorted { ($0.count ?? 0) > ($1.count ?? 0) }
      #expect(events.map(\.reason) == ["IPAllocated", "AllocationFailed"])
      #expect(events.map(\.count) == [3, 1])
      #expect(events.first?.source?.component == "metallb-controller")
      #expect(events.first?.message == "Assigned IP [\"192.0.2.1\"]")
      #expect(recorder.droppedCount == 0)
    }
  }

  @Test func `recording never waits: what does not fit is dropped and counted`() {
    let recorder = EventRecorder(
      client: APIClient(configuration: ClientConfiguration(server: "http://127.0.0.1:1")),
      component: "c", capacity: 3, logger: silent)
    for index in 0..<5 {
      recorder.record(.normal, reason: "R", "\(index)", on: service("ns"))
    }
    #expect(recorder.droppedCount == 2)
  }

  @Test func `where nothing fits a warning takes the place of what went well`() async throws {
    try await withTestCluster { cluster in
      let recorder = EventRecorder(
        client: cluster.client, component: "c", capacity: 2, logger: silent)
      for reason in ["First", "Second"] {
        recorder.record(.normal, reason: reason, "m", on: service(cluster.namespace))
      }
      recorder.record(.warning, reason: "Failed", "m", on: service(cluster.namespace))
      recorder.record(.normal, reason: "Third", "m", on: service(cluster.namespace))
      #expect(recorder.droppedCount == 2)
      let group = ServiceGroup(services: [recorder], logger: silent)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
      let events = try await cluster.client.list(Event.self, namespace: cluster.namespace).items
      #expect(Set(events.compactMap(\.reason)) == ["First", "Failed"])
    }
  }

  @Test func `events make way for work, though not for long`() async throws {
    try await withTestCluster { cluster in
      let clock = ManualClock()
      let recorder = EventRecorder(
        client: cluster.client, component: "c", time: TimeSource(clock: clock), logger: silent)
      recorder.makeWay { true }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await recorder.run() }
        recorder.record(.normal, reason: "R", "m", on: service(cluster.namespace))
        await clock.waitForSleepers(1)
        let early = try await cluster.client.list(Event.self, namespace: cluster.namespace).items
        #expect(early.isEmpty)
        clock.advance(by: .seconds(5))
        #expect(try await firstEvent(cluster, except: "") != "")
        group.cancelAll()
      }
    }
  }

  @Test func `an event that the server forgot is made anew`() async throws {
    try await withTestCluster { cluster in
      let recorder = EventRecorder(client: cluster.client, component: "c", logger: silent)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await recorder.run() }
        let object = service(cluster.namespace)
        recorder.record(.normal, reason: "R", "m", on: object)
        let first = try await firstEvent(cluster, except: "")
        try await cluster.client.delete(Event.self, first, namespace: cluster.namespace)
        recorder.record(.normal, reason: "R", "m", on: object)
        let second = try await firstEvent(cluster, except: first)
        #expect(second != first)
        group.cancelAll()
      }
    }
  }

  /// The name of the first event of the Service that appears.
  private func firstEvent(_ cluster: TestCluster, except: String) async throws -> String {
    let events = try await cluster.client.watch(Event.resource, namespace: cluster.namespace)
    for try await case .added(let object) in events {
      let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
      if name.hasPrefix("svc."), name != except { return name }
    }
    return ""
  }

  @Test func `a forbidden event silences the recorder for a minute`() async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { _, response in
      try await response.fail(403, reason: "Forbidden")
    } _: { server in
      let recorder = EventRecorder(
        client: APIClient(configuration: server.configuration), component: "c",
        time: TimeSource(clock: clock), logger: silent)
      await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await recorder.run() }
        for (index, requests) in [(0, 1), (1, 1), (2, 1)] {
          recorder.record(.normal, reason: "R", "\(index)", on: service("ns"))
          while recorder.droppedCount <= index { await Task.yield() }
          #expect(server.requests.count == requests)
        }
        clock.advance(by: .seconds(60))
        recorder.record(.normal, reason: "R", "3", on: service("ns"))
        while recorder.droppedCount < 4 { await Task.yield() }
        #expect(server.requests.count == 2)
        group.cancelAll()
      }
    }
  }

  @Test func `a busy server gets an event a little later`() async throws {
    let clock = ManualClock()
    try await ScriptedServer.run { request, response in
      if request.number == 0 {
        try await response.fail(500)
      } else {
        try await response.send(201, try JSONValue(parsing: request.body))
      }
    } _: { server in
      let recorder = EventRecorder(
        client: APIClient(configuration: server.configuration), component: "c",
        time: TimeSource(clock: clock), logger: silent)
      await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await recorder.run() }
        recorder.record(.normal, reason: "R", "m", on: service("ns"))
        await clock.waitForSleepers()
        clock.advance(by: .seconds(1))
        while server.requests.count < 2 { await Task.yield() }
        #expect(server.requests.map(\.body).first == server.requests.map(\.body).last)
        #expect(recorder.droppedCount == 0)
        group.cancelAll()
      }
    }
  }
}
