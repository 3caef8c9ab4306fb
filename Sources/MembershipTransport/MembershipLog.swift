import Logging
import Membership

/// Writes what happens to the log: members that come and go each time, and what others can make happen as often as they like
/// now and then.
struct MembershipLog {
  /// Between two lines of one kind about the same.
  static let pause = Duration.seconds(60)
  /// Kinds of lines that are remembered; beyond that, which only an attacker gets to, nothing is written.
  private static let limit = 256

  private struct Repetition {
    var last: ContinuousClock.Instant
    var suppressed = 0
  }

  private let logger: Logger
  private var repetitions: [String: Repetition] = [:]

  init(logger: Logger) {
    self.logger = logger
  }

  func began(at address: MemberAddress) {
    logger.info("gossip began", metadata: [Key.address: "\(address)"])
  }

  mutating func note(_ event: Memberlist.Event, now: ContinuousClock.Instant) {
    switch event {
    case .joined(let member):
      logger.info("member joined", metadata: Self.facts(member))
    case .left(let member):
      logger.info(
        member.state == .left ? "member left" : "member is dead", metadata: Self.facts(member))
    case .updated(let member):
      logger.debug("member changed", metadata: Self.facts(member))
    case .suspected(let member, let accuser):
      var facts = Self.facts(member)
      facts[Key.by] = "\(accuser)"
      logger.debug("member is suspected", metadata: facts)
    case .conflict(let member, let claimed):
      var facts = Self.facts(member)
      facts[Key.claimed] = "\(claimed)"
      write(
        .warning, "two members have one name", facts, key: "conflict \(member.name)", now: now)
    case .refuted(let incarnation):
      write(
        .info, "others took this member for suspect or dead; it objected",
        [Key.incarnation: "\(incarnation)"], key: "refuted", now: now)
    case .answersOnlyStreams(let member):
      write(
        .warning, "a member answers over TCP and not over UDP: is UDP let through?",
        Self.facts(member), key: "streams \(member.name)", now: now)
    case .paused(let duration):
      write(
        .warning, "this process stood still", [Key.duration: "\(duration)"], key: "paused",
        now: now)
    case .peerJoined(let address):
      logger.debug("exchanged tables", metadata: [Key.address: "\(address)"])
    case .peerFailed(let address, let failure):
      noteFailure(address, failure, now: now)
    case .ignored(let reason, let sender):
      var facts: Logger.Metadata = [Key.reason: "\(reason.text)"]
      facts[Key.address] = sender.map { "\($0)" }
      write(
        reason.isOrdinary ? .debug : .warning, "ignored what a peer sent", facts,
        key: "ignored \(reason.label)", now: now)
    case .hasLeft: logger.info("left the gossip")
    }
  }

  private mutating func noteFailure(
    _ address: MemberAddress, _ failure: Memberlist.StreamFailure, now: ContinuousClock.Instant
  ) {
    let facts: Logger.Metadata = [Key.address: "\(address)", Key.reason: "\(failure)"]
    switch failure {
    // A speaker that does not run, or is about to.
    case .closed, .timedOut:
      logger.debug("a speaker does not answer", metadata: facts)
    case .refused, .unreadable, .unexpectedMessage, .incompatible:
      write(
        .warning, "a speaker does not let this one join: do both have the same key?", facts,
        key: "join \(address)", now: now)
    }
  }

  private mutating func write(
    _ level: Logger.Level, _ message: Logger.Message, _ facts: Logger.Metadata, key: String,
    now: ContinuousClock.Instant
  ) {
    var facts = facts
    if let repetition = repetitions[key] {
      guard now - repetition.last >= Self.pause else {
        repetitions[key]?.suppressed += 1
        return
      }
      if repetition.suppressed > 0 { facts[Key.suppressed] = "\(repetition.suppressed)" }
    } else if repetitions.count >= Self.limit {
      return
    }
    repetitions[key] = Repetition(last: now)
    logger.log(level: level, message, metadata: facts)
  }

  private static func facts(_ member: Member) -> Logger.Metadata {
    [Key.member: "\(member.name)", Key.address: "\(member.address)"]
  }

  private enum Key {
    static let address = "address"
    static let by = "by"
    static let claimed = "claimed"
    static let duration = "duration"
    static let incarnation = "incarnation"
    static let member = "member"
    static let reason = "reason"
    static let suppressed = "suppressed"
  }
}

extension Memberlist.IgnoredReason {
  fileprivate var text: String {
    switch self {
    case .unreadable(let error): "\(error)"
    case .notForUs(let name): "a ping for \(name)"
    case .impossibleVersions(let name): "\(name) has impossible versions"
    case .tooManyMembers: "there are too many members"
    case .tooBusy: "too much is going on at once"
    case .userMessage: "a message of another program"
    }
  }

  /// Happens where nobody does anything wrong.
  fileprivate var isOrdinary: Bool {
    switch self {
    case .notForUs, .userMessage: true
    case .unreadable, .impossibleVersions, .tooManyMembers, .tooBusy: false
    }
  }
}
