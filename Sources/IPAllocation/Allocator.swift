package import NetworkAddresses

/// Gives addresses of pools to Services.
///
/// The table of claims is the truth; which addresses are free, who holds an address and what a sharing key holds are
/// indexes derived from it. Nothing here knows Kubernetes: the controller turns a Service into a ``ServiceRequest``,
/// adopts what Services already have with ``assign(_:to:)``, and asks for more with ``allocate(_:)``. The type is a
/// value, so a copy answers "what if" without touching the original.
///
/// Choice follows fixed rules. Pools pinned to the Service come first, by priority (0 last) and name, then general
/// pools by name. All addresses of a Service come from one pool. Within a pool, blocks are tried as written, each
/// from its lowest address; an address that the Service may share counts like a free one.
///
/// Finding an address costs a bounded number of steps, however full the pools are; only addresses that share one
/// sharing key are looked at one by one.
package struct Allocator: Sendable {
  /// What a Service holds.
  package struct Assignment: Sendable, Hashable {
    package var pool: String
    /// One or two addresses, in the order in which they are to be written.
    package var addresses: [IPAddress]

    package init(pool: String, addresses: [IPAddress]) {
      self.pool = pool
      self.addresses = addresses
    }
  }

  /// A claim that a change of pools ended.
  package struct Loss: Sendable, Hashable {
    package var service: ServiceKey
    package var addresses: [IPAddress]
    package var cause: AllocationError

    package init(service: ServiceKey, addresses: [IPAddress], cause: AllocationError) {
      self.service = service
      self.addresses = addresses
      self.cause = cause
    }
  }

  private var claims: [ServiceKey: Claim] = [:]
  var table = PoolTable([])
  var holders = AddressHolders()
  /// Addresses that nobody gets, as another host on the link has them.
  package private(set) var quarantined: Set<IPAddress> = []

  /// Grows whenever something became available that was not before: an address or a port on a shared address was
  /// given up, or the pools changed. A Service that was refused need not ask again before this changes.
  package private(set) var availability: UInt64 = 0

  package init() {}

  package var poolCount: Int { table.poolCount }

  package func assignment(of service: ServiceKey) -> Assignment? {
    claims[service].flatMap(assignment)
  }

  /// The Services that hold the address, by name.
  package func services(on address: IPAddress) -> [ServiceKey] {
    holders.services(on: address)
  }

  /// The pool that an address belongs to, whether or not anybody may use it.
  package func pool(of address: IPAddress) -> String? {
    table.place(of: address).map { table.pool(table.pool(of: $0)).name }
  }

  package func counters(ofPool name: String) -> PoolCounters? {
    table.index(ofPool: name).map { table.counters(of: $0) }
  }

  /// Replaces the pools. Claims stay as they are; those that no pool covers any more (the address is gone or avoided,
  /// or two addresses now belong to two pools) end and are returned, by name.
  package mutating func setPools(_ pools: [Pool]) -> [Loss] {
    table = PoolTable(pools)
    holders = AddressHolders()
    availability += 1
    for address in quarantined { block(address) }
    var losses: [Loss] = []
    for (service, claim) in claims {
      do {
        record(service, claim, at: try placement(of: claim.addresses))
      } catch {
        claims[service] = nil
        losses.append(Loss(service: service, addresses: claim.addresses, cause: error))
      }
    }
    return losses.sorted { $0.service < $1.service }
  }

  /// Claims exactly these addresses, in this order: adopts what a Service has, or checks that it may keep it now that
  /// its ports, its sharing key or its labels may have changed. Requests in the value are not looked at.
  ///
  /// On success the claim replaces an earlier one of the Service; on failure the earlier one stays.
  @discardableResult
  package mutating func assign(
    _ request: ServiceRequest, to addresses: [IPAddress]
  ) throws(AllocationError) -> Assignment {
    guard (1...2).contains(addresses.count),
      addresses.first?.family != addresses.dropFirst().first?.family
    else { throw .familyMismatch(addresses: addresses, wanted: request.families.families) }
    let placement = try placement(of: addresses)
    try verify(request, placement)
    let claim = Claim(addresses: addresses, ports: request.ports, sharing: request.sharing)
    if let previous = claims[request.service], previous != claim {
      forget(request.service)
      availability += 1
    }
    return commit(request.service, claim, at: placement)
  }

  /// Gives the Service addresses: the requested ones, or those of the requested pool, or of a pool of our choice.
  ///
  /// On success the claim replaces an earlier one of the Service, whose addresses count as free for it; on failure
  /// the earlier one stays.
  @discardableResult
  package mutating func allocate(
    _ request: ServiceRequest
  ) throws(AllocationError) -> Assignment {
    let previous = forget(request.service)
    do {
      let placement = try choose(for: request)
      let claim = Claim(
        addresses: table.addresses(at: placement), ports: request.ports, sharing: request.sharing)
      if previous != nil { availability += 1 }
      return commit(request.service, claim, at: placement)
    } catch {
      if let previous, let placement = try? placement(of: previous.addresses) {
        commit(request.service, previous, at: placement)
      }
      throw error
    }
  }

  /// Adds an address of the missing family, from the pool that already serves the Service, behind the one it has.
  @discardableResult
  package mutating func extend(
    _ request: ServiceRequest
  ) throws(AllocationError) -> Assignment {
    guard let claim = claims[request.service], claim.addresses.count == 1,
      let address = claim.addresses.first, let place = table.place(of: address)
    else { throw .nothingToExtend }
    let added = try firstPlacement(
      for: request, in: table.pool(of: place), .one(address.family.other))
    return try assign(request, to: [address, table.address(at: added.first)])
  }

  /// Takes an address out of use, from whoever holds it.
  /// - Returns: the Services that held it; they hold nothing any more.
  package mutating func quarantine(_ address: IPAddress) -> [ServiceKey] {
    guard quarantined.insert(address).inserted else { return [] }
    let holders = services(on: address)
    for service in holders { release(service) }
    block(address)
    return holders
  }

  /// The address may be given out again.
  package mutating func endQuarantine(of address: IPAddress) {
    guard quarantined.remove(address) != nil, let place = table.place(of: address),
      !table.avoids(address, pool: table.pool(of: place)), !table.isFree(place),
      services(on: address).isEmpty
    else { return }
    table.giveBack(place)
    availability += 1
  }

  private mutating func block(_ address: IPAddress) {
    guard let place = table.place(of: address), table.isFree(place) else { return }
    table.take(place)
  }

  /// Whether ``allocate(_:)`` would succeed, for a Service that holds nothing.
  package func check(_ request: ServiceRequest) throws(AllocationError) {
    _ = try choose(for: request)
  }

  /// Forgets what the Service holds, and says what that was.
  @discardableResult
  package mutating func release(_ service: ServiceKey) -> Assignment? {
    guard let claim = forget(service) else { return nil }
    availability += 1
    return assignment(claim)
  }
}

// MARK: - Rules

extension Allocator {
  /// Finds addresses that one pool owns and may give out.
  func placement(
    of addresses: [IPAddress], requestedPool: String? = nil
  ) throws(AllocationError) -> Placement {
    var placement: Placement?
    for address in addresses {
      guard let place = table.place(of: address) else { throw .notInAnyPool(address) }
      let pool = table.pool(of: place)
      if let first = placement?.first, table.pool(of: first) != pool {
        throw .differentPools(
          addresses[0], pool: table.pool(table.pool(of: first)).name,
          address, otherPool: table.pool(pool).name)
      }
      if table.avoids(address, pool: pool) {
        throw .avoidedAddress(address, pool: table.pool(pool).name)
      }
      if quarantined.contains(address) { throw .quarantined(address) }
      if let requestedPool, table.pool(pool).name != requestedPool {
        throw .notInRequestedPool(address, owner: table.pool(pool).name, requested: requestedPool)
      }
      if placement == nil {
        placement = Placement(first: place)
      } else {
        placement?.second = place
      }
    }
    guard let placement else { throw .familyMismatch(addresses: addresses, wanted: []) }
    return placement
  }

  /// Checks that the Service may hold these places together.
  func verify(_ request: ServiceRequest, _ placement: Placement) throws(AllocationError) {
    try checkCompatibility(request, pool: table.pool(of: placement.first))
    for place in [placement.first, placement.second].compactMap(\.self) where !table.isFree(place) {
      try holders.check(table.address(at: place), for: request)
    }
  }

  /// Whether the pool serves the Service's namespace and labels.
  func checkCompatibility(_ request: ServiceRequest, pool: Int) throws(AllocationError) {
    let pool = table.pool(pool)
    guard let allocation = pool.serviceAllocation else { return }
    guard allocation.matches(namespace: request.service.namespace) else {
      throw .namespaceNotServed(pool: pool.name, namespace: request.service.namespace)
    }
    guard allocation.matches(labels: request.labels) else {
      throw .labelsNotSelected(pool: pool.name)
    }
  }
}

// MARK: - Records

extension Allocator {
  private func assignment(_ claim: Claim) -> Assignment? {
    guard let first = claim.addresses.first, let place = table.place(of: first) else { return nil }
    return Assignment(pool: table.pool(table.pool(of: place)).name, addresses: claim.addresses)
  }

  /// Makes a verified claim the Service's own, unless it already is.
  @discardableResult
  private mutating func commit(
    _ service: ServiceKey, _ claim: Claim, at placement: Placement
  ) -> Assignment {
    if claims.updateValue(claim, forKey: service) == nil { record(service, claim, at: placement) }
    return Assignment(
      pool: table.pool(table.pool(of: placement.first)).name, addresses: claim.addresses)
  }

  private mutating func record(_ service: ServiceKey, _ claim: Claim, at placement: Placement) {
    let pool = table.pool(of: placement.first)
    record(service, claim, at: placement.first, pool: pool)
    if let second = placement.second { record(service, claim, at: second, pool: pool) }
  }

  private mutating func record(
    _ service: ServiceKey, _ claim: Claim, at place: Place, pool: Int
  ) {
    if table.isFree(place) { table.take(place) }
    holders.add(service, claim, to: table.address(at: place), at: place, pool: pool)
  }

  @discardableResult
  private mutating func forget(_ service: ServiceKey) -> Claim? {
    guard let claim = claims.removeValue(forKey: service) else { return nil }
    for address in claim.addresses {
      guard let place = table.place(of: address) else { continue }
      let pool = table.pool(of: place)
      if holders.remove(service, claim, from: address, at: place, pool: pool) {
        table.giveBack(place)
      }
    }
    return claim
  }
}
