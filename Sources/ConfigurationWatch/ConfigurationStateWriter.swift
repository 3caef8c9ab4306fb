package import ClusterConfiguration
package import ControllerRuntime
package import KubernetesAPI
package import KubernetesClient
package import Logging
package import MetalLBAPI
import Synchronization

/// Keeps the `ConfigurationState` object of one component: whether it takes the configuration as it stands, and which objects
/// it does not take. Writes when that changes, and when somebody else changes or deletes the object.
package final class ConfigurationStateWriter: Sendable {
  /// Who speaks.
  package struct Component: Sendable {
    /// Of the object: `controller`, `speaker-NODE`.
    package var name: String
    package var labels: [String: String]
    /// Upstream's name of the part that judges: the field manager, and the beginning of the conditions' types.
    package var reconciler: String

    package static let controller = Component(
      name: "controller", labels: [StatusLabel.componentType: "controller"],
      reconciler: "poolReconciler")

    package static func speaker(node: String) -> Component {
      Component(
        name: "speaker-\(node)",
        labels: [StatusLabel.componentType: "speaker", StatusLabel.nodeName: node],
        reconciler: "configReconciler")
    }
  }

  /// Nothing tells when the kind comes to exist.
  private static let patience = Duration.seconds(60)

  package let queue: WorkQueue<SingleKey>
  private let component: Component
  private let name: NamespacedName
  private let states: Store<ConfigurationState>
  private let client: APIClient
  private let time: TimeSource
  private let logger: Logger
  private let owner: @Sendable () async throws -> OwnerReference?
  private let state = Mutex(State())

  private struct State {
    var assessment: ConfigurationAssessment?
    /// The server does not let us write such objects: an installation of another make.
    var isForbidden = false
  }

  /// - Parameters:
  ///   - namespace: MetalLB's own.
  ///   - owner: the Pod that this process runs in; it takes the object with it.
  package init(
    _ component: Component, namespace: String, states: Store<ConfigurationState>,
    client: APIClient, time: TimeSource, logger: Logger,
    owner: @escaping @Sendable () async throws -> OwnerReference?
  ) {
    self.component = component
    name = NamespacedName(namespace: namespace, name: component.name)
    self.states = states
    self.client = client
    self.time = time
    self.logger = logger
    self.owner = owner
    queue = WorkQueue(time: time)
  }

  package func schedule() { queue.add(SingleKey(component.name)) }

  package func report(_ assessment: ConfigurationAssessment) {
    state.withLock { $0.assessment = assessment }
    schedule()
  }

  package func reconcile() async throws -> ReconcileResult {
    let (assessment, isForbidden) = state.withLock { ($0.assessment, $0.isForbidden) }
    guard !isForbidden else { return .done }
    do {
      try await write(assessment)
    } catch let error as KubernetesError where error.isNotFound {
      // Deleted between two requests, or the kind does not exist (yet).
      return .requeue(after: Self.patience)
    } catch let error as KubernetesError where error.isForbidden {
      state.withLock { $0.isForbidden = true }
      logger.warning(
        "ConfigurationStates cannot be written; the state of the configuration is only in the log",
        metadata: ["error": "\(error)"])
    }
    return .done
  }

  private func write(_ assessment: ConfigurationAssessment?) async throws {
    var existing = states[name]
    if existing == nil {
      var object = ConfigurationState(
        metadata: ObjectMeta(
          name: name.name, namespace: name.namespace, labels: component.labels))
      if let owner = try await owner() { object.metadata.ownerReferences = [owner] }
      existing = try await client.apply(object, fieldManager: component.reconciler, force: true)
    } else if assessment == nil {
      // What the process before us said holds until we know better.
      return
    }
    let status = ConfigurationState.Status(
      assessment, by: component.reconciler, previous: existing?.status, now: time.wall)
    guard status != existing?.status else { return }
    let object = ConfigurationState(
      metadata: ObjectMeta(name: name.name, namespace: name.namespace), status: status)
    _ = try await client.apply(
      object, fieldManager: component.reconciler, force: true, subresource: "status")
  }
}
