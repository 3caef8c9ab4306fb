import IPAllocation
import NetworkAddresses

/// The rules of allocation written down as plainly as possible: every question is a scan over everything.
struct ReferenceAllocator {
  struct Claim: Equatable {
    var addresses: [IPAddress]
    var request: ServiceRequest
  }

  private(set) var pools: [Pool] = []
  private var usable: [String: [IPAddress]] = [:]
  private var owners: [IPAddress: Pool] = [:]
  private(set) var claims: [ServiceKey: Claim] = [:]

  /// What the pool may give out, in order of preference.
  func addresses(of pool: Pool, _ family: AddressFamily) -> [IPAddress] {
    usable[pool.name, default: []].filter { $0.family == family }
  }

  func owner(of address: IPAddress) -> Pool? { owners[address] }

  private func fits(_ request: ServiceRequest, _ pool: Pool) -> Bool {
    guard let allocation = pool.serviceAllocation else { return true }
    if let namespaces = allocation.namespaces, !namespaces.contains(request.service.namespace) {
      return false
    }
    return allocation.serviceSelectors.isEmpty
      || allocation.serviceSelectors.contains { $0.matches(request.labels) }
  }

  private func mayHold(_ request: ServiceRequest, _ address: IPAddress) -> Bool {
    claims.allSatisfy { service, claim in
      guard service != request.service, claim.addresses.contains(address) else { return true }
      return request.sharing != nil && request.sharing == claim.request.sharing
        && Set(request.ports).isDisjoint(with: claim.request.ports)
    }
  }

  private func candidates(
    _ request: ServiceRequest, _ pool: Pool, _ families: [AddressFamily]
  ) -> [IPAddress]? {
    let found = families.compactMap { family in
      addresses(of: pool, family).first { mayHold(request, $0) }
    }
    return found.count == families.count ? found : nil
  }

  private func alternatives(_ request: ServiceRequest) -> [[AddressFamily]] {
    switch request.families {
    case .single(let family): [[family]]
    case .requireDual: [request.families.families]
    case .preferDual: [request.families.families] + request.families.families.map { [$0] }
    }
  }

  private func choose(_ request: ServiceRequest) -> [IPAddress]? {
    let wanted = request.families.families
    if !request.requestedAddresses.isEmpty {
      let requested = request.requestedAddresses.sorted { left, _ in left.family == wanted[0] }
      return requested.map(\.family) == wanted ? requested : nil
    }
    if let name = request.requestedPool {
      guard let pool = pools.first(where: { $0.name == name }) else { return nil }
      return alternatives(request).lazy.compactMap { candidates(request, pool, $0) }.first
    }
    let priority = { (pool: Pool) in
      let value = pool.serviceAllocation?.priority ?? 0
      return value == 0 ? Int.max : value
    }
    let open = pools.filter { $0.autoAssign && fits(request, $0) }
      .sorted { (priority($0), $0.name) < (priority($1), $1.name) }
    for list in [
      open.filter { $0.serviceAllocation != nil }, open.filter { $0.serviceAllocation == nil },
    ] {
      for families in alternatives(request) {
        for pool in list {
          if let found = candidates(request, pool, families) { return found }
        }
      }
    }
    return nil
  }

  mutating func assign(_ request: ServiceRequest, to addresses: [IPAddress]) -> [IPAddress]? {
    let owners = addresses.map { owner(of: $0) }
    guard let pool = owners.first ?? nil, owners.allSatisfy({ $0 == pool }),
      Set(addresses.map(\.family)).count == addresses.count, fits(request, pool),
      addresses.allSatisfy({ mayHold(request, $0) })
    else { return nil }
    claims[request.service] = Claim(addresses: addresses, request: request)
    return addresses
  }

  mutating func allocate(_ request: ServiceRequest) -> [IPAddress]? {
    let previous = claims.removeValue(forKey: request.service)
    if let chosen = choose(request),
      request.requestedPool == nil || owner(of: chosen[0])?.name == request.requestedPool,
      let assigned = assign(request, to: chosen)
    {
      return assigned
    }
    claims[request.service] = previous
    return nil
  }

  mutating func extend(_ request: ServiceRequest) -> [IPAddress]? {
    guard let claim = claims[request.service], claim.addresses.count == 1,
      let pool = owner(of: claim.addresses[0]),
      let added = candidates(
        request, pool, [claim.addresses[0].family == .ipv4 ? .ipv6 : .ipv4])
    else { return nil }
    return assign(request, to: claim.addresses + added)
  }

  mutating func release(_ service: ServiceKey) {
    claims[service] = nil
  }

  mutating func setPools(_ pools: [Pool]) -> Set<ServiceKey> {
    self.pools = pools
    usable = [:]
    owners = [:]
    for pool in pools {
      for block in pool.blocks {
        for offset in 0..<block.count {
          guard let address = block.first.advanced(by: offset) else { continue }
          let octet = address.bytes.last
          if pool.avoidBuggyIPs, address.family == .ipv4, octet == 0 || octet == 255 { continue }
          usable[pool.name, default: []].append(address)
          owners[address] = pool
        }
      }
    }
    let lost = claims.filter { _, claim in
      let owners = claim.addresses.map { owner(of: $0) }
      return owners.contains(nil) || Set(owners.map { $0?.name }).count > 1
    }
    for service in lost.keys { claims[service] = nil }
    return Set(lost.keys)
  }
}
