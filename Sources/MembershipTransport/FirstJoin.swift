import Membership

/// Whether the first attempt to join has ended.
///
/// A member that has just begun knows nobody, and must not take itself for the only one. It waits until all peers that it
/// was told of have answered or failed; not for the last ones when one has answered, as that one knows the others; and not
/// for ever.
struct FirstJoin {
  /// How long to wait for the other answers after the first, and for the first.
  struct Patience {
    var afterFirst: Duration
    var altogether: Duration
  }

  enum Step: Hashable {
    case wait
    /// Call ``timeIsOver()`` after this.
    case waitAtMost(Duration)
    case settled
  }

  private enum State {
    case waitingForPeers
    case joining(missing: Set<MemberAddress>, hasAnswer: Bool)
    case settled
  }

  private let patience: Patience
  private var state = State.waitingForPeers

  init(patience: Patience) {
    self.patience = patience
  }

  var isSettled: Bool {
    if case .settled = state { true } else { false }
  }

  /// Takes the peers that are known first; later ones do not matter.
  mutating func begin(_ peers: Set<MemberAddress>) -> Step {
    guard case .waitingForPeers = state else { return .wait }
    guard !peers.isEmpty else { return settle() }
    state = .joining(missing: peers, hasAnswer: false)
    return .waitAtMost(patience.altogether)
  }

  mutating func answered(_ peer: MemberAddress) -> Step {
    guard case .joining(var missing, let hadAnswer) = state else { return .wait }
    missing.remove(peer)
    guard !missing.isEmpty else { return settle() }
    state = .joining(missing: missing, hasAnswer: true)
    return hadAnswer ? .wait : .waitAtMost(patience.afterFirst)
  }

  mutating func failed(_ peer: MemberAddress) -> Step {
    guard case .joining(var missing, let hasAnswer) = state else { return .wait }
    missing.remove(peer)
    guard !missing.isEmpty else { return settle() }
    state = .joining(missing: missing, hasAnswer: hasAnswer)
    return .wait
  }

  mutating func timeIsOver() -> Step {
    guard case .joining = state else { return .wait }
    return settle()
  }

  private mutating func settle() -> Step {
    state = .settled
    return .settled
  }
}
