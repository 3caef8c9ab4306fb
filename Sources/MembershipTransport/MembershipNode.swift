package import Logging
package import Membership
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A member of a memberlist cluster on the network: sends and receives what ``Memberlist`` decides, on a thread of its own.
///
/// ```
///  UDP ──▶ DatagramReceiver ─┐                    ┌─▶ UDP
///  TCP ──▶ StreamHandler ────┼─▶ MembershipLoop ──┼─▶ TCP
///  timers ───────────────────┘    (Memberlist)    └─▶ MembershipView, events ─▶ observer
/// ```
///
/// What others can cost is bounded: the core limits nesting, expansion, message sizes, the table, unfinished streams and their
/// time; ``StreamTable`` limits connections of one host and the memory of all; datagrams that cannot be sent at once are
/// dropped, as the protocol bears loss; lines in the log about bad peers come once a minute.
package final class MembershipNode: ServiceLifecycle.Service {
  private struct Wishes {
    var peers: (addresses: Set<MemberAddress>, names: [String: MemberAddress])?
    var metadata: [UInt8]?
    var keys: [GossipKey]?
    var loop: MembershipLoop?
  }

  private let configuration: MembershipConfiguration
  private let metrics: MembershipMetrics
  private let logger: Logger
  private let observer: @Sendable (MembershipView, [Memberlist.Event]) -> Void
  private let wishes = Mutex(Wishes())
  private let lastView = Mutex(MembershipView())

  /// - Parameter observer: called on the member's thread after something changed, with the new view and what happened;
  ///   it must not block.
  package init(
    _ configuration: MembershipConfiguration, metrics: MembershipMetrics, logger: Logger,
    observer: @escaping @Sendable (MembershipView, [Memberlist.Event]) -> Void
  ) {
    self.configuration = configuration
    self.metrics = metrics
    self.logger = logger
    self.observer = observer
  }

  /// The members as last seen; nobody before ``run()``.
  package var view: MembershipView { lastView.withLock { $0 } }

  /// Names those who should be members, at their addresses. Until the first call this member waits to be told.
  ///
  /// - Parameter names: which name lives where, as far as that is known for sure: at another address it may be taken for a
  ///   member at once.
  package func setPeers(_ peers: Set<MemberAddress>, names: [String: MemberAddress] = [:]) {
    wish { $0.peers = (peers, names) }
  }

  /// Changes what all members get to know of this one. More than ``Limits/metadata`` bytes are not taken.
  package func setMetadata(_ metadata: [UInt8]) {
    guard metadata.count <= Limits.metadata else {
      return assertionFailure("whoever makes metadata keeps to the limit")
    }
    wish { $0.metadata = metadata }
  }

  /// Changes the keys: the first encrypts, all decrypt.
  package func setKeys(_ keys: [GossipKey]) {
    wish { $0.keys = keys }
  }

  /// Says goodbye, and returns when enough others know or a second is over. This member still answers until
  /// ``run()`` ends.
  package func leave() async {
    await wishes.withLock { $0.loop }?.leave()
  }

  /// Takes part until graceful shutdown, when it says goodbye if ``leave()`` has not, or cancellation, when it does not.
  ///
  /// Throws ``MembershipError`` when it cannot listen, or no longer.
  package func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = MembershipLoop(
      configuration, eventLoop: group.next(), metrics: metrics, logger: logger
    ) { [self] view, events in
      lastView.withLock { $0 = view }
      observer(view, events)
    }
    do {
      try await takePart(loop)
      await loop.close()
    } catch {
      await loop.close()
      wish { $0.loop = nil }
      try? await group.shutdownGracefully()
      throw error
    }
    wish { $0.loop = nil }
    try await group.shutdownGracefully()
  }

  private func takePart(_ loop: MembershipLoop) async throws {
    try await loop.start(configuration)
    wish { $0.loop = loop }
    try await withTaskCancellationHandler {
      try await withGracefulShutdownHandler {
        try await loop.ended.get()
      } onGracefulShutdown: {
        loop.eventLoop.execute { loop.assumeIsolated { $0.leaveAndClose() } }
      }
    } onCancel: {
      loop.eventLoop.execute { loop.assumeIsolated { $0.close() } }
    }
  }

  /// Notes a wish, and has all of them taken up.
  private func wish(_ change: (inout Wishes) -> Void) {
    let loop = wishes.withLock { wishes in
      change(&wishes)
      return wishes.loop
    }
    guard let loop else { return }
    loop.eventLoop.execute { [self] in
      loop.assumeIsolated { loop in
        let (peers, metadata, keys) = wishes.withLock { ($0.peers, $0.metadata, $0.keys) }
        if let keys { loop.setKeys(keys) }
        // Checked where it was wished.
        if let metadata { try? loop.setMetadata(metadata) }
        if let peers { loop.setPeers(peers.addresses, names: peers.names) }
      }
    }
  }
}
