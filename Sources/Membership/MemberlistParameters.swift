/// How patient, how chatty and how strict a member is. The names follow memberlist's, so that its tuning file maps onto them.
///
/// Members with different parameters understand each other. All of one cluster should still have the same probe interval
/// and suspicion multiplier: the impatient ones decide.
package struct MemberlistParameters: Hashable, Sendable {
  /// For a stream, from connecting to its end.
  package var streamTimeout: Duration
  /// How many members are asked to ping one that did not answer us.
  package var indirectChecks: Int
  /// News is sent this many times the decimal digits of the number of members.
  package var retransmitMultiplier: Int
  /// A suspicion lasts at least this many probe intervals, more in clusters beyond 10 members.
  package var suspicionMultiplier: Int
  /// And at most this many times as long, as long as nobody else confirms it.
  package var suspicionMaxTimeoutMultiplier: Int
  /// Between exchanges of whole tables with a random member. Zero for never.
  package var pushPullInterval: Duration
  /// Between probes. Zero for never.
  package var probeInterval: Duration
  /// How long a member has to answer before others are asked about it.
  package var probeTimeout: Duration
  /// Whether a member that answers to nothing else is also tried over TCP.
  package var usesStreamPings: Bool
  /// The limit of the local health score, which makes probes longer.
  package var awarenessMaxMultiplier: Int
  /// To how many members news goes at once, and how often. Zero for never.
  package var gossipNodes: Int
  package var gossipInterval: Duration
  /// How long the dead still get news, so that one that is wrongly so named can object. After that they are forgotten.
  package var gossipToTheDead: Duration
  /// With a key: whether messages in clear are refused, and whether we encrypt.
  package var verifiesIncoming: Bool
  package var verifiesOutgoing: Bool
  package var compresses: Bool
  /// The longest datagram that we make, in bytes.
  package var datagramBudget: Int
  /// After what time the name of a dead member may come back with another address. Zero for never: it is then forgotten
  /// first. One that left may always.
  package var deadNodeReclaim: Duration
  /// Between attempts to reach peers that are no members. Not part of the protocol.
  package var rejoinInterval: Duration

  /// Memberlist's defaults for a local network, which MetalLB uses. A crash is seen after 6 s on three nodes: one to two
  /// probe rounds, then a suspicion of 4 s.
  package static let lan = MemberlistParameters(
    streamTimeout: .seconds(10), indirectChecks: 3, retransmitMultiplier: 4,
    suspicionMultiplier: 4, suspicionMaxTimeoutMultiplier: 6, pushPullInterval: .seconds(30),
    probeInterval: .seconds(1), probeTimeout: .milliseconds(500), usesStreamPings: true,
    awarenessMaxMultiplier: 8, gossipNodes: 3, gossipInterval: .milliseconds(200),
    gossipToTheDead: .seconds(30), verifiesIncoming: true, verifiesOutgoing: true,
    compresses: true, datagramBudget: 1400, deadNodeReclaim: .zero, rejoinInterval: .seconds(10))

  /// Memberlist's defaults for members far apart.
  package static let wan = {
    var parameters = lan
    parameters.streamTimeout = .seconds(30)
    parameters.suspicionMultiplier = 6
    parameters.pushPullInterval = .seconds(60)
    parameters.probeInterval = .seconds(5)
    parameters.probeTimeout = .seconds(3)
    parameters.gossipNodes = 4
    parameters.gossipInterval = .milliseconds(500)
    parameters.gossipToTheDead = .seconds(60)
    parameters.rejoinInterval = .seconds(30)
    return parameters
  }()

  /// For nodes on one switch that must notice a crash within a second.
  ///
  /// On three nodes: the two others each probe every 300 ms, so the first failing probe begins 0–300 ms after the crash
  /// and lasts 150 ms; the suspicion lasts 450 ms when the other agrees, 1.8 s when it cannot say. Together 0.6–0.9 s.
  /// The price: a node that stands still for longer than that is taken for dead until it objects, and each node sends
  /// some 7 pings a second.
  package static let fast = {
    var parameters = lan
    parameters.streamTimeout = .seconds(2)
    parameters.suspicionMultiplier = 3
    parameters.suspicionMaxTimeoutMultiplier = 4
    parameters.pushPullInterval = .seconds(10)
    parameters.probeInterval = .milliseconds(150)
    parameters.probeTimeout = .milliseconds(60)
    parameters.gossipInterval = .milliseconds(50)
    parameters.deadNodeReclaim = .seconds(2)
    parameters.rejoinInterval = .seconds(2)
    return parameters
  }()
}
