import Synchronization

/// How many bytes of bodies may be in memory at the same time, over all connections: whoever reaches the port can make
/// the server read, before it knows who asks.
final class BodyBudget: Sendable {
  private let remaining: Mutex<Int>

  init(bytes: Int) { remaining = Mutex(bytes) }

  /// What one body takes of the budget, until nobody holds it any more.
  final class Share: Sendable {
    private let budget: BodyBudget
    private let bytes = Mutex(0)

    init(_ budget: BodyBudget) { self.budget = budget }

    deinit {
      let bytes = bytes.withLock(\.self)
      budget.remaining.withLock { $0 += bytes }
    }

    /// Whether `more` bytes may be read.
    func take(_ more: Int) -> Bool {
      let isThere = budget.remaining.withLock { remaining in
        guard more <= remaining else { return false }
        remaining -= more
        return true
      }
      if isThere { bytes.withLock { $0 += more } }
      return isThere
    }
  }

  var available: Int { remaining.withLock(\.self) }
}
