import FoundationEssentials
import KubernetesAPI
import Membership

/// Memberlist's parameters from the optional file `config.json` of the ConfigMap `metallb-memberlist-config`, which replaces
/// the profile entirely.
///
/// It is a JSON object under the names of memberlist's own fields. As upstream reads it: durations are texts such as `500ms`
/// and none may be missing; a number or truth value that is missing counts as 0 or false.
enum MemberlistTuning {
  /// A file that cannot be used.
  struct Invalid: Error, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }
  }

  /// The parameters to use: of the file if there is one, else of the profile.
  static func parameters(_ options: GossipOptions) throws(Invalid) -> MemberlistParameters {
    let profile: MemberlistParameters =
      switch (options.profile, options.isWAN) {
      case (.fast, _): .fast
      case (.upstream, true): .wan
      case (.upstream, false): .lan
      }
    guard FileManager.default.fileExists(atPath: options.tuningPath) else { return profile }
    do {
      let text = try String(contentsOf: URL(filePath: options.tuningPath), encoding: .utf8)
      return try parameters(json: text, base: profile)
    } catch let invalid as Invalid {
      throw Invalid(path: options.tuningPath, reason: invalid.reason)
    } catch {
      throw Invalid(path: options.tuningPath, reason: "\(error)")
    }
  }

  /// - Parameter base: for what memberlist has no field for.
  static func parameters(
    json text: String, base: MemberlistParameters
  ) throws -> MemberlistParameters {
    let object = try JSONValue(parsing: text)
    guard object.objectValue != nil else {
      throw Invalid(path: "", reason: "is not a JSON object")
    }
    let reader = Reader(object: object)
    var parameters = base
    parameters.streamTimeout = try reader.duration("TCPTimeout")
    parameters.indirectChecks = try reader.number("IndirectChecks")
    parameters.retransmitMultiplier = try reader.number("RetransmitMult")
    parameters.suspicionMultiplier = try reader.number("SuspicionMult")
    parameters.suspicionMaxTimeoutMultiplier = try reader.number("SuspicionMaxTimeoutMult")
    parameters.pushPullInterval = try reader.duration("PushPullInterval")
    parameters.probeTimeout = try reader.duration("ProbeTimeout")
    parameters.probeInterval = try reader.duration("ProbeInterval")
    parameters.usesStreamPings = try !reader.truth("DisableTcpPings")
    parameters.awarenessMaxMultiplier = try reader.number("AwarenessMaxMultiplier")
    parameters.gossipNodes = try reader.number("GossipNodes")
    parameters.gossipInterval = try reader.duration("GossipInterval")
    parameters.gossipToTheDead = try reader.duration("GossipToTheDeadTime")
    parameters.verifiesIncoming = try reader.truth("GossipVerifyIncoming")
    parameters.verifiesOutgoing = try reader.truth("GossipVerifyOutgoing")
    parameters.compresses = try reader.truth("EnableCompression")
    parameters.datagramBudget = try reader.number("UDPBufferSize")
    // These two tune queues that there are none of here.
    _ = try reader.number("HandoffQueueDepth")
    _ = try reader.duration("QueueCheckInterval")
    return parameters
  }

  private struct Reader {
    let object: JSONValue

    func duration(_ name: String) throws(Invalid) -> Duration {
      guard let text = object[name]?.stringValue else {
        throw Invalid(path: "", reason: "\(name) must be a duration such as 500ms")
      }
      guard let duration = Duration(goText: text), duration >= .zero else {
        throw Invalid(path: "", reason: "\(name) is \(text), which is no duration such as 500ms")
      }
      return duration
    }

    func number(_ name: String) throws(Invalid) -> Int {
      guard let value = object[name], !value.isNull else { return 0 }
      // What is beyond this makes no sense for any of them.
      guard let number = value.integerValue, 0...1_000_000 ~= number else {
        throw Invalid(path: "", reason: "\(name) is no whole number from 0 to 1000000")
      }
      return Int(number)
    }

    func truth(_ name: String) throws(Invalid) -> Bool {
      guard let value = object[name], !value.isNull else { return false }
      guard let truth = value.boolValue else {
        throw Invalid(path: "", reason: "\(name) is neither true nor false")
      }
      return truth
    }
  }
}
