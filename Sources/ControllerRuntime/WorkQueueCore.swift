internal import HeapModule

/// The rules of a work queue, without waiting and without a clock of its own:
///
/// - a key is queued at most once, however often it is added;
/// - a key that is being processed is not handed out again: added meanwhile, it is queued when its
///   processing is done;
/// - of two delayed additions of a key the earlier one counts;
/// - keys leave by priority, then in the order in which they became ready;
/// - failures of a key double its delay until it is forgotten.
struct WorkQueueCore<Key: Hashable & Sendable> {
  typealias Instant = ContinuousClock.Instant

  private struct Ready: Comparable {
    var priority: Int
    var order: UInt64
    var key: Key
    /// The greatest is handed out first.
    static func < (left: Ready, right: Ready) -> Bool {
      left.priority != right.priority ? left.priority < right.priority : left.order > right.order
    }
    static func == (left: Ready, right: Ready) -> Bool { left.order == right.order }
  }

  private struct Delayed: Comparable {
    var due: Instant
    var order: UInt64
    var key: Key
    static func < (left: Delayed, right: Delayed) -> Bool {
      left.due != right.due ? left.due < right.due : left.order < right.order
    }
    static func == (left: Delayed, right: Delayed) -> Bool { left.order == right.order }
  }

  private enum Phase {
    case queued(order: UInt64, priority: Int)
    case processing
    /// Changed while it was processed: to be queued again.
    case processingAgain(priority: Int)
  }

  let baseDelay: Duration
  let maximumDelay: Duration
  private var phases: [Key: Phase] = [:]
  private var ready = Heap<Ready>()
  private var delayed = Heap<Delayed>()
  /// The delayed addition that counts; heap entries that differ are leftovers.
  private var dueTimes: [Key: (due: Instant, priority: Int)] = [:]
  private var failures: [Key: Int] = [:]
  private var counter: UInt64 = 0
  private(set) var queuedCount = 0

  init(baseDelay: Duration, maximumDelay: Duration) {
    self.baseDelay = baseDelay
    self.maximumDelay = maximumDelay
  }

  var processingCount: Int { phases.count - queuedCount }
  var delayedCount: Int { dueTimes.count }

  mutating func add(_ key: Key, priority: Int) {
    switch phases[key] {
    case nil: enqueue(key, priority: priority)
    case .queued(_, let existing):
      // Queued again at the higher priority; the entry left behind is skipped by its order.
      if priority > existing { enqueue(key, priority: priority, isNew: false) }
    case .processing: phases[key] = .processingAgain(priority: priority)
    case .processingAgain(let existing):
      phases[key] = .processingAgain(priority: max(existing, priority))
    }
  }

  private mutating func enqueue(_ key: Key, priority: Int, isNew: Bool = true) {
    counter += 1
    if isNew { queuedCount += 1 }
    phases[key] = .queued(order: counter, priority: priority)
    ready.insert(Ready(priority: priority, order: counter, key: key))
  }

  mutating func add(_ key: Key, due: Instant, priority: Int) {
    if let existing = dueTimes[key], existing.due <= due { return }
    counter += 1
    dueTimes[key] = (due, priority)
    delayed.insert(Delayed(due: due, order: counter, key: key))
  }

  /// The delay that the next failure of the key brings: 1, 2, 4… times the base, up to the maximum.
  mutating func nextDelay(_ key: Key) -> Duration {
    let count = failures[key, default: 0]
    failures[key] = count + 1
    guard count < 40 else { return maximumDelay }
    return min(baseDelay * (1 << count), maximumDelay)
  }

  func failureCount(_ key: Key) -> Int { failures[key, default: 0] }

  mutating func forget(_ key: Key) {
    // Mostly nothing fails.
    if !failures.isEmpty { failures[key] = nil }
  }

  /// Queues every key whose time has come, and says when the next one's will.
  mutating func advance(to now: Instant) -> Instant? {
    while let first = delayed.min {
      let current = dueTimes[first.key]
      guard current?.due == first.due, let priority = current?.priority else {
        delayed.removeMin()  // superseded by an earlier time
        continue
      }
      guard first.due <= now else { return first.due }
      delayed.removeMin()
      dueTimes[first.key] = nil
      add(first.key, priority: priority)
    }
    return nil
  }

  /// Hands out the next key; it counts as processing until ``done(_:)``.
  mutating func next() -> Key? {
    while let candidate = ready.popMax() {
      guard case .queued(let order, _) = phases[candidate.key], order == candidate.order else {
        continue
      }
      phases[candidate.key] = .processing
      queuedCount -= 1
      return candidate.key
    }
    return nil
  }

  mutating func done(_ key: Key) {
    switch phases[key] {
    case .processing: phases[key] = nil
    case .processingAgain(let priority): enqueue(key, priority: priority)
    case .queued, nil: assertionFailure("done(_:) for a key that is not processed")
    }
  }
}
