import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps the `ConfigurationState` object of the controller: whether the configuration is taken as it stands, and which
/// objects are not. Writes when that changes, and when somebody else changes or deletes the object.
final class ConfigurationStateReporter: Sendable {
  static let objectName = "controller"
  private static let fieldManager = "poolReconciler"

  let queue: WorkQueue<SingleKey>
  private let key = SingleKey(objectName)
  private let states: Store<ConfigurationState>
  private let client: APIClient
  private let options: ControllerOptions
  private let time: TimeSource
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var assessment: ConfigurationAssessment?
    var owner: OwnerReference?
    /// The server does not let us write such objects: an installation of another make.
    var isForbidden = false
  }

  init(
    states: Store<ConfigurationState>, client: APIClient, options: ControllerOptions,
    time: TimeSource, logger: Logger
  ) {
    self.states = states
    self.client = client
    self.options = options
    self.time = time
    self.logger = logger
    queue = WorkQueue(time: time)
  }

  func schedule() { queue.add(key) }

  func report(_ assessment: ConfigurationAssessment) {
    state.withLock { $0.assessment = assessment }
    schedule()
  }

  func reconcile() async throws -> ReconcileResult {
    let (assessment, isForbidden) = state.withLock { ($0.assessment, $0.isForbidden) }
    guard !isForbidden else { return .done }
    do {
      try await write(assessment)
    } catch let error as KubernetesError where error.isNotFound {
      // Deleted between two requests, or the kind does not exist (yet).
      return .requeue(after: .seconds(60))
    } catch let error as KubernetesError where error.isForbidden {
      state.withLock { $0.isForbidden = true }
      logger.warning(
        "ConfigurationStates cannot be written; the state of the configuration is only in the log",
        metadata: ["error": "\(error)"])
    }
    return .done
  }

  private func write(_ assessment: ConfigurationAssessment?) async throws {
    let name = NamespacedName(namespace: options.namespace, name: Self.objectName)
    var existing = states[name]
    if existing == nil {
      var object = ConfigurationState(
        metadata: ObjectMeta(
          name: name.name, namespace: name.namespace,
          labels: [StatusLabel.componentType: "controller"]))
      if let owner = try await owner() { object.metadata.ownerReferences = [owner] }
      existing = try await client.apply(object, fieldManager: Self.fieldManager, force: true)
    }
    let status = ConfigurationState.Status(
      assessment, previous: existing?.status, now: time.wall)
    guard status != existing?.status else { return }
    let object = ConfigurationState(
      metadata: ObjectMeta(name: name.name, namespace: name.namespace), status: status)
    _ = try await client.apply(
      object, fieldManager: Self.fieldManager, force: true, subresource: "status")
  }

  /// The Pod that this process runs in; it takes the object with it.
  private func owner() async throws -> OwnerReference? {
    if let known = state.withLock({ $0.owner }) { return known }
    guard !options.podName.isEmpty,
      let pod = try await client.find(Pod.self, options.podName, namespace: options.namespace)
    else { return nil }
    let owner = pod.ownerReference(controller: false, blockOwnerDeletion: false)
    state.withLock { $0.owner = owner }
    return owner
  }
}

extension ConfigurationState.Status {
  /// What an assessment amounts to; nil stands for none yet.
  init(_ assessment: ConfigurationAssessment?, previous: Self?, now: Timestamp) {
    guard let assessment else {
      self.init(result: "Unknown")
      return
    }
    let messages = assessment.problems.map(\.description)
    var condition = Condition(
      type: "poolReconcilerValid", status: assessment.isValid ? "True" : "False",
      lastTransitionTime: now, reason: assessment.isValid ? "Reconciled" : "ConfigurationError",
      message: Self.joined(messages, limit: 32_768))
    condition.keepTime(of: previous)
    self.init(
      result: assessment.isValid ? "Valid" : "Invalid",
      errorSummary: assessment.isValid ? nil : condition.message,
      conditions: [condition, Self.warnings(assessment, previous: previous, now: now)])
  }

  /// Likely mistakes make no configuration invalid: a condition of their own.
  private static func warnings(
    _ assessment: ConfigurationAssessment, previous: Self?, now: Timestamp
  ) -> Condition {
    let messages = assessment.warnings.map(\.description)
    var condition = Condition(
      type: "poolReconcilerWarnings", status: messages.isEmpty ? "False" : "True",
      lastTransitionTime: now, reason: messages.isEmpty ? "NoWarnings" : "LikelyMistakes",
      message: joined(messages, limit: 32_768))
    condition.keepTime(of: previous)
    return condition
  }

  /// One message a line, as many as fit the length that the API allows for a condition's message.
  private static func joined(_ messages: [String], limit: Int) -> String {
    var text = ""
    for (index, message) in messages.enumerated() {
      let line = (text.isEmpty ? "" : "\n") + message
      guard text.count + line.count <= limit - 40 else {
        return text + "\n… and \(messages.count - index) more"
      }
      text += line
    }
    return text
  }
}

extension Condition {
  /// A condition whose status stays keeps its time.
  fileprivate mutating func keepTime(of status: ConfigurationState.Status?) {
    guard let before = status?.conditions?.first(where: { $0.type == type }),
      before.status == self.status
    else { return }
    lastTransitionTime = before.lastTransitionTime
  }
}
