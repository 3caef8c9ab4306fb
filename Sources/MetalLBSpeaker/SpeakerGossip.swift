import Announcement
import ControllerRuntime
import CoreMetrics
import KubernetesAPI
import KubernetesClient
import Layer2Transport
import Logging
import Membership
import MembershipTransport
import NetworkAddresses
import ServiceLifecycle
import Synchronization

/// This speaker among the others: which of them are alive, as gossip tells, and that it is about to leave.
///
/// ```
///  speakers' Pods ─▶ addresses ─┐                    ┌─▶ who is there, and what they say of themselves
///  secret files ──▶ keys ───────┼─▶ MembershipNode ──┤
///  interfaces ────▶ metadata ───┘                    └─▶ what was thought of us: tell the network again
/// ```
///
/// Nothing is known until the first attempt to join has ended, so that a speaker that has just started does not take itself
/// for the only one. Where gossip is switched off, or there should be a key and there is none, the readiness of Nodes and Pods
/// takes its place.
final class SpeakerGossip: ServiceLifecycle.Service {
  /// Who is there.
  enum Knowledge: Sendable {
    /// What the API server says counts.
    case useReadiness
    /// Not known yet: nothing is decided anew until it is.
    case joining
    /// What each member that is alive or only suspect says of itself, by node.
    case members([String: [UInt8]])
  }

  /// How often the files with the keys are read: the kubelet exchanges them about once a minute.
  private static let keyInterval = Duration.seconds(10)

  private struct State {
    var view: MembershipView?
    var isJoining = true
    var metadata: SpeakerMetadata
    var node: MembershipNode?
    /// Members that said goodbye and have not come back.
    var politelyGone: Set<String> = []
  }

  private let options: GossipOptions?
  private let nodeName: String
  private let speakers: SpeakerPods?
  private let parameters: MemberlistParameters
  private let metrics: MembershipMetrics?
  private let time: TimeSource
  private let logger: Logger
  private let known = Gate()
  private let state: Mutex<State>
  private let handlers = Mutex<(onChange: @Sendable () -> Void, onDoubt: @Sendable () -> Void)?>(
    nil)

  /// Throws ``MemberlistTuning/Invalid`` when the file with parameters cannot be used.
  init(
    options: SpeakerOptions, speakers: SpeakerPods?, metrics factory: any MetricsFactory,
    time: TimeSource, logger: Logger
  ) throws {
    let gossip = speakers == nil ? nil : options.gossip
    self.options = gossip
    self.time = time
    self.logger = logger
    nodeName = options.nodeName
    self.speakers = speakers
    parameters = try gossip.map { try MemberlistTuning.parameters($0) } ?? .lan
    metrics = gossip.map { _ in MembershipMetrics(factory: factory) }
    state = Mutex(
      State(
        metadata: SpeakerMetadata(version: options.version, capabilities: .known)))
    if gossip == nil { known.open() }
    speakers?.onChange { [weak self] in self?.readPeers() }
  }

  /// - Parameters:
  ///   - onChange: members came, went or say something else of themselves.
  ///   - onDoubt: others may have believed for a while that this node does not announce, and may have announced instead.
  func observe(
    onChange: @escaping @Sendable () -> Void, onDoubt: @escaping @Sendable () -> Void
  ) {
    handlers.withLock { $0 = (onChange, onDoubt) }
  }

  var knowledge: Knowledge {
    state.withLock { state in
      // Who may not know where the others are does not find them.
      guard options != nil, speakers?.all != nil else { return .useReadiness }
      guard let view = state.view else { return state.isJoining ? .joining : .useReadiness }
      return .members(
        Dictionary(view.present.map { ($0.name, $0.metadata) }) { first, _ in first })
    }
  }

  /// Returns once ``knowledge`` says something; throws `CancellationError`.
  func waitUntilKnown() async throws { try await known.wait() }

  /// Tells the others where this node can announce, and from where its frames come.
  func setInterfaces(_ interfaces: [InterfaceStatus]) {
    let (node, metadata) = state.withLock { state in
      state.metadata.tell(interfaces)
      return (state.node, state.metadata.encoded)
    }
    node?.setMetadata(metadata)
  }

  /// Tells the others that this speaker goes, and returns when enough of them know, or a second later.
  func leave() async {
    await state.withLock { $0.node }?.leave()
  }

  // MARK: Running

  /// Gossips until graceful shutdown or cancellation. Throws when the port cannot be bound.
  func run() async throws {
    guard let options, let metrics else {
      try? await gracefulShutdown()
      return
    }
    let source = GossipKeys.Source(options)
    guard let keys = try await firstKeys(source) else { return }
    var configuration = MembershipConfiguration(
      name: nodeName, bindAddress: options.bindAddress, port: options.bindPort)
    configuration.parameters = parameters
    configuration.keys = keys
    configuration.metadata = state.withLock { $0.metadata.encoded }
    if keys.isEmpty {
      logger.warning(
        "no key is configured: gossip with the other speakers is neither secret nor safe")
    }
    let node = MembershipNode(configuration, metrics: metrics, logger: logger) {
      [weak self] view, events in self?.note(view, events)
    }
    let metadata = state.withLock { state in
      state.node = node
      return state.metadata.encoded
    }
    node.setMetadata(metadata)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await node.run() }
      group.addTask {
        try await cancelWhenGracefulShutdown { try await self.followKeys(source, from: keys) }
      }
      group.addTask { try await cancelWhenGracefulShutdown { try await self.followPeers() } }
      // Without the member itself there is nothing to do; the others end when asked to.
      while let result = await group.nextResult() {
        do {
          try result.get()
        } catch is CancellationError {
          continue
        } catch {
          group.cancelAll()
          throw error
        }
      }
    }
  }

  /// The keys, as soon as there are any; nil when it is time to end before. Until then readiness counts, as gossip in clear
  /// is not what was asked for.
  private func firstKeys(_ source: GossipKeys.Source) async throws -> [GossipKey]? {
    if let keys = GossipKeys.read(source) { return keys }
    logger.warning(
      "the secret of the gossip is missing; until it is there, ready Pods count as speakers",
      metadata: [LogKey.path: "\(options?.secretDirectory ?? "")"])
    state.withLock { $0.isJoining = false }
    known.open()
    tellChange()
    do {
      return try await cancelWhenGracefulShutdown { [time] in
        while true {
          try await time.sleep(for: Self.keyInterval)
          if let keys = GossipKeys.read(source) { return keys }
        }
      }
    } catch is CancellationError {
      return nil
    }
  }

  /// Takes up keys that are exchanged. A file that is missing for a moment changes nothing.
  private func followKeys(_ source: GossipKeys.Source, from first: [GossipKey]) async throws {
    guard case .directory = source else { return }
    var keyring = GossipKeyring(first)
    while true {
      try await time.sleep(for: Self.keyInterval)
      guard let read = GossipKeys.read(source) else { continue }
      let last = keyring.keys
      keyring.update(read, now: time.now)
      let keys = keyring.keys
      guard keys != last else { continue }
      logger.info("the keys of the gossip changed", metadata: [LogKey.count: "\(keys.count)"])
      state.withLock { $0.node }?.setKeys(keys)
    }
  }

  // MARK: Peers

  private func followPeers() async throws {
    try await speakers?.waitUntilKnown()
    readPeers()
    // Without peers nothing settles, and what the API server says counts.
    if speakers?.all == nil { known.open() }
  }

  private func readPeers() {
    guard let port = options?.bindPort, let speakers, speakers.isKnown, let pods = speakers.all
    else { return }
    // The Pods of a machine that is gone may outlive it for a while, so that a later one of the same node counts.
    let known = pods.sorted { $0.age < $1.age }.compactMap { pod -> (String, MemberAddress)? in
      guard let name = pod.spec?.nodeName, name != nodeName, let text = pod.status?.podIP,
        let address = IPAddress(text).flatMap({ MemberAddress(bytes: $0.bytes, port: port) })
      else { return nil }
      return (name, address)
    }
    let node = state.withLock { $0.node }
    node?.setPeers(Set(known.map(\.1)), names: Dictionary(known) { _, latest in latest })
  }

  // MARK: What happens

  private func note(_ view: MembershipView, _ events: [Memberlist.Event]) {
    guard view.isSettled else { return }
    let isDoubtful = state.withLock { state in
      state.view = view
      return events.map { state.politelyGone.isDoubtful($0) }.contains(true)
    }
    known.open()
    tellChange()
    if isDoubtful { handlers.withLock { $0?.onDoubt }?() }
  }

  private func tellChange() {
    handlers.withLock { $0?.onChange }?()
  }
}

extension Pod {
  /// What is on its way out comes before what is not, then the older one.
  fileprivate var age: (Int, Int64) {
    (metadata.deletionTimestamp == nil ? 1 : 0, metadata.creationTimestamp?.microseconds ?? 0)
  }
}

extension Set<String> {
  /// More names than a cluster has.
  fileprivate static let limit = 10_000

  /// Notes who said goodbye, and says whether others may have announced in this node's place until now: they thought it
  /// dead, or were cut off.
  fileprivate mutating func isDoubtful(_ event: Memberlist.Event) -> Bool {
    switch event {
    case .refuted, .paused: return true
    case .joined(let member): return remove(member.name) == nil
    case .left(let member):
      if member.state == .left, count < Self.limit {
        insert(member.name)
      } else {
        remove(member.name)
      }
      return false
    case .updated, .suspected, .conflict, .answersOnlyStreams, .peerJoined, .peerFailed, .ignored,
      .hasLeft:
      return false
    }
  }
}
