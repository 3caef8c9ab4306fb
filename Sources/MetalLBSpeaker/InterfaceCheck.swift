import Announcement
import ClusterConfiguration
import ConfigurationWatch
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Layer2Transport
import Logging
import Synchronization

/// Tells users of interfaces that advertisements name and this node does not have, or cannot announce on: in the speaker's `ConfigurationState`, and
/// with an event where no interface of an advertisement is here. Nodes differ, so that a list that names those of all of them
/// is no mistake. Other likely mistakes are told by the controller, once and not by every node.
final class InterfaceCheck: Sendable {
  let queue: WorkQueue<SingleKey>
  private let node: String
  private let nodes: Store<Node>
  private let announcer: any AddressAnnouncing
  private let recorder: EventRecorder
  private let time: TimeSource
  private let logger: Logger
  /// Told of every assessment, with what is found here as its warnings.
  private let report: @Sendable (ConfigurationAssessment) -> Void
  private let state = Mutex(State())

  private struct State {
    var assessment: ConfigurationAssessment?
    var patience = WarningPatience()
  }

  init(
    node: String, nodes: Store<Node>, announcer: any AddressAnnouncing, recorder: EventRecorder,
    time: TimeSource, logger: Logger, report: @escaping @Sendable (ConfigurationAssessment) -> Void
  ) {
    self.node = node
    self.nodes = nodes
    self.announcer = announcer
    self.recorder = recorder
    self.time = time
    self.logger = logger
    self.report = report
    queue = WorkQueue(time: time)
  }

  /// The interfaces changed.
  func schedule() { queue.add(SingleKey("interfaces")) }

  /// The configuration, or the node's labels, changed.
  func note(_ assessment: ConfigurationAssessment) {
    state.withLock { $0.assessment = assessment }
    schedule()
  }

  func reconcile() -> ReconcileResult {
    guard var assessment = state.withLock({ $0.assessment }) else { return .done }
    let labels = nodes[NamespacedName(namespace: "", name: node)]?.metadata.labels
    let interfaces = LocalInterfaces(announcer.interfaces)
    let unusable = interfaces.abilities.keys.compactMap { name in
      interfaces.obstacle(name).map { (name, "\($0)") }
    }
    assessment.warnings =
      labels.map { labels in
        assessment.configuration.unknownInterfaces(
          node: node, labels: labels, interfaces: Set(interfaces.abilities.keys),
          unusable: Dictionary(unusable) { first, _ in first })
      } ?? []
    report(assessment)
    let (due, isWaiting) = state.withLock { state in
      (state.patience.due(assessment.warnings, now: time.now), state.patience.isWaiting)
    }
    for warning in due {
      logger.warning(
        "an advertisement names interfaces on which this node cannot announce",
        metadata: [LogKey.problem: "\(warning)"])
      guard warning.reason == .noInterface else { continue }
      recorder.record(
        .warning, reason: warning.reason.rawValue, "\(warning)", on: warning.object.reference)
    }
    return isWaiting ? .requeue(after: WarningPatience.delay) : .done
  }
}
