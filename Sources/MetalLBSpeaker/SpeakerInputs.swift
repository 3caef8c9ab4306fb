import Announcement
import ClusterConfiguration
import ConfigurationWatch
import ControllerRuntime
import CoreMetrics
import KubernetesAPI
import KubernetesClient
import Layer2
import Logging
import MetalLBAPI
import NetworkAddresses
import Synchronization

/// What decisions about all Services have in common: the configuration in force, and the cluster as it looks now.
///
/// Both are built anew from the stores when something in them changes, at most once at a time; when the result differs,
/// every Service is looked at again. Without an answer from the API server the stores stay as they are, and so does
/// everything that is announced.
final class SpeakerInputs: Sendable {
  enum Part: Hashable, Sendable {
    case configuration
    case cluster
  }

  private struct State {
    var assembler = ConfigurationAssembler()
    var configuration: ValidatedConfiguration?
    var cluster: ClusterView?
    var problems: [ConfigurationProblem] = []
    var passing = ProblemPatience()
    var memory = PeerMemory()
    /// The other nodes.
    var peers = Peers()
  }

  let queue: WorkQueue<Part>
  private let informers: SpeakerInformers
  private let gossip: SpeakerGossip
  private let node: String
  private let metrics: SpeakerMetrics
  private let time: TimeSource
  private let logger: Logger
  private let onChange: @Sendable () -> Void
  /// Told how the configuration was judged, each time.
  private let report: @Sendable (ConfigurationAssessment) -> Void
  private let state = Mutex(State())

  init(
    informers: SpeakerInformers, gossip: SpeakerGossip, node: String, metrics: SpeakerMetrics,
    time: TimeSource,
    logger: Logger, onChange: @escaping @Sendable () -> Void,
    report: @escaping @Sendable (ConfigurationAssessment) -> Void = { _ in }
  ) {
    self.informers = informers
    self.gossip = gossip
    self.node = node
    self.metrics = metrics
    self.time = time
    self.logger = logger
    self.onChange = onChange
    self.report = report
    queue = WorkQueue(time: time)
    informers.configuration.onChange { [queue] in queue.add(.configuration) }
    informers.nodes.onChange { [queue] change in
      // The kubelet writes its Node all the time.
      if change.old.map(NodeState.init) != change.new.map(NodeState.init) { queue.add(.cluster) }
      // Whether two objects meet on a node follows from the labels.
      if change.old?.metadata.labels != change.new?.metadata.labels { queue.add(.configuration) }
    }
    informers.speakers?.onChange { [queue] in queue.add(.cluster) }
  }

  /// Both parts; nil before ``load()``.
  var current: (configuration: ValidatedConfiguration, cluster: ClusterView)? {
    state.withLock { state in
      guard let configuration = state.configuration, let cluster = state.cluster else { return nil }
      return (configuration, cluster)
    }
  }

  /// Whether there is somebody to hand addresses over to.
  var hasOtherMembers: Bool {
    state.withLock { $0.cluster?.members.contains { $0 != node } ?? false }
  }

  /// By what the other nodes are known on the link; none before ``load()``.
  var peers: Peers { state.withLock { $0.peers } }

  /// Builds both parts from the stores, which must be in sync.
  func load() {
    _ = reconcile(.configuration)
    _ = reconcile(.cluster)
  }

  func reconcile(_ part: Part) -> ReconcileResult {
    metrics.updates.increment()
    let isNew =
      switch part {
      case .configuration: loadConfiguration()
      case .cluster: loadCluster()
      }
    if isNew { onChange() }
    let isWaiting = part == .configuration && state.withLock(\.passing.isWaiting)
    return isWaiting ? .requeue(after: ProblemPatience.delay) : .done
  }

  private func loadConfiguration() -> Bool {
    let sources = informers.configuration.sources(
      nodes: informers.nodes.store.values.map(\.metadata.labels))
    let (assessment, isNew, news) = state.withLock { state in
      let assessment = state.assembler.assemble(sources)
      let isNew = state.configuration != assessment.configuration
      let lasting = assessment.problems.filter { !$0.fault.isPassing }
      let passing = assessment.problems.filter(\.fault.isPassing)
      let news =
        lasting.filter { !state.problems.contains($0) }
        + state.passing.due(passing, now: time.now)
      state.configuration = assessment.configuration
      state.problems = lasting
      return (assessment, isNew, news)
    }
    metrics.configured(isStale: !assessment.isValid)
    report(assessment)
    // Users are told by the controller, once and not by every node.
    for problem in news {
      // Documentation tells users to look for these words.
      logger.error(
        "failed to parse the configuration", metadata: [LogKey.problem: "\(problem)"])
    }
    if isNew {
      logger.info(
        "configuration in force",
        metadata: [LogKey.pools: "\(assessment.configuration.pools.map(\.name))"])
    }
    return isNew
  }

  private func loadCluster() -> Bool {
    let nodes = informers.nodes.store.values
    let facts = Dictionary(nodes.map { ($0.metadata.name, NodeFacts($0)) }) { first, _ in first }
    let knowledge = gossip.knowledge
    if case .joining = knowledge { return false }
    let speakers = informers.speakers?.all
    let addresses = Dictionary(
      nodes.map { node in
        let addresses = node.status?.addresses ?? []
        return (node.metadata.name, addresses.compactMap { IPAddress($0.address) })
      }
    ) { first, _ in first }
    let (old, view, isPeerNew) = state.withLock { state in
      let view: ClusterView
      switch knowledge {
      case .joining, .useReadiness:
        view = ClusterView(
          nodes: facts, members: SpeakerMembership.members(nodes: nodes, speakers: speakers))
      case .members(let metadata):
        state.memory.note(metadata, nodes: Set(facts.keys))
        view = ClusterView(nodes: facts, metadata: metadata, memory: state.memory)
      }
      let peers = state.memory.peers(of: node, nodes: addresses)
      defer {
        state.cluster = view
        state.peers = peers
      }
      return (state.cluster, view, state.peers != peers)
    }
    if view.nodes[node] == nil, old == nil || old?.nodes[node] != nil {
      logger.warning(
        "there is no Node of this name: nothing is announced from here",
        metadata: [LogKey.node: "\(node)"])
    }
    let before = old?.members ?? []
    if old == nil || before != view.members {
      logger.info(
        "speakers alive",
        metadata: [
          LogKey.count: "\(view.members.count)",
          LogKey.joined: "\(view.members.subtracting(before).sorted())",
          LogKey.left: "\(before.subtracting(view.members).sorted())",
        ])
    }
    return old != view || isPeerNew
  }
}

/// What a change of a Node can change here.
private struct NodeState: Equatable {
  var facts: NodeFacts
  var isReady: Bool
  var addresses: [NodeAddress]?

  init(_ node: Node) {
    facts = NodeFacts(node)
    isReady = node.isReady
    addresses = node.status?.addresses
  }
}
