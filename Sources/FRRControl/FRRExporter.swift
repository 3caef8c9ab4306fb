internal import CoreMetrics
internal import PrometheusMetrics

/// What `frr-metrics` tells: the sessions of FRR for Prometheus, and whether all of its daemons run.
///
/// Each page is made of one look at FRR: there is no state that could be older than the sessions.
package struct FRRExporter: Sendable {
  private let shell: VTYShell

  package init(shell: VTYShell) { self.shell = shell }

  /// - Throws: what kept FRR from answering.
  package func page() async throws -> String {
    let sessions = try await FRRSessions(
      bgp: shell.run(FRRSessions.bgpCommand), bfd: shell.run(FRRSessions.bfdCommand),
      bfdCounters: shell.run(FRRSessions.bfdCountersCommand))
    return Self.page(sessions)
  }

  /// Daemons that do not run.
  package func missingDaemons() async throws -> Set<String> {
    FRRDaemons.missing(in: try await shell.run("show daemons"))
  }

  static func page(_ sessions: FRRSessions) -> String {
    let registry = PrometheusRegistry.described()
    for session in sessions.bgp {
      let labels = [("peer", session.peer), ("vrf", session.vrf)]
      gauge("metallb_bgp_session_up", labels, session.isUp ? 1 : 0, registry)
      gauge(
        "metallb_bgp_announced_prefixes_total", labels, session.announcedPrefixes, registry)
      for (name, value) in session.messages {
        counter("metallb_bgp_\(name)", labels, value, registry)
      }
    }
    for session in sessions.bfd {
      let labels = [("peer", session.peer), ("vrf", session.vrf)]
      gauge("metallb_bfd_session_up", labels, session.isUp ? 1 : 0, registry)
      for (name, value) in session.counters {
        counter("metallb_bfd_\(name)", labels, value, registry)
      }
    }
    return registry.render()
  }

  private static func gauge(
    _ name: String, _ labels: [(String, String)], _ value: Int64, _ registry: PrometheusRegistry
  ) {
    Gauge(label: name, dimensions: labels, factory: registry).record(value)
  }

  private static func counter(
    _ name: String, _ labels: [(String, String)], _ value: Int64, _ registry: PrometheusRegistry
  ) {
    Counter(label: name, dimensions: labels, factory: registry).increment(by: value)
  }
}
