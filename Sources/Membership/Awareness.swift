/// How well this node itself seems to do (Lifeguard): 0 is well, and every point makes it more patient with others, because
/// then the fault may be here.
struct Awareness: Hashable, Sendable {
  private let limit: Int
  private(set) var score = 0

  /// Scores stay below `maxMultiplier`.
  init(maxMultiplier: Int) {
    limit = max(0, maxMultiplier - 1)
  }

  mutating func apply(_ delta: Int) {
    score = min(max(0, score + delta), limit)
  }

  func scale(_ timeout: Duration) -> Duration {
    timeout * (score + 1)
  }
}
