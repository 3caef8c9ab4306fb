import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps the configuration in force in line with the objects that configure the cluster, and tells users about those
/// that are not taken as they stand.
final class ConfigurationReconciler: Sendable {
  /// The stores of all sources.
  struct Stores: Sendable {
    var ipAddressPools: Store<IPAddressPool>
    var l2Advertisements: Store<L2Advertisement>
    /// Holds at most the one ConfigMap.
    var configMaps: Store<ConfigMap>
    var namespaces: Store<Namespace>
  }

  /// Objects that belong together are rarely created in one moment: a warning is given when it is still true then.
  private static let warningDelay = Duration.seconds(10)

  let queue: WorkQueue<SingleKey>
  private let key = SingleKey("configuration")
  private let stores: Stores
  private let recorder: EventRecorder
  private let metrics: ControllerMetrics
  private let time: TimeSource
  private let logger: Logger
  /// Told of every configuration that differs from the one before.
  private let apply: @Sendable (ConfigurationAssessment) -> Void
  /// Told of every assessment.
  private let report: @Sendable (ConfigurationAssessment) -> Void
  private let state = Mutex(State())

  private struct State {
    var assembler = ConfigurationAssembler()
    var current: ConfigurationAssessment?
    var problems: Set<ConfigurationProblem> = []
    /// When each present warning was first seen; nil once it was given.
    var warnings: [ConfigurationWarning: ContinuousClock.Instant?] = [:]
  }

  init(
    stores: Stores, recorder: EventRecorder, metrics: ControllerMetrics, time: TimeSource,
    logger: Logger, apply: @escaping @Sendable (ConfigurationAssessment) -> Void,
    report: @escaping @Sendable (ConfigurationAssessment) -> Void
  ) {
    self.stores = stores
    self.recorder = recorder
    self.metrics = metrics
    self.time = time
    self.logger = logger
    self.apply = apply
    self.report = report
    queue = WorkQueue(time: time)
  }

  /// Some source changed.
  func schedule() { queue.add(key) }

  /// A source changed in the store. Status writes and the like do not count.
  func noteChange<R: KubernetesResource>(_ change: Change<R>) {
    guard change.isGenerationChange || change.old?.metadata.labels != change.new?.metadata.labels
    else { return }
    schedule()
  }

  /// Of Namespaces only names and labels matter.
  func noteNamespaceChange(_ change: Change<Namespace>) {
    guard let old = change.old, let new = change.new, old.metadata.labels == new.metadata.labels
    else { return schedule() }
  }

  var current: ConfigurationAssessment? { state.withLock { $0.current } }

  func reconcile() -> ReconcileResult {
    let sources = ConfigurationSources(
      ipAddressPools: stores.ipAddressPools.values,
      l2Advertisements: stores.l2Advertisements.values,
      legacy: stores.configMaps.values.first, namespaces: stores.namespaces.values)
    let (assessment, isNew) = state.withLock { state in
      let assessment = state.assembler.assemble(sources)
      let isNew =
        state.current?.configuration != assessment.configuration
        || state.current?.mayMissAddresses != assessment.mayMissAddresses
      state.current = assessment
      return (assessment, isNew)
    }
    if isNew {
      logger.info(
        "configuration in force",
        metadata: ["pools": "\(assessment.configuration.pools.map(\.name))"])
      apply(assessment)
    }
    metrics.configured(isStale: !assessment.isValid)
    tellProblems(assessment.problems)
    report(assessment)
    return tellWarnings(assessment.warnings) ? .requeue(after: Self.warningDelay) : .done
  }

  private func tellProblems(_ problems: [ConfigurationProblem]) {
    let news = state.withLock { state in
      defer { state.problems = Set(problems) }
      return problems.filter { !state.problems.contains($0) }
    }
    for problem in news {
      logger.error("configuration object not taken", metadata: ["problem": "\(problem)"])
      recorder.record(
        .warning, reason: problem.fault.reason.rawValue, "\(problem)", on: problem.object.reference)
    }
  }

  /// Gives the warnings that are old enough. Returns whether some are not.
  private func tellWarnings(_ warnings: [ConfigurationWarning]) -> Bool {
    let now = time.now
    let (due, remain) = state.withLock { state in
      var seen: [ConfigurationWarning: ContinuousClock.Instant?] = [:]
      var due: [ConfigurationWarning] = []
      for warning in warnings {
        let since = state.warnings[warning] ?? now
        if let since, since.duration(to: now) >= Self.warningDelay {
          due.append(warning)
          seen.updateValue(nil, forKey: warning)
        } else {
          seen.updateValue(since, forKey: warning)
        }
      }
      state.warnings = seen
      return (due, seen.values.contains { $0 != nil })
    }
    for warning in due {
      logger.warning("likely a mistake in the configuration", metadata: ["warning": "\(warning)"])
      recorder.record(
        .warning, reason: warning.reason.rawValue, "\(warning)", on: warning.object.reference)
    }
    return remain
  }
}
