internal import Backoff
internal import DequeModule
package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// The kind of an event, `type` in the API.
package enum EventType: String, Sendable, Hashable {
  case normal = "Normal"
  case warning = "Warning"
}

/// Writes core/v1 Events. Recording never waits and never fails: events go through a bounded queue
/// that ``run()`` empties, and what does not fit is counted and dropped, warnings last. Repetitions
/// count up the event that exists (see `EventAggregation`).
package final class EventRecorder: ServiceLifecycle.Service {
  /// How often one event is tried while the server is not to be reached or busy.
  private static let attempts = 4
  /// How long a graceful shutdown goes on sending.
  private static let farewell = Duration.seconds(2)
  /// How long an event makes way for work at most, and how often it looks.
  private static let courtesy = Duration.seconds(5)
  private static let glance = Duration.milliseconds(50)
  /// How long events are dropped after one was forbidden.
  private static let mute = Duration.seconds(60)

  private struct State {
    var queue = Deque<EventFacts>()
    var dropped = 0
    var wake: AsyncStream<Void>.Continuation?
    /// Whether requests would be in the way of work that somebody waits for.
    var isBusy: (@Sendable () -> Bool)?
    /// The server forbids events; nothing is sent before this moment.
    var mutedUntil: ContinuousClock.Instant?
    /// Set by graceful shutdown: what is left then is dropped.
    var end: ContinuousClock.Instant?
  }

  private let client: APIClient
  private let component: String
  private let host: String?
  private let capacity: Int
  private let time: TimeSource
  private let logger: Logger
  private let state = Mutex(State())
  private let backoff = Backoff(initial: .milliseconds(200), cap: .seconds(5), jitter: 0.5)

  /// - Parameters:
  ///   - component: `source.component`, `metallb-controller` for example.
  ///   - host: `source.host`: the node, where that says something.
  ///   - capacity: how many events may wait.
  package init(
    client: APIClient, component: String, host: String? = nil, capacity: Int = 1000,
    time: TimeSource = .system, logger: Logger
  ) {
    self.client = client
    self.component = component
    self.host = host
    self.capacity = capacity
    self.time = time
    self.logger = logger
  }

  /// Records an event on a typed object.
  package func record<R: KubernetesResource>(
    _ type: EventType, reason: String, _ message: String, on object: R
  ) {
    record(type, reason: reason, message, on: ObjectReference(object))
  }

  /// Records an event on an object by reference; it goes to the object's namespace, to `default`
  /// for cluster-scoped ones.
  package func record(
    _ type: EventType, reason: String, _ message: String, on object: ObjectReference
  ) {
    // The API takes messages of up to 1024 bytes.
    let message = message.utf8.count <= 1024 ? message : message.truncated(utf8: 1021) + "…"
    let facts = EventFacts(object: object, type: type, reason: reason, message: message)
    state.withLock { state in
      if state.queue.count >= capacity {
        state.dropped += 1
        // Of many that something went well one is the least loss.
        guard type == .warning, let last = state.queue.lastIndex(where: { $0.type == .normal })
        else { return }
        state.queue.remove(at: last)
      }
      state.queue.append(facts)
      state.wake?.yield()
    }
  }

  /// Lets events wait while there is more important work for the same server, each at most a few
  /// seconds.
  package func makeWay(while isBusy: @escaping @Sendable () -> Bool) {
    state.withLock { $0.isBusy = isBusy }
  }

  /// Events that were never sent: the queue was full, their object had too many, or the server
  /// refused them.
  package var droppedCount: Int { state.withLock { $0.dropped } }

  /// Sends until graceful shutdown, which sends what is left for up to two seconds, or cancellation.
  package func run() async throws {
    let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.wake = wake }
    wake.yield()
    var aggregation = EventAggregation(component: component, host: host)
    await withGracefulShutdownHandler {
      for await _ in wakes { await drain(&aggregation) }
      // Reached when the stream was finished, and when the task was cancelled.
      await drain(&aggregation)
    } onGracefulShutdown: {
      let end = self.time.now.advanced(by: Self.farewell)
      self.state.withLock { $0.end = end }
      wake.finish()
    }
  }

  private func drain(_ aggregation: inout EventAggregation) async {
    while !Task.isCancelled, state.withLock({ !$0.queue.isEmpty }) {
      await waitForWork()
      guard !Task.isCancelled, let facts = state.withLock({ $0.queue.popFirst() }) else { return }
      let now = time.now
      let isSilent = state.withLock { state in
        state.end.map { now >= $0 } ?? false || state.mutedUntil.map { now < $0 } ?? false
      }
      if isSilent { drop() } else { await send(facts, &aggregation) }
    }
  }

  private func waitForWork() async {
    let end = time.now.advanced(by: Self.courtesy)
    while time.now < end {
      // A shutdown waits for nobody's work.
      let isBusy = state.withLock { state in state.end == nil ? state.isBusy : nil }
      guard let isBusy, isBusy() else { return }
      do { try await time.sleep(for: Self.glance) } catch { return }
    }
  }

  private func send(_ facts: EventFacts, _ aggregation: inout EventAggregation) async {
    var decision = aggregation.decide(facts, now: time.now, wall: time.wall)
    var failures = 0
    while true {
      do {
        switch decision {
        case .drop: drop()
        case .create(let event): _ = try await client.create(event)
        case .count(_, let namespace, let name, let count, let last):
          let patch: JSONValue = [
            "count": .integer(Int64(count)), "lastTimestamp": .string(last.rfc3339),
          ]
          _ = try await client.patch(
            Event.resource, name, namespace: namespace, .strategicMerge(patch))
        }
        return
      } catch let error as KubernetesError {
        if case .count(let facts, _, _, _, _) = decision, error.isNotFound {
          decision = .create(aggregation.recreate(facts, now: time.now, wall: time.wall))
          continue
        }
        failures += 1
        // The first attempt of a repeated one did arrive.
        if failures > 1, error.isAlreadyExists { return }
        guard error.isTransient, failures < Self.attempts else { return refuse(error) }
        var generator = SystemRandomNumberGenerator()
        let delay = backoff.delay(afterFailures: failures, using: &generator)
        do {
          try await time.sleep(for: max(delay, error.retryAfter ?? .zero))
        } catch {
          return drop()
        }
      } catch {
        return drop()
      }
    }
  }

  private func drop() { state.withLock { $0.dropped += 1 } }

  private func refuse(_ error: KubernetesError) {
    drop()
    // In a namespace that is being deleted nothing can be made; that is nobody's concern.
    let causes = error.status?.details?.causes ?? []
    if causes.contains(where: { $0.reason == "NamespaceTerminating" }) { return }
    if error.isForbidden {
      let end = time.now.advanced(by: Self.mute)
      state.withLock { $0.mutedUntil = end }
    }
    logger.warning("cannot write an event", metadata: ["error": "\(error)"])
  }
}

extension String {
  /// The longest prefix of whole characters that fits.
  fileprivate func truncated(utf8 limit: Int) -> String {
    var end = startIndex
    var size = 0
    for character in self {
      size += character.utf8.count
      if size > limit { break }
      end = index(after: end)
    }
    return String(self[..<end])
  }
}

extension ObjectReference {
  /// A reference to this incarnation of an object.
  package init<R: KubernetesResource>(_ object: R) {
    self.init(
      apiVersion: R.resource.apiVersion, kind: R.resource.kind,
      namespace: object.metadata.namespace, name: object.metadata.name, uid: object.metadata.uid,
      resourceVersion: object.metadata.resourceVersion)
  }
}
