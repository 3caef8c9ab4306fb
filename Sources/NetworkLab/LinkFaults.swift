/// Faults that a lab can give to a link, as nftables rules in the namespace that receives.
package enum LinkFaults {
  /// Loses a share of all frames that arrive at an interface, ARP and IP alike.
  ///
  /// - Parameter percent: 0 to 100; 100 makes the link silently dead while it stays up.
  static func lossRuleset(percent: Int, interface: String) -> String {
    // The kernel refuses a comparison that always holds.
    """
    table netdev lab-loss {
      chain \(interface) {
        type filter hook ingress device "\(interface)" priority 0
        \(percent < 100 ? "numgen random mod 100 < \(percent) drop" : "drop")
      }
    }

    """
  }
}

extension LabNamespace {
  /// Loses `percent` of 100 frames that arrive at the interface, until `heal` is called.
  package func loseFrames(percent: Int, on interface: String) async throws {
    try await heal()
    try await nft(LinkFaults.lossRuleset(percent: percent, interface: interface))
  }

  /// Ends the loss of frames on all interfaces.
  package func heal() async throws {
    // Declaring the table first lets the deletion succeed when there was none.
    try await nft("table netdev lab-loss\ndelete table netdev lab-loss\n")
  }
}
