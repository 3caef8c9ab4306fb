import Membership
package import Metrics

/// The metrics of gossip. Upstream has none, so these names are ours.
package struct MembershipMetrics: Sendable {
  private let members: Gauge
  private let healthScore: Gauge
  private let openStreams: Gauge
  private let datagramsReceived: Counter
  private let datagramsSent: Counter
  private let datagramsUnsent: Counter
  private let bytesReceived: Counter
  private let bytesSent: Counter
  private let streamsRefused: Counter
  private let joinFailures: Counter
  private let factory: any MetricsFactory

  package init(factory: any MetricsFactory) {
    self.factory = factory
    func counter(_ name: String) -> Counter {
      let counter = Counter(label: "metallb_memberlist_\(name)_total", factory: factory)
      counter.increment(by: 0)
      return counter
    }
    members = Gauge(label: "metallb_memberlist_members", factory: factory)
    healthScore = Gauge(label: "metallb_memberlist_health_score", factory: factory)
    openStreams = Gauge(label: "metallb_memberlist_streams_open", factory: factory)
    datagramsReceived = counter("datagrams_received")
    datagramsSent = counter("datagrams_sent")
    datagramsUnsent = counter("datagrams_unsent")
    bytesReceived = counter("datagram_bytes_received")
    bytesSent = counter("datagram_bytes_sent")
    streamsRefused = counter("streams_refused")
    joinFailures = counter("join_failures")
    members.record(0)
    healthScore.record(0)
    openStreams.record(0)
  }

  func view(_ view: MembershipView) {
    members.record(view.present.count)
    healthScore.record(view.healthScore)
  }

  func received(_ bytes: Int) {
    datagramsReceived.increment()
    bytesReceived.increment(by: bytes)
  }

  func sent(_ bytes: Int) {
    datagramsSent.increment()
    bytesSent.increment(by: bytes)
  }

  func unsendable() { datagramsUnsent.increment() }
  func refusedStream() { streamsRefused.increment() }
  func joinFailed() { joinFailures.increment() }
  func streamsOpen(_ count: Int) { openStreams.record(count) }

  /// What others sent and had no effect, by reason.
  func ignored(_ reason: Memberlist.IgnoredReason) {
    Counter(
      label: "metallb_memberlist_ignored_total", dimensions: [("reason", reason.label)],
      factory: factory
    ).increment()
  }
}

extension Memberlist.IgnoredReason {
  /// A word from a closed set.
  var label: String {
    switch self {
    case .unreadable(let error): error.label
    case .notForUs: "notForUs"
    case .impossibleVersions: "impossibleVersions"
    case .tooManyMembers: "tooManyMembers"
    case .tooBusy: "tooBusy"
    case .userMessage: "userMessage"
    }
  }
}

extension WireError {
  fileprivate var label: String {
    switch self {
    case .truncated: "truncated"
    case .malformed: "malformed"
    case .unexpectedType: "unexpectedType"
    case .tooLarge: "tooLarge"
    case .nestedTooDeep: "nestedTooDeep"
    case .checksumMismatch: "checksumMismatch"
    case .labelMismatch: "labelMismatch"
    case .notDecryptable: "notDecryptable"
    case .notEncrypted: "notEncrypted"
    case .noKey: "noKey"
    }
  }
}
