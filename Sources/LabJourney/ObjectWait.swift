internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Why a journey ends early.
package enum JourneyError: Error, Sendable, CustomStringConvertible {
  /// Something did not come true in time; `last` is what was seen last.
  case timedOut(what: String, after: Duration, last: String)
  /// Something came out otherwise than it has to.
  case failed(String)

  package var description: String {
    switch self {
    case .timedOut(let what, let limit, let last):
      "\(what): not within \(limit.secondsText)\(last.isEmpty ? "" : "; \(last)")"
    case .failed(let what): what
    }
  }
}

extension APIClient {
  /// Waits until an object looks as `isRight` wants it, and returns it with the moment at which it
  /// was seen so. `isRight` gets `nil` while there is no such object.
  func wait<R: KubernetesResource>(
    for type: R.Type = R.self, _ name: String, namespace: String? = nil,
    until what: String, limit: Duration = .seconds(60),
    _ isRight: @escaping @Sendable (R?) -> Bool
  ) async throws -> (object: R?, at: ContinuousClock.Instant) {
    let informer = Informer(
      client: self, type, namespace: namespace, fieldSelector: "metadata.name=\(name)",
      logger: Logger(label: "wait", factory: { _ in SwiftLogNoOpLogHandler() }))
    let (states, yield) = AsyncStream.makeStream(
      of: (R?, ContinuousClock.Instant).self, bufferingPolicy: .unbounded)
    informer.onChange { yield.yield(($0.new, .now)) }
    return try await withThrowingTaskGroup(of: (R?, ContinuousClock.Instant)?.self) { group in
      group.addTask {
        try await informer.run()
        return nil
      }
      group.addTask {
        try await informer.waitForSync()
        if informer.store.count == 0 { yield.yield((nil, .now)) }
        for await (object, moment) in states where isRight(object) { return (object, moment) }
        throw CancellationError()
      }
      group.addTask {
        try await Task.sleep(for: limit)
        throw JourneyError.timedOut(
          what: "\(R.resource.kind) \(name) \(what)", after: limit,
          last: informer.store.count == 0 ? "it does not exist" : "")
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let (object, moment) = result { return (object, moment) }
      }
      throw CancellationError()
    }
  }
}

extension Duration {
  /// Seconds as a number.
  package var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }

  /// `0.07 s`, `12.30 s`
  package var secondsText: String {
    let hundredths = Int((inSeconds * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
  }

  /// `0.8 ms`
  package var millisecondsText: String {
    let tenths = Int((inSeconds * 10_000).rounded())
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
