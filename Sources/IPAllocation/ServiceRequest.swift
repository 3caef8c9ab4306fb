package import NetworkAddresses

/// The name of a Service.
package struct ServiceKey: Sendable, Hashable {
  package var namespace: String
  package var name: String

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }
}

extension ServiceKey: Comparable, CustomStringConvertible {
  package static func < (left: Self, right: Self) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }

  /// `namespace/name`
  package var description: String { "\(namespace)/\(name)" }
}

/// A port that a Service listens on. Two Services may share an address only when they have no such pair in common;
/// node ports and target ports do not matter.
package struct ServicePort: Sendable, Hashable {
  package enum Transport: String, Sendable, Hashable, CaseIterable {
    case tcp = "TCP"
    case udp = "UDP"
    case sctp = "SCTP"
  }

  package var transport: Transport
  package var number: UInt16

  package init(_ transport: Transport, _ number: UInt16) {
    self.transport = transport
    self.number = number
  }
}

extension ServicePort: CustomStringConvertible {
  /// `TCP/53`
  package var description: String { "\(transport.rawValue)/\(number)" }
}

/// What two Services must have in common to hold one address together.
package struct SharingIdentity: Sendable, Hashable {
  /// The value of the `allow-shared-ip` annotation; never empty.
  package var key: String
  /// Empty for `externalTrafficPolicy: Cluster`; for `Local` the canonical text of the pod selector.
  package var backend: String

  /// Nil without a key: the Service does not share.
  package init?(key: String, backend: String) {
    guard !key.isEmpty else { return nil }
    self.key = key
    self.backend = backend
  }
}

/// The families that a Service wants addresses of.
package enum FamilyDemand: Sendable, Hashable {
  case single(AddressFamily)
  /// Both, or one where no pool has both. `first` is the family that comes first in a pair, and is preferred alone.
  case preferDual(first: AddressFamily)
  /// Both or nothing. `first` is the family that comes first in a pair.
  case requireDual(first: AddressFamily)

  /// The wanted families in the order in which addresses are written.
  package var families: [AddressFamily] {
    switch self {
    case .single(let family): [family]
    case .preferDual(let first), .requireDual(let first): [first, first.other]
    }
  }
}

/// All that the allocator knows of a Service. The caller reads it from the Service once, so that no rule about
/// annotations or cluster addresses lives here.
package struct ServiceRequest: Sendable, Hashable {
  package var service: ServiceKey
  package var labels: [String: String]
  package var ports: [ServicePort]
  package var sharing: SharingIdentity?
  package var families: FamilyDemand
  /// The addresses that the user asks for; empty when any will do.
  package var requestedAddresses: [IPAddress]
  /// The pool that the user asks for.
  package var requestedPool: String?

  package init(
    service: ServiceKey, labels: [String: String] = [:], ports: [ServicePort],
    sharing: SharingIdentity? = nil, families: FamilyDemand,
    requestedAddresses: [IPAddress] = [], requestedPool: String? = nil
  ) {
    self.service = service
    self.labels = labels
    self.ports = ports
    self.sharing = sharing
    self.families = families
    self.requestedAddresses = requestedAddresses
    self.requestedPool = requestedPool
  }
}

extension AddressFamily {
  var other: AddressFamily { self == .ipv4 ? .ipv6 : .ipv4 }
}
