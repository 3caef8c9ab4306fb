/// The HELP texts of every family that a process of MetalLB shows; upstream's words where it has the family.
package enum MetricHelp {
  package static let texts = process.merging(allocator) { first, _ in first }
    .merging(layer2) { first, _ in first }.merging(gossip) { first, _ in first }
    .merging(bgp) { first, _ in first }.merging(bfd) { first, _ in first }

  private static let process = [
    "metallb_k8s_client_updates_total":
      "Number of k8s object updates that have been processed.",
    "metallb_k8s_client_update_errors_total":
      "Number of k8s object updates that failed for some reason.",
    "metallb_k8s_client_config_loaded_bool":
      "1 if the MetalLB configuration was successfully loaded at least once.",
    "metallb_k8s_client_config_stale_bool":
      "1 if running on a stale configuration, because the latest config failed to load.",
    "metallb_operator_leader_bool": "1 in the operator that acts, 0 in those that wait.",
    "metallb_operator_reconciles_total":
      "Number of reconciles of the operator, by what was reconciled and how it ended.",
  ]

  private static let allocator = [
    "metallb_allocator_addresses_total": "Number of usable IP addresses, per pool",
    "metallb_allocator_ipv4_addresses_total": "Number of usable IPv4 addresses, per pool",
    "metallb_allocator_ipv6_addresses_total": "Number of usable IPv6 addresses, per pool",
    "metallb_allocator_addresses_in_use_total": "Number of IP addresses in use, per pool",
    "metallb_allocator_ipv4_addresses_in_use_total": "Number of IPv4 addresses in use, per pool",
    "metallb_allocator_ipv6_addresses_in_use_total": "Number of IPv6 addresses in use, per pool",
  ]

  private static let layer2 = [
    "metallb_speaker_announced":
      "Services announced from this node. This is desired state, it does not guarantee that the routing protocols have converged.",
    "metallb_layer2_requests_received": "Number of layer2 requests received for owned IPs",
    "metallb_layer2_responses_sent":
      "Number of layer2 responses sent for owned IPs in response to requests",
    "metallb_layer2_gratuitous_sent":
      "Number of gratuitous layer2 packets sent for owned IPs as a result of failovers",
    "metallb_layer2_frames_ignored_total":
      "Number of ARP and NDP frames without an answer, by reason",
    "metallb_layer2_conflicts_total":
      "Number of claims by other hosts to announced IPs, by whether the claimant is a node",
  ]

  private static let gossip = [
    "metallb_memberlist_members": "Number of speakers that are alive or suspect, with this one",
    "metallb_memberlist_health_score": "How slow this speaker has been lately; 0 is healthy",
    "metallb_memberlist_streams_open": "Number of open TCP connections with other speakers",
    "metallb_memberlist_datagrams_received_total": "Number of gossip datagrams received",
    "metallb_memberlist_datagrams_sent_total": "Number of gossip datagrams sent",
    "metallb_memberlist_datagrams_unsent_total":
      "Number of gossip datagrams that could not be sent",
    "metallb_memberlist_datagram_bytes_received_total":
      "Number of bytes in gossip datagrams received",
    "metallb_memberlist_datagram_bytes_sent_total": "Number of bytes in gossip datagrams sent",
    "metallb_memberlist_streams_refused_total":
      "Number of TCP connections refused for being too many",
    "metallb_memberlist_join_failures_total": "Number of attempts to join that failed",
    "metallb_memberlist_ignored_total": "Number of gossip messages without effect, by reason",
  ]

  private static let bgp = [
    "metallb_bgp_session_up": "BGP session state (1 is up, 0 is down)",
    "metallb_bgp_announced_prefixes_total":
      "Number of prefixes currently being advertised on the BGP session",
    "metallb_bgp_opens_sent": "Number of BGP open messages sent",
    "metallb_bgp_opens_received": "Number of BGP open messages received",
    "metallb_bgp_notifications_sent": "Number of BGP notification messages sent",
    "metallb_bgp_updates_total": "Number of BGP UPDATE messages sent",
    "metallb_bgp_updates_total_received": "Number of BGP UPDATE messages received",
    "metallb_bgp_keepalives_sent": "Number of BGP keepalive messages sent",
    "metallb_bgp_keepalives_received": "Number of BGP keepalive messages received",
    "metallb_bgp_route_refresh_sent": "Number of BGP route refresh messages sent",
    "metallb_bgp_total_sent": "Number of total BGP messages sent",
    "metallb_bgp_total_received": "Number of total BGP messages received",
  ]

  private static let bfd = [
    "metallb_bfd_session_up": "BFD session state (1 is up, 0 is down)",
    "metallb_bfd_control_packet_input": "Number of received BFD control packets",
    "metallb_bfd_control_packet_output": "Number of sent BFD control packets",
    "metallb_bfd_echo_packet_input": "Number of received BFD echo packets",
    "metallb_bfd_echo_packet_output": "Number of sent BFD echo packets",
    "metallb_bfd_session_up_events": "Number of BFD session up events",
    "metallb_bfd_session_down_events": "Number of BFD session down events",
    "metallb_bfd_zebra_notifications": "Number of BFD zebra notifications",
  ]
}

extension PrometheusRegistry {
  /// A registry that knows the ``MetricHelp``.
  package static func described() -> PrometheusRegistry {
    let registry = PrometheusRegistry()
    for (name, help) in MetricHelp.texts { registry.describe(name, help: help) }
    return registry
  }
}
