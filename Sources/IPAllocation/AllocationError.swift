package import NetworkAddresses

/// Why a Service cannot have an address, with the facts that a user needs.
package enum AllocationError: Error, Hashable {
  /// The pool that the user asks for does not exist.
  case unknownPool(String)
  /// No pool holds the address.
  case notInAnyPool(IPAddress)
  /// The pool holds the address, but `avoidBuggyIPs` keeps it from being used.
  case avoidedAddress(IPAddress, pool: String)
  /// Another host on the link has the address.
  case quarantined(IPAddress)
  /// The two addresses belong to different pools.
  case differentPools(IPAddress, pool: String, IPAddress, otherPool: String)
  /// The address belongs to another pool than the one that the user asks for.
  case notInRequestedPool(IPAddress, owner: String, requested: String)
  /// The addresses do not have exactly the wanted families.
  case familyMismatch(addresses: [IPAddress], wanted: [AddressFamily])
  /// The pool does not serve the Service's namespace.
  case namespaceNotServed(pool: String, namespace: String)
  /// None of the pool's service selectors matches the Service's labels.
  case labelsNotSelected(pool: String)
  /// The requested pool has no address of these families at all.
  case poolLacksFamilies(pool: String, [AddressFamily])
  /// All addresses of these families in the requested pool are in use.
  case poolExhausted(pool: String, [AddressFamily])
  /// Another Service holds the address, and the two may not share it.
  case held(IPAddress, by: ServiceKey, SharingConflict)
  /// No pool assigns automatically to this Service.
  case noEligiblePool
  /// No eligible pool has addresses of these families.
  case familiesNotOffered([AddressFamily])
  /// Both families are wanted, and no eligible pool has both.
  case noPoolWithBothFamilies
  /// All addresses of these families in the eligible pools are in use.
  case exhausted([AddressFamily])
  /// A second family was asked for, and the Service does not hold exactly one address.
  case nothingToExtend
}

/// Why two Services may not hold one address together.
package enum SharingConflict: Hashable, Sendable {
  /// The holder has no sharing key.
  case holderDoesNotShare
  /// The holder has a sharing key, the asking Service has none.
  case requesterDoesNotShare
  /// The sharing keys differ.
  case keyDiffers
  /// The keys are equal, but the traffic policies, or with policy `Local` the selectors, differ.
  case backendDiffers
  /// The holder listens on the same port.
  case portTaken(ServicePort)
}

extension AllocationError {
  /// The closed list of reasons, for metrics labels and logs.
  package enum Reason: String, Sendable, CaseIterable {
    case unknownPool, notInAnyPool, avoidedAddress, quarantined, differentPools, notInRequestedPool
    case familyMismatch, namespaceNotServed, labelsNotSelected, poolLacksFamilies, poolExhausted
    case held, noEligiblePool, familiesNotOffered, noPoolWithBothFamilies, exhausted
    case nothingToExtend
  }

  package var reason: Reason {
    switch self {
    case .unknownPool: .unknownPool
    case .notInAnyPool: .notInAnyPool
    case .avoidedAddress: .avoidedAddress
    case .quarantined: .quarantined
    case .differentPools: .differentPools
    case .notInRequestedPool: .notInRequestedPool
    case .familyMismatch: .familyMismatch
    case .namespaceNotServed: .namespaceNotServed
    case .labelsNotSelected: .labelsNotSelected
    case .poolLacksFamilies: .poolLacksFamilies
    case .poolExhausted: .poolExhausted
    case .held: .held
    case .noEligiblePool: .noEligiblePool
    case .familiesNotOffered: .familiesNotOffered
    case .noPoolWithBothFamilies: .noPoolWithBothFamilies
    case .exhausted: .exhausted
    case .nothingToExtend: .nothingToExtend
    }
  }
}

extension AllocationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownPool(let pool):
      "there is no pool named \"\(pool)\""
    case .notInAnyPool(let address):
      "\(address) is in no pool"
    case .avoidedAddress(let address, let pool):
      "\(address) ends in .0 or .255, which pool \"\(pool)\" avoids (avoidBuggyIPs)"
    case .quarantined(let address):
      "\(address) is used by another host on the link"
    case .differentPools(let first, let firstPool, let second, let secondPool):
      "\(first) is in pool \"\(firstPool)\" and \(second) in pool \"\(secondPool)\": both must come from one pool"
    case .notInRequestedPool(let address, let owner, let requested):
      "\(address) is in pool \"\(owner)\", not in the requested pool \"\(requested)\""
    case .familyMismatch(let addresses, let wanted):
      "the addresses \(listed(addresses)) do not fit a service that needs one address of \(listed(wanted)) each"
    case .namespaceNotServed(let pool, let namespace):
      "pool \"\(pool)\" does not serve namespace \"\(namespace)\""
    case .labelsNotSelected(let pool):
      "no service selector of pool \"\(pool)\" matches the service's labels"
    case .poolLacksFamilies(let pool, let families):
      "no available IPs: pool \"\(pool)\" has no \(listed(families)) addresses"
    case .poolExhausted(let pool, let families):
      "no available IPs: all \(listed(families)) addresses of pool \"\(pool)\" are in use"
    case .held(let address, let holder, let conflict):
      "\(address) is held by \(holder), \(conflict)"
    case .noEligiblePool:
      "no available IPs: no pool assigns automatically to this service's namespace and labels"
    case .familiesNotOffered(let families):
      "no available IPs: no pool open to this service has \(listed(families)) addresses"
    case .noPoolWithBothFamilies:
      "no available IPs: no pool open to this service has both IPv4 and IPv6 addresses"
    case .exhausted(let families):
      "no available IPs: all \(listed(families)) addresses of the pools open to this service are in use"
    case .nothingToExtend:
      "the service does not hold exactly one address"
    }
  }

  private func listed(_ items: [some CustomStringConvertible]) -> String {
    items.map(\.description).joined(separator: " and ")
  }
}

extension SharingConflict: CustomStringConvertible {
  /// Completes "10.0.0.5 is held by ns/a, …".
  package var description: String {
    switch self {
    case .holderDoesNotShare: "which does not share it"
    case .requesterDoesNotShare: "which shares it only with services that have its sharing key"
    case .keyDiffers: "whose sharing key differs"
    case .backendDiffers: "whose external traffic policy or selector differs"
    case .portTaken(let port): "which uses port \(port) too"
    }
  }
}
