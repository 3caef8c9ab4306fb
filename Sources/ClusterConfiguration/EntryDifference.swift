import KubernetesAPI
import NetworkAddresses

/// Where an object does not say what an entry of the ConfigMap says. Without a difference both say the same, however
/// they write it: then they count as one, and either may go. This is the one place that decides so.
struct EntryDifference: Sendable, Hashable {
  /// Of the object: `spec.addresses`.
  var field: String
  /// What the entry says there; never a secret.
  var entry: String

  /// - Parameter owner: of the entry.
  func fault(
    _ reason: ConfigurationFault.Reason = .duplicateName, owner: ConfigurationObject
  ) -> ConfigurationFault {
    ConfigurationFault(
      reason, field: field,
      "\(owner) already exists and says \(entry): say the same here, or change it there first")
  }
}

/// Compares field by field and keeps the first difference.
private struct EntryComparison {
  private(set) var difference: EntryDifference?

  /// - Parameter text: what the entry says.
  mutating func check(_ field: String, _ isSame: Bool, _ text: @autoclosure () -> String) {
    guard difference == nil, !isSame else { return }
    difference = EntryDifference(field: "spec.\(field)", entry: text())
  }

  mutating func check<Value: Equatable>(_ field: String, _ own: Value, _ entrys: Value) {
    check(field, own == entrys, "\(entrys)")
  }

  mutating func check<Value: Equatable>(_ field: String, _ own: Value?, _ entrys: Value?) {
    check(field, own == entrys, entrys.map { "\($0)" } ?? "nothing")
  }
}

extension ParsedPool {
  func difference(from entry: ParsedPool) -> EntryDifference? {
    var comparison = EntryComparison()
    comparison.check("addresses", span == entry.span, entry.notations.joined(separator: ", "))
    comparison.check("autoAssign", autoAssign, entry.autoAssign)
    comparison.check("avoidBuggyIPs", avoidBuggyIPs, entry.avoidBuggyIPs)
    comparison.check(
      "serviceAllocation", serviceAllocation == entry.serviceAllocation, "nothing about Services")
    return comparison.difference
  }

  /// The addresses as the fewest ranges, in ascending order.
  private var span: [AddressRange] {
    var span: [AddressRange] = []
    for range in ranges.sorted(by: { $0.first < $1.first }) {
      if let last = span.last, last.last.advanced(by: 1) == range.first,
        let joined = AddressRange(last.first, range.last)
      {
        span[span.count - 1] = joined
      } else {
        span.append(range)
      }
    }
    return span
  }
}

extension ConfiguredBFDProfile {
  func difference(from entry: ConfiguredBFDProfile) -> EntryDifference? {
    var comparison = EntryComparison()
    comparison.check("receiveInterval", receiveInterval, entry.receiveInterval)
    comparison.check("transmitInterval", transmitInterval, entry.transmitInterval)
    comparison.check("detectMultiplier", detectMultiplier, entry.detectMultiplier)
    comparison.check("echoInterval", echoInterval, entry.echoInterval)
    comparison.check("echoMode", echoMode, entry.echoMode)
    comparison.check("passiveMode", passiveMode, entry.passiveMode)
    comparison.check("minimumTtl", minimumTTL, entry.minimumTTL)
    return comparison.difference
  }
}

extension ConfiguredPeer {
  /// Names do not count: entries have none.
  func difference(from entry: ConfiguredPeer) -> EntryDifference? {
    var comparison = EntryComparison()
    comparison.check("peerAddress", endpoint == entry.endpoint, entry.endpoint.text)
    comparison.check("vrf", vrf == entry.vrf, "nothing")
    comparison.check("peerPort", port, entry.port)
    comparison.check("myASN", myASN, entry.myASN)
    comparison.check("peerASN", peerASN == entry.peerASN, entry.peerASN.text)
    comparison.check("localASN", localASN, entry.localASN)
    comparison.check("sourceAddress", sourceAddress, entry.sourceAddress)
    comparison.check("routerID", routerID, entry.routerID)
    if !leavesTimers(to: entry) {
      comparison.check("holdTime", timers.hold?.goText, entry.timers.hold?.goText)
      comparison.check("keepaliveTime", timers.keepalive?.goText, entry.timers.keepalive?.goText)
    }
    comparison.check("connectTime", timers.connect?.goText, entry.timers.connect?.goText)
    comparison.check(
      "nodeSelectors", nodeSelectors.choice == entry.nodeSelectors.choice,
      entry.nodeSelectors.choice.isEmpty ? "nothing" : "something else")
    comparison.check(
      "password", hasPassword(of: entry), entry.password == nil ? "nothing" : "something else")
    comparison.check("bfdProfile", hasProfile(of: entry), entry.bfdProfile?.name ?? "nothing")
    comparison.check(
      "enableGracefulRestart", usesGracefulRestart, entry.usesGracefulRestart)
    comparison.check("ebgpMultiHop", ebgpMultiHop, entry.ebgpMultiHop)
    comparison.check(
      "dualStackAddressFamily", dualStackAddressFamily, entry.dualStackAddressFamily)
    return comparison.difference
  }

  /// An entry that names no timers has these; an object that names none has what its backend takes for them.
  private func leavesTimers(to entry: ConfiguredPeer) -> Bool {
    timers.hold == nil && timers.keepalive == nil && entry.timers.hold == .seconds(90)
      && entry.timers.keepalive == .seconds(30)
  }

  /// The password in a Secret that is not read counts as the same.
  private func hasPassword(of entry: ConfiguredPeer) -> Bool {
    if password == nil, passwordSecret != nil { return entry.password != nil }
    return password == entry.password
  }

  private func hasProfile(of entry: ConfiguredPeer) -> Bool {
    switch (bfdProfile, entry.bfdProfile) {
    case (nil, nil): true
    case (let own?, let entrys?): own.difference(from: entrys) == nil
    case (_, _): false
    }
  }
}

extension ConfiguredPeer.Endpoint {
  fileprivate var text: String {
    switch self {
    case .address(let address): "\(address)"
    case .interface(let name): name
    }
  }
}

extension ConfiguredPeer.PeerASN {
  fileprivate var text: String {
    switch self {
    case .number(let number): "\(number)"
    case .internal: "internal"
    case .external: "external"
    }
  }
}

extension [LabelSelector] {
  /// Which nodes they choose, however they are written; empty for all.
  fileprivate var choice: Set<LabelSelector> {
    if contains(where: \.isEmpty) { return [] }
    return Set(
      map { selector in
        LabelSelector(
          matchLabels: selector.matchLabels ?? [:],
          matchExpressions: (selector.matchExpressions ?? []).map {
            .init(key: $0.key, operator: $0.operator, values: ($0.values ?? []).sorted())
          })
      })
  }
}

extension ConfiguredBGPAdvertisement {
  /// Whether both announce the same, whoever asks for it.
  func announcesSame(as other: Self) -> Bool {
    var other = other
    other.source = source
    return self == other
  }
}
