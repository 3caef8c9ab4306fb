import Testing

@testable import FRRControl

/// Answers of `vtysh` in JSON, cut down to what is read and a little beside it.
@Suite struct FRRSessionsTests {
  private static let bgp = """
    {"default": {"vrfId": 0, "vrfName": "default",
      "192.0.2.254": {"remoteAs": 64513, "bgpState": "Established", "portForeign": 1179,
        "messageStats": {"opensSent": 1, "opensRecv": 2, "notificationsSent": 3, "updatesSent": 4,
          "updatesRecv": 5, "keepalivesSent": 6, "keepalivesRecv": 7, "routeRefreshSent": 8,
          "totalSent": 9, "totalRecv": 10},
        "addressFamilyInfo": {"ipv4Unicast": {"sentPrefixCounter": 2},
          "ipv6Unicast": {"sentPrefixCounter": 3}}},
      "2001:db8::1": {"bgpState": "Active"}},
     "red": {"vrfId": 7, "eth1": {"bgpState": "Idle"}}}
    """
  private static let bfd = """
    [{"multihop": false, "peer": "192.0.2.254", "vrf": "default", "status": "up"},
     {"peer": "192.0.2.254", "vrf": "red", "status": "down"}]
    """
  private static let counters = """
    [{"peer": "192.0.2.254", "vrf": "default", "control-packet-input": 11, "session-down": 1}]
    """

  @Test func `Reads sessions of every VRF`() throws {
    let sessions = try FRRSessions(bgp: Self.bgp, bfd: Self.bfd, bfdCounters: Self.counters)
    let bgp = sessions.bgp.sorted { $0.peer < $1.peer }
    #expect(bgp.map(\.peer) == ["192.0.2.254:1179", "[2001:db8::1]:179", "eth1"])
    #expect(bgp.map(\.vrf) == ["default", "default", "red"])
    #expect(bgp.map(\.isUp) == [true, false, false])
    #expect(bgp[0].announcedPrefixes == 5)
    #expect(bgp[0].messages["opens_received"] == 2)
    #expect(bgp[0].messages["total_received"] == 10)
    #expect(sessions.bfd.map(\.isUp) == [true, false])
    #expect(sessions.bfd[0].counters["control_packet_input"] == 11)
    #expect(sessions.bfd[1].counters["control_packet_input"] == 0)
  }

  @Test func `Without configuration there is no session`() throws {
    let sessions = try FRRSessions(bgp: "\n", bfd: "", bfdCounters: "[]\n")
    #expect(sessions.bgp.isEmpty && sessions.bfd.isEmpty)
    #expect(throws: (any Error).self) {
      try FRRSessions(bgp: "% BGP instance not found", bfd: "", bfdCounters: "")
    }
  }

  @Test func `The page has upstream's series`() throws {
    let page = FRRExporter.page(
      try FRRSessions(bgp: Self.bgp, bfd: Self.bfd, bfdCounters: Self.counters))
    for line in [
      "# TYPE metallb_bgp_session_up gauge", "# TYPE metallb_bgp_opens_sent counter",
      #"metallb_bgp_session_up{peer="192.0.2.254:1179",vrf="default"} 1"#,
      #"metallb_bgp_announced_prefixes_total{peer="192.0.2.254:1179",vrf="default"} 5"#,
      #"metallb_bgp_updates_total{peer="192.0.2.254:1179",vrf="default"} 4"#,
      #"metallb_bfd_session_up{peer="192.0.2.254",vrf="red"} 0"#,
      #"metallb_bfd_session_down_events{peer="192.0.2.254",vrf="default"} 1"#,
    ] {
      #expect(page.contains("\(line)\n"), "\(line)")
    }
  }

  @Test func `Five daemons have to run`() {
    #expect(FRRDaemons.missing(in: " zebra bgpd watchfrr staticd bfdd\n").isEmpty)
    #expect(FRRDaemons.missing(in: " zebra watchfrr staticd") == ["bgpd", "bfdd"])
  }
}
