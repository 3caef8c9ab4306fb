/// What a member speaks: the range that it understands and what it uses, of the protocol and of the user's part. Six
/// bytes on the wire (`Vsn`), in the order of the fields.
package struct ProtocolVersions: Hashable, Sendable {
  package var protocolMin: UInt8 = 1
  package var protocolMax: UInt8 = 5
  package var protocolCurrent: UInt8 = 2
  package var delegateMin: UInt8 = 0
  package var delegateMax: UInt8 = 0
  package var delegateCurrent: UInt8 = 0

  /// What we speak, and MetalLB: protocol 2 of 1–5, and no user's part.
  package init() {}

  /// The same with versions of a user's part: Serf's members refuse everybody who has none.
  package init(delegateMin: UInt8, delegateMax: UInt8, delegateCurrent: UInt8) {
    self.delegateMin = delegateMin
    self.delegateMax = delegateMax
    self.delegateCurrent = delegateCurrent
  }

  /// Of a member that did not say.
  static let unknown = ProtocolVersions(bytes: [0, 0, 0, 0, 0, 0])

  init(bytes: [6 of UInt8]) {
    (protocolMin, protocolMax, protocolCurrent) = (bytes[0], bytes[1], bytes[2])
    (delegateMin, delegateMax, delegateCurrent) = (bytes[3], bytes[4], bytes[5])
  }

  /// Reads `Vsn`. Nil when it is empty, as old members send it.
  init?(reading reader: inout MessagePackReader) throws(WireError) {
    guard let raw = try reader.raw(limit: 64), !raw.isEmpty else { return nil }
    guard raw.count >= 6 else { throw .malformed }
    self.init(bytes: [raw[0], raw[1], raw[2], raw[3], raw[4], raw[5]])
  }

  var bytes: [UInt8] {
    [
      protocolMin, protocolMax, protocolCurrent, delegateMin, delegateMax, delegateCurrent,
    ]
  }

  /// A range of protocol versions that holds none of them cannot be.
  var isPossible: Bool {
    protocolMin > 0 && protocolMax > 0 && protocolMin <= protocolMax
  }

  var understandsStreamPing: Bool { protocolMax >= 3 }
  var sendsNack: Bool { protocolMax >= 4 }
  var understandsChecksum: Bool { protocolMax >= 5 }
}

extension ProtocolVersions {
  /// Why a table of members may not be merged with another: `nil` when every member uses versions that all alive members
  /// of both tables understand. A member that did not say counts as using version 0.
  static func conflict(
    among members: [(name: String, isAlive: Bool, versions: ProtocolVersions?)]
  ) -> (name: String, versions: ProtocolVersions)? {
    var (protocolMin, protocolMax): (UInt8, UInt8) = (0, .max)
    var (delegateMin, delegateMax): (UInt8, UInt8) = (0, .max)
    for case (_, true, let versions?) in members {
      protocolMin = max(protocolMin, versions.protocolMin)
      protocolMax = min(protocolMax, versions.protocolMax)
      delegateMin = max(delegateMin, versions.delegateMin)
      delegateMax = min(delegateMax, versions.delegateMax)
    }
    for (name, _, versions) in members {
      let versions = versions ?? .unknown
      // a range whose ends have crossed holds nothing
      guard versions.protocolCurrent >= protocolMin, versions.protocolCurrent <= protocolMax,
        versions.delegateCurrent >= delegateMin, versions.delegateCurrent <= delegateMax
      else { return (name, versions) }
    }
    return nil
  }
}
