import KubernetesAPI
import Logging

/// The controllers that run beside a real API server and that its clients take for granted.
struct Controllers: Sendable {
  let store: ObjectStore
  let settings: ServerSettings
  let logger: Logger

  /// Runs until the store closes or the task is cancelled.
  func run() async {}
}
