package import Layer2

/// Where and how an address is announced.
package struct AnnouncementTerms: Sendable, Hashable {
  package var interfaces: InterfaceSelection
  /// How often the network is told again; nil for never.
  package var refreshInterval: Duration?
  /// Whether an address that is given out for the first time is announced only when nobody else has it.
  package var detectsDuplicates: Bool

  package init(
    interfaces: InterfaceSelection, refreshInterval: Duration? = nil,
    detectsDuplicates: Bool = true
  ) {
    self.interfaces = interfaces
    self.refreshInterval = refreshInterval
    self.detectsDuplicates = detectsDuplicates
  }

  /// What suits all the Services that share an address: on the interfaces of each, told as often as any wants, and probed
  /// only if none objects.
  static func merged(_ terms: some Collection<AnnouncementTerms>) -> AnnouncementTerms? {
    guard !terms.isEmpty else { return nil }
    return AnnouncementTerms(
      interfaces: terms.reduce(.named([])) { $0.union($1.interfaces) },
      refreshInterval: terms.compactMap(\.refreshInterval).min(),
      detectsDuplicates: terms.allSatisfy(\.detectsDuplicates))
  }
}
