import MembershipTransport
package import NetworkAddresses

/// How a speaker gossips with the others.
package struct GossipOptions: Sendable, Hashable {
  /// How fast, and at what price, the death of a node is noticed.
  package enum Profile: String, Sendable, Hashable, CaseIterable {
    /// Memberlist's defaults, as upstream's speakers have them: about 6 s. For clusters where some of those are left.
    case upstream
    /// Below a second on one switch, for some 7 small datagrams a second and node.
    case fast
  }

  /// `--ml-bindaddr`, `METALLB_ML_BIND_ADDR`.
  package var bindAddress: IPAddress
  /// `--ml-bindport`, `METALLB_ML_BIND_PORT`: here and with all others.
  package var bindPort = MembershipConfiguration.defaultPort
  /// `--ml-secret-key-path`, `METALLB_ML_SECRET_KEY_PATH`: a directory with the file `secretkey`. Empty: the gossip is in
  /// clear, unless there is a ``secret``.
  package var secretDirectory = ""
  /// `METALLB_ML_SECRET_KEY`: the secret itself, as in the ConfigMap era. Without effect where there is a directory.
  package var secret = ""
  /// `--ml-profile`, `METALLB_ML_PROFILE`.
  package var profile = Profile.upstream
  /// `--ml-wan-config`: memberlist's profile for members far apart, in place of ``Profile/upstream``.
  package var isWAN = false
  /// Every parameter of memberlist; without effect where there is no such file.
  package var tuningPath = "/etc/metallb/memberlist/config.json"

  package init(bindAddress: IPAddress) {
    self.bindAddress = bindAddress
  }
}
