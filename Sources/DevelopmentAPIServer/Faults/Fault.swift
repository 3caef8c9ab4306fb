package import KubernetesAPI

/// Something that shall go wrong: for which requests, how often, and what.
///
/// As JSON, which `POST /debug/faults` takes, it is one flat object; every member but `type` may be
/// left out:
///
///     {"verbs": ["update", "patch"], "resources": ["services/status"], "every": 2, "type": "Conflict"}
package struct Fault: Sendable, Hashable {
  package var match: Match
  package var schedule: Schedule
  package var effect: Effect

  package init(_ effect: Effect, _ match: Match = Match(), _ schedule: Schedule = Schedule()) {
    self.match = match
    self.schedule = schedule
    self.effect = effect
  }

  /// Which requests are meant; an empty list leaves its aspect open. Requests below `/debug` never are.
  package struct Match: Sendable, Hashable {
    /// As RBAC names them: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`; for paths the HTTP method in lower case.
    package var verbs: [String]
    /// `pods`, `deployments.apps`, `services/status`. A name without a group means that resource of
    /// every group, one without a subresource not its subresources.
    package var resources: [String]
    package var namespaces: [String]
    /// Names of objects.
    package var names: [String]
    /// Names of users: `system:serviceaccount:metallb-system:controller`.
    package var users: [String]
    /// Of requests for no resource: `/version`, or with a star at the end, `/openapi/*`. Where there are
    /// paths and no resources, requests for resources are not meant.
    package var paths: [String]

    package init(
      verbs: [String] = [], resources: [String] = [], namespaces: [String] = [],
      names: [String] = [], users: [String] = [], paths: [String] = []
    ) {
      self.verbs = verbs
      self.resources = resources
      self.namespaces = namespaces
      self.names = names
      self.users = users
      self.paths = paths
    }
  }

  /// Which of the meant requests are hit, counted from the first after the injection.
  package struct Schedule: Sendable, Hashable {
    /// So many pass before anything else counts.
    package var after: Int
    /// Of the rest every n-th is hit: 2 spares the first and hits the second.
    package var every: Int
    /// At most so many are hit; `nil`: no end.
    package var count: Int?
    /// Of those that would be hit, this share is; drawn from a generator that starts with `seed`.
    package var probability: Double
    package var seed: UInt64

    package init(
      after: Int = 0, every: Int = 1, count: Int? = nil, probability: Double = 1, seed: UInt64 = 0
    ) {
      self.after = after
      self.every = every
      self.count = count
      self.probability = probability
      self.seed = seed
    }
  }

  package enum Effect: Sendable, Hashable {
    /// The request is answered so much later: it waits before anything is done, or its answer after it was.
    case latency(milliseconds: Int, afterwards: Bool = false)
    /// Refused with a Status; the request does nothing. Codes 429, 500, 503, 504 and others of failures
    /// get the API's reason and words.
    case status(code: Int, retryAfterSeconds: Int? = nil)
    /// 409, as if another write came between. `update` and `patch`, unless the match says otherwise.
    case conflict
    /// The history is forgotten: an ERROR event with 410 for watches, 410 for pages of lists after the
    /// first. `watch` and `list`, unless the match says otherwise.
    case gone
    /// The connection ends without an answer: before anything was done, or after it was.
    case reset(afterwards: Bool)
    /// A watch's connection ends in the middle of the stream, after so many events.
    case cutWatch(afterEvents: Int)
    /// Service account tokens are checked by a clock that is so much ahead (or behind, if negative):
    /// those that have ended by it are answered with 401. `users` cannot be matched: they are not known
    /// yet.
    case clockSkew(seconds: Int)
    /// Webhooks that the request asks take so much longer, which counts as theirs.
    case slowWebhooks(milliseconds: Int)
  }
}

/// Why a fault cannot be injected.
package enum FaultError: Error, Hashable, Sendable, CustomStringConvertible {
  case notAnObject
  case unknownMember(String)
  case wrongType(String)
  case unknownType(String)
  case outOfRange(String)
  case usersOfClockSkew

  package var description: String {
    switch self {
    case .notAnObject: "a fault is a JSON object"
    case .unknownMember(let name): "a fault has no member \"\(name)\""
    case .wrongType(let name): "\"\(name)\" has the wrong type"
    case .unknownType(let name):
      "type \"\(name)\" is none of \(Fault.typeNames.joined(separator: ", "))"
    case .outOfRange(let name): "\"\(name)\" is out of range"
    case .usersOfClockSkew: "ClockSkew cannot match users: they are not known yet"
    }
  }
}

extension Fault {
  static let typeNames = [
    "Latency", "Status", "Conflict", "Gone", "Reset", "CutWatch", "ClockSkew", "SlowWebhooks",
  ]

  private static var matchMembers: [(name: String, path: WritableKeyPath<Match, [String]>)] {
    [
      ("verbs", \.verbs), ("resources", \.resources), ("namespaces", \.namespaces),
      ("names", \.names), ("users", \.users), ("paths", \.paths),
    ]
  }
  private static let integerMembers = [
    "after", "every", "count", "seed", "milliseconds", "code", "retryAfterSeconds", "afterEvents",
    "seconds",
  ]

  /// Reads the JSON form.
  package init(_ json: JSONValue) throws(FaultError) {
    guard let members = json.objectValue else { throw .notAnObject }
    self.init(.conflict)
    var integers: [String: Int] = [:]
    for (name, value) in members {
      if let member = Self.matchMembers.first(where: { $0.name == name }) {
        guard let elements = value.arrayValue else { throw .wrongType(name) }
        let texts = elements.compactMap(\.stringValue)
        guard texts.count == elements.count else { throw .wrongType(name) }
        match[keyPath: member.path] = texts
      } else if Self.integerMembers.contains(name) {
        guard let number = value.integerValue else { throw .wrongType(name) }
        integers[name] = Int(number)
      } else if name == "probability" {
        guard let share = value.doubleValue else { throw .wrongType(name) }
        schedule.probability = share
      } else if name == "afterwards" {
        guard value.boolValue != nil else { throw .wrongType(name) }
      } else if name == "type" {
        guard value.stringValue != nil else { throw .wrongType(name) }
      } else if !["id", "seen", "hits"].contains(name) {
        throw .unknownMember(name)
      }
    }
    schedule.after = integers["after"] ?? 0
    schedule.every = integers["every"] ?? 1
    schedule.count = integers["count"]
    schedule.seed = UInt64(bitPattern: Int64(integers["seed"] ?? 0))
    effect = try Self.effect(json, integers)
    try check()
  }

  private static func effect(
    _ json: JSONValue, _ integers: [String: Int]
  ) throws(FaultError) -> Effect {
    let type = json.text("type")
    switch type {
    case "Latency":
      return .latency(
        milliseconds: integers["milliseconds"] ?? 0, afterwards: json.flag("afterwards"))
    case "Status":
      return .status(
        code: integers["code"] ?? 500, retryAfterSeconds: integers["retryAfterSeconds"])
    case "Conflict": return .conflict
    case "Gone": return .gone
    case "Reset": return .reset(afterwards: json.flag("afterwards"))
    case "CutWatch": return .cutWatch(afterEvents: integers["afterEvents"] ?? 0)
    case "ClockSkew": return .clockSkew(seconds: integers["seconds"] ?? 0)
    case "SlowWebhooks": return .slowWebhooks(milliseconds: integers["milliseconds"] ?? 0)
    default: throw .unknownType(type)
    }
  }

  /// Refuses what makes no sense.
  func check() throws(FaultError) {
    guard schedule.every >= 1 else { throw .outOfRange("every") }
    guard schedule.after >= 0 else { throw .outOfRange("after") }
    guard schedule.count ?? 0 >= 0 else { throw .outOfRange("count") }
    guard 0...1 ~= schedule.probability else { throw .outOfRange("probability") }
    switch effect {
    case .latency(let milliseconds, _), .slowWebhooks(let milliseconds):
      guard 0...3_600_000 ~= milliseconds else { throw .outOfRange("milliseconds") }
    case .status(let code, let seconds):
      guard 400...599 ~= code else { throw .outOfRange("code") }
      guard seconds ?? 0 >= 0 else { throw .outOfRange("retryAfterSeconds") }
    case .cutWatch(let events):
      guard events >= 0 else { throw .outOfRange("afterEvents") }
    case .clockSkew(let seconds):
      guard -1_000_000_000...1_000_000_000 ~= seconds else { throw .outOfRange("seconds") }
      guard match.users.isEmpty else { throw .usersOfClockSkew }
    case .conflict, .gone, .reset: break
    }
  }

  /// The JSON form, without what is as it is anyway.
  package var json: JSONValue {
    var json = JSONObject()
    for member in Self.matchMembers where !match[keyPath: member.path].isEmpty {
      json[member.name] = .strings(match[keyPath: member.path])
    }
    func set(_ name: String, _ number: Int?) { json[name] = number.map { .integer(Int64($0)) } }
    if schedule.after > 0 { set("after", schedule.after) }
    if schedule.every > 1 { set("every", schedule.every) }
    set("count", schedule.count)
    if schedule.probability < 1 {
      json["probability"] = .double(schedule.probability)
      json["seed"] = .integer(Int64(bitPattern: schedule.seed))
    }
    let type: String
    switch effect {
    case .latency(let milliseconds, let afterwards):
      type = "Latency"
      set("milliseconds", milliseconds)
      if afterwards { json["afterwards"] = true }
    case .status(let code, let seconds):
      type = "Status"
      set("code", code)
      set("retryAfterSeconds", seconds)
    case .conflict: type = "Conflict"
    case .gone: type = "Gone"
    case .reset(let afterwards):
      type = "Reset"
      if afterwards { json["afterwards"] = true }
    case .cutWatch(let events):
      type = "CutWatch"
      set("afterEvents", events)
    case .clockSkew(let seconds):
      type = "ClockSkew"
      set("seconds", seconds)
    case .slowWebhooks(let milliseconds):
      type = "SlowWebhooks"
      set("milliseconds", milliseconds)
    }
    json["type"] = .string(type)
    return .object(json)
  }
}
