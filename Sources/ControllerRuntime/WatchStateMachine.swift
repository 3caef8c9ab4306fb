internal import Backoff
internal import KubernetesAPI
internal import KubernetesClient

/// Keeps a copy of a collection current: lists, watches from the version of the list, and knows what
/// to do after everything that can happen to a watch.
///
/// ```
///            ┌────────────── listed ──────────────┐
///  start ─▶ listing ◀─┐                           ▼
///            │        │ 410            ┌──▶ watching ──┐ ended, failed, silent
///    failed  ▼        │                │               ▼
///         waitingToList          waitingToWatch ◀── (version kept)
/// ```
///
/// Where the server has streaming lists (Kubernetes 1.27 and newer), `streaming` takes the place of
/// `listing`: one watch brings first all objects and then their changes. A server that refuses that
/// is listed from then on.
///
/// | What happens | What follows |
/// |---|---|
/// | 410, or a version that the server has not reached | a fresh list; the last copy stays until it is there |
/// | 401 | credentials are renewed and the request repeated, at once the first time |
/// | 409, 429 | again after `Retry-After`, or after the back-off |
/// | 5xx, timeout, broken connection, garbage | again after the back-off, from the last version |
/// | the server ended the watch | at once again from the last version |
/// | silence beyond the server's timeout | the same, on a new connection |
///
/// The copy is replaced at once when a list is complete, never emptied while one is fetched. Events in,
/// actions out; the machine neither waits nor reads a clock.
struct WatchStateMachine<R: KubernetesResource> {
  typealias Instant = ContinuousClock.Instant

  /// What the shell tells.
  enum Event: Sendable {
    case start
    case listed(WatchSnapshot<R>)
    /// A list or a watch failed, before or after it had begun.
    case failed(KubernetesError)
    case watchOpened
    case received(WatchDelivery<R>)
    /// The server closed the watch.
    case watchEnded
    /// The watch went on for longer than the server was asked to let it.
    case watchSilent
    /// The time of the last `wait` has passed.
    case waited
  }

  /// What the shell does, in order. The last action of a step is the next operation, unless a watch
  /// that is being read goes on.
  enum Action: Sendable, Equatable {
    case list
    /// Opens a watch and reports silence after `silence`.
    case watch(WatchOptions, silence: Duration)
    case wait(Duration)
    case renewCredentials
    /// The whole copy is this now.
    case replace(WatchSnapshot<R>)
    case upsert(R)
    case remove(NamespacedName)
    /// For the log. `retry` is when the machine tries again; `nil` means at once.
    case report(KubernetesError, retry: Duration?)
  }

  private enum State {
    case idle
    case listing
    /// What has arrived is in `collected`.
    case streaming
    case watching(Watching)
    case waitingToList
    case waitingToWatch(version: String)
  }

  private struct Watching {
    var version: String
    var openedAt: Instant?
    var hasReceived = false
  }

  /// A watch that ends sooner than this, without an event, counts as failed: the server accepts
  /// watches and closes them.
  static var shortestWatch: Duration { .seconds(1) }
  /// What the server may take longer than it was asked to.
  static var silenceMargin: Duration { .seconds(15) }
  /// A server's wish beyond this is not followed.
  static var longestRetryAfter: Duration { .seconds(300) }

  private let backoff: Backoff
  private var streamsLists: Bool
  private var state = State.idle
  /// The objects of a streaming list that is not complete. Not in the state's payload, so that it
  /// grows in place.
  private var collected = WatchSnapshot<R>()
  private var failures = 0
  /// 401 answers in a row.
  private var refusals = 0

  init(
    streamsLists: Bool = true,
    backoff: Backoff = Backoff(initial: .milliseconds(500), cap: .seconds(30), jitter: 0.5)
  ) {
    self.streamsLists = streamsLists
    self.backoff = backoff
  }

  mutating func step(
    _ event: Event, now: Instant, using generator: inout some RandomNumberGenerator
  ) -> [Action] {
    switch (state, event) {
    case (.idle, .start): return [startOver(&generator)]
    case (.waitingToList, .waited): return [startOver(&generator)]
    case (.waitingToWatch(let version), .waited): return [watch(from: version, &generator)]

    case (.listing, .listed(let snapshot)):
      (failures, refusals) = (0, 0)
      return [.replace(snapshot), watch(from: snapshot.version, &generator)]
    case (.listing, .failed(let error)): return failed(error, version: nil, &generator)

    case (.streaming, .watchOpened): return []
    case (.streaming, .received(let delivery)):
      return streamed(delivery, now: now, &generator)
    case (.streaming, .failed(let error)):
      if error.failure == .invalid || error.failure == .badRequest, streamsLists {
        // The feature is off, or the server is older than it.
        streamsLists = false
        return [startOver(&generator)]
      }
      return failed(error, version: nil, &generator)
    case (.streaming, .watchEnded), (.streaming, .watchSilent):
      let error = KubernetesError(
        .connection, detail: "the watch ended before all objects had arrived")
      return failed(error, version: nil, &generator)

    case (.watching(var watching), .watchOpened):
      watching.openedAt = now
      refusals = 0
      state = .watching(watching)
      return []
    case (.watching(let watching), .received(let delivery)):
      return received(delivery, watching, &generator)
    case (.watching(let watching), .failed(let error)):
      return failed(error, version: watching.version, &generator)
    case (.watching(let watching), .watchEnded):
      return ended(watching, now: now, &generator)
    case (.watching(let watching), .watchSilent):
      return [watch(from: watching.version, &generator)]

    case (.idle, _), (.listing, _), (.streaming, _), (.watching, _), (.waitingToList, _),
      (.waitingToWatch, _):
      assertionFailure("a watch event that does not fit the state")
      return []
    }
  }

  private mutating func startOver(_ generator: inout some RandomNumberGenerator) -> Action {
    guard streamsLists else {
      state = .listing
      return .list
    }
    state = .streaming
    collected = WatchSnapshot()
    return watchAction(version: nil, &generator)
  }

  private mutating func watch(
    from version: String, _ generator: inout some RandomNumberGenerator
  ) -> Action {
    state = .watching(Watching(version: version))
    return watchAction(version: version, &generator)
  }

  /// Servers end watches between four and six minutes, so that those of many clients do not come
  /// back at the same time.
  private func watchAction(
    version: String?, _ generator: inout some RandomNumberGenerator
  ) -> Action {
    let seconds = Int.random(in: 240...360, using: &generator)
    return .watch(
      WatchOptions(
        resourceVersion: version, timeoutSeconds: seconds, sendsInitialEvents: version == nil),
      silence: .seconds(seconds) + Self.silenceMargin)
  }

  private mutating func streamed(
    _ delivery: WatchDelivery<R>, now: Instant, _ generator: inout some RandomNumberGenerator
  ) -> [Action] {
    switch delivery {
    case .upsert(let object, let version):
      collected.objects[object.namespacedName] = object
      collected.version = version
    case .remove(let key, let version):
      collected.objects[key] = nil
      collected.unreadable.remove(key)
      collected.version = version
    case .unreadable(let key, let version):
      collected.unreadable.insert(key)
      collected.version = version
    case .bookmark(let version, let isEndOfInitialEvents):
      collected.version = version
      guard isEndOfInitialEvents else { break }
      (failures, refusals) = (0, 0)
      state = .watching(Watching(version: version, openedAt: now, hasReceived: true))
      defer { collected = WatchSnapshot() }
      return [.replace(collected)]
    case .error(let status):
      return failed(KubernetesError(status, request: "watch"), version: nil, &generator)
    }
    return []
  }

  private mutating func received(
    _ delivery: WatchDelivery<R>, _ watching: Watching,
    _ generator: inout some RandomNumberGenerator
  ) -> [Action] {
    var watching = watching
    watching.hasReceived = true
    failures = 0
    let action: Action?
    switch delivery {
    case .upsert(let object, let version):
      watching.version = version
      action = .upsert(object)
    case .remove(let key, let version):
      watching.version = version
      action = .remove(key)
    case .unreadable(_, let version):
      watching.version = version
      action = nil
    case .bookmark(let version, _):
      watching.version = version
      action = nil
    case .error(let status):
      return failed(
        KubernetesError(status, request: "watch"), version: watching.version, &generator)
    }
    state = .watching(watching)
    return action.map { [$0] } ?? []
  }

  private mutating func ended(
    _ watching: Watching, now: Instant, _ generator: inout some RandomNumberGenerator
  ) -> [Action] {
    let lasted = watching.openedAt.map { $0.duration(to: now) } ?? .zero
    if watching.hasReceived || lasted >= Self.shortestWatch {
      failures = 0
      return [watch(from: watching.version, &generator)]
    }
    let error = KubernetesError(.connection, detail: "the server closed the watch at once")
    return failed(error, version: watching.version, &generator)
  }

  /// Decides how to go on after an error. `version` is where to resume, `nil` without a complete
  /// list.
  private mutating func failed(
    _ error: KubernetesError, version: String?, _ generator: inout some RandomNumberGenerator
  ) -> [Action] {
    failures += 1
    var resume = version
    var actions: [Action] = []
    switch error.failure {
    case .gone:
      resume = nil
      // The first one is normal after a long silence and means no harm.
      if failures == 1 { return [.report(error, retry: nil), startOver(&generator)] }
    case .unauthorized:
      refusals += 1
      actions.append(.renewCredentials)
      if refusals == 1 {
        return [.report(error, retry: nil)] + actions + [again(from: resume, &generator)]
      }
    case .badRequest, .forbidden, .notFound, .methodNotAllowed, .alreadyExists, .conflict,
      .invalid, .tooManyRequests, .serverError, .timeout, .connection, .malformedResponse,
      .credentials, .invalidRequest, .writeRefused:
      if error.isVersionTooLarge { resume = nil }
    }
    var delay = backoff.delay(afterFailures: failures, using: &generator)
    if let wish = error.retryAfter { delay = max(delay, min(wish, Self.longestRetryAfter)) }
    state = resume.map { .waitingToWatch(version: $0) } ?? .waitingToList
    return [.report(error, retry: delay)] + actions + [.wait(delay)]
  }

  private mutating func again(
    from version: String?, _ generator: inout some RandomNumberGenerator
  ) -> Action {
    guard let version else { return startOver(&generator) }
    return watch(from: version, &generator)
  }
}

extension KubernetesError {
  /// The server is behind the version that we know: it was restored from a backup. Waiting for it
  /// to catch up would show old objects for as long.
  var isVersionTooLarge: Bool {
    status?.details?.causes?.contains { $0.reason == "ResourceVersionTooLarge" } ?? false
  }
}
