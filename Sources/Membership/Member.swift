/// What is believed of a member. The raw values are those of the wire.
package enum MemberState: Int, Hashable, Sendable {
  case alive = 0
  /// Somebody got no answer from it. It counts as a member until the suspicion is confirmed.
  case suspect = 1
  case dead = 2
  /// It said itself that it goes.
  case left = 3

  /// Whether it counts as a member.
  package var isPresent: Bool {
    switch self {
    case .alive, .suspect: true
    case .dead, .left: false
    }
  }
}

/// A member as this node sees it.
package struct Member: Hashable, Sendable {
  package var name: String
  package var address: MemberAddress
  package var metadata: [UInt8]
  package var incarnation: UInt32
  package var state: MemberState
  package var versions: ProtocolVersions
}
