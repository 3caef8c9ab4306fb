package import KubernetesAPI
package import NetworkAddresses

/// A router to hold BGP sessions with, as all backends take it. References are resolved.
package struct ConfiguredPeer: Sendable, Hashable {
  package enum PeerASN: Sendable, Hashable {
    case number(UInt32)
    /// Whatever the peer says, as long as it is our own number.
    case `internal`
    /// Whatever the peer says, as long as it is another number than ours.
    case external
  }

  package enum Endpoint: Sendable, Hashable {
    case address(IPAddress)
    /// Unnumbered: the router at the other end of this link.
    case interface(String)
  }

  /// The name by which advertisements refer to it.
  package var name: String
  package var source: ConfigurationObject
  package var myASN: UInt32
  package var peerASN: PeerASN
  /// Shown to this peer instead of `myASN`.
  package var localASN: UInt32?
  package var endpoint: Endpoint
  /// Empty for the default VRF.
  package var vrf: String
  package var port: UInt16
  package var sourceAddress: IPAddress?
  package var routerID: IPv4Address?
  package var timers: Timers
  /// The nodes that peer: those that match any selector, and all of them when there is none.
  package var nodeSelectors: [LabelSelector]
  /// The TCP MD5 password; nil without one, and where the Secret is not read.
  package var password: BGPPassword?
  /// The Secret, in MetalLB's namespace, that the password comes from.
  package var passwordSecret: String?
  package var bfdProfile: ConfiguredBFDProfile?
  package var usesGracefulRestart: Bool
  package var ebgpMultiHop: Bool
  /// Whether both address families travel over the session.
  package var dualStackAddressFamily: Bool

  /// Whole seconds; nil leaves the choice to the backend.
  package struct Timers: Sendable, Hashable {
    /// 0, for no hold timer, or 3 s to 65535 s.
    package var hold: Duration?
    package var keepalive: Duration?
    /// 1 s to 65535 s.
    package var connect: Duration?

    package init(hold: Duration? = nil, keepalive: Duration? = nil, connect: Duration? = nil) {
      self.hold = hold
      self.keepalive = keepalive
      self.connect = connect
    }
  }

  package func selectsNode(labels: [String: String]) -> Bool {
    nodeSelectors.isEmpty || nodeSelectors.contains { $0.matches(labels) }
  }
}

/// A secret: its text reaches no log, event, status or error.
package struct BGPPassword: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { "(hidden)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Settings of BFD sessions. Nil leaves the choice to the backend.
package struct ConfiguredBFDProfile: Sendable, Hashable {
  package var name: String
  package var source: ConfigurationObject
  /// Milliseconds.
  package var receiveInterval: UInt32?
  /// Milliseconds.
  package var transmitInterval: UInt32?
  package var detectMultiplier: UInt32?
  /// Milliseconds.
  package var echoInterval: UInt32?
  package var echoMode: Bool
  package var passiveMode: Bool
  /// For sessions over several hops.
  package var minimumTTL: UInt32?
}
