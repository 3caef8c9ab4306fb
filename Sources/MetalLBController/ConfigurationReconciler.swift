import ClusterConfiguration
import ConfigurationWatch
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps the configuration in force in line with the objects that configure the cluster, and tells users about those
/// that are not taken as they stand.
final class ConfigurationReconciler: Sendable {
  let queue: WorkQueue<SingleKey>
  private let key = SingleKey("configuration")
  /// Reads the sources as they are now.
  private let sources: @Sendable () -> ConfigurationSources
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
    var passing = ProblemPatience()
    var warnings = WarningPatience()
  }

  init(
    sources: @escaping @Sendable () -> ConfigurationSources, recorder: EventRecorder,
    metrics: ControllerMetrics, time: TimeSource,
    logger: Logger, apply: @escaping @Sendable (ConfigurationAssessment) -> Void,
    report: @escaping @Sendable (ConfigurationAssessment) -> Void
  ) {
    self.sources = sources
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

  var current: ConfigurationAssessment? { state.withLock { $0.current } }

  func reconcile() -> ReconcileResult {
    let sources = sources()
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
    let isWaiting = tell(assessment)
    report(assessment)
    return isWaiting ? .requeue(after: WarningPatience.delay) : .done
  }

  /// Says what is new. Returns whether something may have to be said later.
  private func tell(_ assessment: ConfigurationAssessment) -> Bool {
    let lasting = assessment.problems.filter { !$0.fault.isPassing }
    let passing = assessment.problems.filter(\.fault.isPassing)
    let now = time.now
    let (problems, warnings, isWaiting) = state.withLock { state in
      defer { state.problems = Set(lasting) }
      let problems =
        lasting.filter { !state.problems.contains($0) } + state.passing.due(passing, now: now)
      let warnings = state.warnings.due(assessment.warnings, now: now)
      return (problems, warnings, state.passing.isWaiting || state.warnings.isWaiting)
    }
    for problem in problems {
      // Documentation tells users to look for these words.
      logger.error("failed to parse the configuration", metadata: ["problem": "\(problem)"])
      recorder.record(
        .warning, reason: problem.fault.reason.rawValue, "\(problem)", on: problem.object.reference)
    }
    for warning in warnings {
      logger.warning("likely a mistake in the configuration", metadata: ["warning": "\(warning)"])
      recorder.record(
        .warning, reason: warning.reason.rawValue, "\(warning)", on: warning.object.reference)
    }
    return isWaiting
  }
}
