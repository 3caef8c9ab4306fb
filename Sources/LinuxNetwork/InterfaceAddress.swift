package import NetworkAddresses

/// One address of an interface, as RTM_NEWADDR describes it.
package struct InterfaceAddress: Hashable, Sendable {
  /// The address of this host; on point-to-point links not that of the peer.
  package var address: IPAddress
  package var prefixLength: Int
  package var flags: Flags

  package init(address: IPAddress, prefixLength: Int, flags: Flags = []) {
    self.address = address
    self.prefixLength = prefixLength
    self.flags = flags
  }

  /// IFA_F_ values of linux/if_addr.h.
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    package static let secondary = Flags(rawValue: 0x01)
    /// Duplicate address detection found another owner.
    package static let detectionFailed = Flags(rawValue: 0x08)
    package static let deprecated = Flags(rawValue: 0x20)
    /// Duplicate address detection has not finished.
    package static let tentative = Flags(rawValue: 0x40)
    package static let permanent = Flags(rawValue: 0x80)
  }

  /// Whether the host may use the address as a source (RFC 4862 §5.4).
  package var isUsable: Bool { flags.isDisjoint(with: [.tentative, .detectionFailed]) }
}
