package import Membership
package import NetworkAddresses

/// Where a member listens and what it says of itself.
package struct MembershipConfiguration: Sendable {
  /// Unique in the cluster; the Kubernetes node's.
  package var name: String
  /// Where UDP and TCP are received. An unspecified address receives everywhere.
  package var bindAddress: IPAddress
  /// For UDP and TCP alike, here and with all peers; 0 for any free one.
  package var port: UInt16
  /// Where others reach this member, at the same port. Nil: the address bound to, or when that is unspecified the one
  /// that this machine's routes use.
  package var advertisedAddress: IPAddress?
  /// At most 255 bytes. Clusters with different labels ignore each other.
  package var label = ""
  /// The first encrypts, all decrypt; none for a cluster in clear.
  package var keys: [GossipKey] = []
  /// At most ``Limits/metadata`` bytes that all members get to know.
  package var metadata: [UInt8] = []
  package var versions = ProtocolVersions()
  package var parameters = MemberlistParameters.lan

  package static let defaultPort: UInt16 = 7946

  package init(name: String, bindAddress: IPAddress, port: UInt16 = defaultPort) {
    self.name = name
    self.bindAddress = bindAddress
    self.port = port
  }

  func core(at address: MemberAddress) -> Memberlist.Configuration {
    var core = Memberlist.Configuration(name: name, address: address)
    core.label = label
    core.keys = keys
    core.metadata = metadata
    core.versions = versions
    core.parameters = parameters
    return core
  }
}

/// Why a member cannot begin.
package enum MembershipError: Error, Sendable {
  /// UDP or TCP cannot be bound.
  case bindFailed(address: IPAddress, port: UInt16, cause: any Error)
  /// The address bound to is unspecified, and no interface has one to tell others.
  case noAddressToAdvertise
  case badConfiguration(Memberlist.ConfigurationError)
  /// A listening socket went away.
  case socketClosed
  /// Others have opened more connections than we take.
  case tooManyStreams
}

extension MembershipError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .bindFailed(let address, let port, let cause):
      "gossip cannot listen on \(address) port \(port) (UDP and TCP): \(cause)"
    case .noAddressToAdvertise:
      "gossip has no address to tell others: bind it to an address instead of all of them"
    case .badConfiguration(let error): "gossip cannot begin: \(error)"
    case .socketClosed: "a socket of gossip was closed"
    case .tooManyStreams: "gossip has too many open connections"
    }
  }
}

/// The members as this one sees them at a moment.
package struct MembershipView: Sendable, Hashable {
  /// All that are known and not forgotten, this member included, by name.
  package var members: [Member] = []
  /// The first attempt to join has ended: who is missing now was not there.
  package var isSettled = false
  /// 0 when all is well here, higher when this member's own probes go wrong.
  package var healthScore = 0

  package init() {}

  /// Those that count as members: alive, or suspect.
  package var present: [Member] { members.filter(\.state.isPresent) }
}
