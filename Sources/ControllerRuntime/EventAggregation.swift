internal import KubernetesAPI

/// What an event says, apart from when and how often.
struct EventFacts: Sendable, Hashable {
  var object: ObjectReference
  var type: EventType
  var reason: String
  var message: String
}

/// Decides what becomes of an event that is recorded, without waiting and without a clock of its
/// own:
///
/// - the same facts again count one event up instead of making another;
/// - one object gets at most `burst` events at once and one more every `refill`, whatever they say.
struct EventAggregation {
  typealias Instant = ContinuousClock.Instant

  enum Decision: Sendable, Equatable {
    case create(Event)
    /// Event `name` has now happened `count` times.
    case count(EventFacts, namespace: String, name: String, count: Int, last: Timestamp)
    /// The object has had its share.
    case drop
  }

  private struct Known {
    var name: String
    var count: Int
    var lastUsed: Instant
  }

  /// Tokens of one object; `tokens` as of `at`.
  private struct Budget {
    var tokens: Double
    var at: Instant
  }

  /// Afterwards the same facts make a new event; servers forget events after an hour.
  static let lifetime = Duration.seconds(10 * 60)
  static let burst = 25.0
  static let refill = Duration.seconds(5 * 60)
  /// Of facts and of objects; beyond it the ones that were used longest ago are forgotten.
  static let capacity = 4096

  let component: String
  let host: String?
  private var known: [EventFacts: Known] = [:]
  private var budgets: [ObjectReference: Budget] = [:]
  private var counter: UInt64 = 0

  init(component: String, host: String?) {
    self.component = component
    self.host = host
  }

  mutating func decide(_ facts: EventFacts, now: Instant, wall: Timestamp) -> Decision {
    guard spend(facts.object.withoutVersion, now: now) else { return .drop }
    let facts = facts.withoutVersion
    let namespace = facts.namespace
    if var known = known[facts], known.lastUsed.duration(to: now) < Self.lifetime {
      known.count += 1
      known.lastUsed = now
      self.known[facts] = known
      return .count(
        facts, namespace: namespace, name: known.name, count: known.count, last: wall)
    }
    return .create(makeEvent(facts, now: now, wall: wall))
  }

  /// The event to make instead of one that the server has forgotten.
  mutating func recreate(_ facts: EventFacts, now: Instant, wall: Timestamp) -> Event {
    makeEvent(facts, now: now, wall: wall)
  }

  private mutating func makeEvent(_ facts: EventFacts, now: Instant, wall: Timestamp) -> Event {
    let name = nextName(facts, wall: wall)
    if known.count >= Self.capacity { forgetOldest(now: now) }
    known[facts] = Known(name: name, count: 1, lastUsed: now)
    var event = Event(
      metadata: ObjectMeta(name: name, namespace: facts.namespace), involvedObject: facts.object)
    event.reason = facts.reason
    event.message = facts.message
    event.type = facts.type.rawValue
    event.source = .init(component: component, host: host)
    event.reportingComponent = component
    event.reportingInstance = host ?? ""
    event.firstTimestamp = wall
    event.lastTimestamp = wall
    event.count = 1
    return event
  }

  /// The object's name and a number that no other event of it has: the time in nanoseconds, as
  /// other components do it, with a counter in the last digits.
  private mutating func nextName(_ facts: EventFacts, wall: Timestamp) -> String {
    counter += 1
    let number = UInt64(bitPattern: wall.microseconds) &* 1000 &+ counter % 1000
    let suffix = ".\(String(number, radix: 16))"
    let object = facts.object.name ?? ""
    // Names end at 253 characters (RFC 1123 subdomain).
    return String(object.prefix(253 - suffix.count)) + suffix
  }

  private mutating func spend(_ object: ObjectReference, now: Instant) -> Bool {
    var budget = budgets[object] ?? Budget(tokens: Self.burst, at: now)
    let refilled = budget.tokens + budget.at.duration(to: now) / Self.refill
    budget = Budget(tokens: min(Self.burst, refilled), at: now)
    let isAllowed = budget.tokens >= 1
    if isAllowed { budget.tokens -= 1 }
    if budgets[object] == nil, budgets.count >= Self.capacity {
      budgets = budgets.filter { $0.value.at.duration(to: now) < Self.refill }
      if budgets.count >= Self.capacity { budgets = [:] }
    }
    budgets[object] = budget
    return isAllowed
  }

  private mutating func forgetOldest(now: Instant) {
    known = known.filter { $0.value.lastUsed.duration(to: now) < Self.lifetime }
    guard known.count >= Self.capacity else { return }
    let times = known.values.map(\.lastUsed).sorted()
    let median = times[times.count / 2]
    known = known.filter { $0.value.lastUsed >= median }
    if known.count >= Self.capacity { known = [:] }
  }
}

extension EventFacts {
  /// Events live beside their object; those of cluster-scoped objects in `default`.
  var namespace: String {
    object.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
  }

  /// Facts of two versions of one object are the same facts.
  var withoutVersion: EventFacts {
    var facts = self
    facts.object = object.withoutVersion
    return facts
  }
}

extension ObjectReference {
  var withoutVersion: ObjectReference {
    var reference = self
    reference.resourceVersion = nil
    return reference
  }
}
