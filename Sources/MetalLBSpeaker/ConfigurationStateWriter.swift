import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps the object `ConfigurationState/speaker-<node>`: whether this speaker takes the configuration as it stands, and which
/// objects it does not take. Writes when that changes, and when somebody else changes or deletes the object.
final class ConfigurationStateWriter: Sendable {
  private static let fieldManager = "configReconciler"
  /// Nothing tells when the kind comes to exist.
  private static let patience = Duration.seconds(60)

  enum Key: Hashable, Sendable { case state }

  let queue: WorkQueue<Key>
  private let states: Store<ConfigurationState>
  private let client: APIClient
  private let options: SpeakerOptions
  private let time: TimeSource
  private let logger: Logger
  private let owner: @Sendable () async throws -> OwnerReference?
  private let state = Mutex(State())

  private struct State {
    var assessment: ConfigurationAssessment?
    /// The server does not let us write such objects: an installation of another make.
    var isForbidden = false
  }

  /// - Parameter owner: the Pod that this process runs in; it takes the object with it.
  init(
    states: Store<ConfigurationState>, client: APIClient, options: SpeakerOptions,
    time: TimeSource, logger: Logger,
    owner: @escaping @Sendable () async throws -> OwnerReference?
  ) {
    self.states = states
    self.client = client
    self.options = options
    self.time = time
    self.logger = logger
    self.owner = owner
    queue = WorkQueue(time: time)
  }

  static func objectName(node: String) -> String { "speaker-\(node)" }

  func schedule() { queue.add(.state) }

  func report(_ assessment: ConfigurationAssessment) {
    state.withLock { $0.assessment = assessment }
    schedule()
  }

  func reconcile() async throws -> ReconcileResult {
    let (assessment, isForbidden) = state.withLock { ($0.assessment, $0.isForbidden) }
    guard let assessment, !isForbidden else { return .done }
    do {
      try await write(assessment)
    } catch let error as KubernetesError where error.isNotFound {
      // Deleted between two requests, or the kind does not exist (yet).
      return .requeue(after: Self.patience)
    } catch let error as KubernetesError where error.isForbidden {
      state.withLock { $0.isForbidden = true }
      logger.warning(
        "ConfigurationStates cannot be written; the state of the configuration is only in the log",
        metadata: [LogKey.error: "\(error)"])
    }
    return .done
  }

  private func write(_ assessment: ConfigurationAssessment) async throws {
    let name = NamespacedName(
      namespace: options.namespace, name: Self.objectName(node: options.nodeName))
    var existing = states[name]
    if existing == nil {
      var object = ConfigurationState(
        metadata: ObjectMeta(
          name: name.name, namespace: name.namespace,
          labels: [
            StatusLabel.componentType: "speaker", StatusLabel.nodeName: options.nodeName,
          ]))
      if let owner = try await owner() { object.metadata.ownerReferences = [owner] }
      existing = try await client.apply(object, fieldManager: Self.fieldManager, force: true)
    }
    let status = ConfigurationState.Status(
      assessment, condition: "configReconcilerValid", previous: existing?.status, now: time.wall)
    guard status != existing?.status else { return }
    let object = ConfigurationState(
      metadata: ObjectMeta(name: name.name, namespace: name.namespace), status: status)
    _ = try await client.apply(
      object, fieldManager: Self.fieldManager, force: true, subresource: "status")
  }
}
