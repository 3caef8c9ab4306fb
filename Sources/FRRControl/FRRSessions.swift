internal import KubernetesAPI

/// The sessions of bgpd and bfdd, as `vtysh` describes them in JSON.
package struct FRRSessions: Sendable, Hashable {
  package struct BGPSession: Sendable, Hashable {
    /// `ADDRESS:PORT`, or the name of an interface.
    package var peer: String
    package var vrf: String
    package var isUp: Bool
    /// Prefixes announced to the peer, of all families.
    package var announcedPrefixes: Int64
    /// By the names of the series, without their prefix.
    package var messages: [String: Int64]
  }

  package struct BFDSession: Sendable, Hashable {
    package var peer: String
    package var vrf: String
    package var isUp: Bool
    /// By the names of the series, without their prefix.
    package var counters: [String: Int64]
  }

  package var bgp: [BGPSession]
  package var bfd: [BFDSession]

  package static let bgpCommand = "show bgp vrf all neighbors json"
  package static let bfdCommand = "show bfd peers json"
  package static let bfdCountersCommand = "show bfd peers counters json"

  /// Reads the answers to the three commands; an empty one counts as no session.
  package init(bgp: String, bfd: String, bfdCounters: String) throws {
    self.bgp = try Self.document(bgp).map(Self.bgpSessions) ?? []
    let counters = try Self.document(bfdCounters)?.arrayValue ?? []
    self.bfd = (try Self.document(bfd)?.arrayValue ?? []).map { peer in
      Self.bfdSession(
        peer, counters: counters.first { $0["peer"] == peer["peer"] && $0["vrf"] == peer["vrf"] })
    }
  }

  private static func document(_ text: String) throws -> JSONValue? {
    text.allSatisfy(\.isWhitespace) ? nil : try JSONValue(parsing: text)
  }

  /// One object for each VRF, in which the members that are objects with a state are neighbors.
  private static func bgpSessions(_ document: JSONValue) -> [BGPSession] {
    (document.objectValue ?? [:]).flatMap { vrf, members in
      (members.objectValue ?? [:]).compactMap { name, neighbor in
        neighbor["bgpState"]?.stringValue.map { bgpSession(name, vrf: vrf, state: $0, neighbor) }
      }
    }
  }

  private static func bgpSession(
    _ name: String, vrf: String, state: String, _ neighbor: JSONValue
  ) -> BGPSession {
    let families = neighbor["addressFamilyInfo"]?.objectValue ?? [:]
    let statistics = neighbor["messageStats"]
    let port = neighbor["portForeign"]?.integerValue ?? 179
    // A neighbor by its interface has no address to join a port to.
    let isAddress = name.contains(".") || name.contains(":")
    let address = name.contains(":") ? "[\(name)]" : name
    return BGPSession(
      peer: isAddress ? "\(address):\(port)" : name, vrf: vrf, isUp: state == "Established",
      announcedPrefixes: families.reduce(0) { sum, family in
        sum + (family.value["sentPrefixCounter"]?.integerValue ?? 0)
      },
      messages: messageSeries.mapValues { statistics?[$0]?.integerValue ?? 0 })
  }

  /// The names of series, and FRR's of the counters.
  private static let messageSeries = [
    "opens_sent": "opensSent", "opens_received": "opensRecv",
    "notifications_sent": "notificationsSent", "updates_total": "updatesSent",
    "updates_total_received": "updatesRecv", "keepalives_sent": "keepalivesSent",
    "keepalives_received": "keepalivesRecv", "route_refresh_sent": "routeRefreshSent",
    "total_sent": "totalSent", "total_received": "totalRecv",
  ]

  private static func bfdSession(_ peer: JSONValue, counters: JSONValue?) -> BFDSession {
    BFDSession(
      peer: peer["peer"]?.stringValue ?? "", vrf: peer["vrf"]?.stringValue ?? "default",
      isUp: peer["status"] == "up",
      counters: counterSeries.mapValues { counters?[$0]?.integerValue ?? 0 })
  }

  private static let counterSeries = [
    "control_packet_input": "control-packet-input",
    "control_packet_output": "control-packet-output",
    "echo_packet_input": "echo-packet-input", "echo_packet_output": "echo-packet-output",
    "session_up_events": "session-up", "session_down_events": "session-down",
    "zebra_notifications": "zebra-notifications",
  ]
}
