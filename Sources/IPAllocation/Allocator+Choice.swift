import NetworkAddresses

extension Allocator {
  /// Decides which addresses a Service gets. What it returns may be claimed as it is.
  func choose(for request: ServiceRequest) throws(AllocationError) -> Placement {
    if !request.requestedAddresses.isEmpty { return try requestedPlacement(request) }
    guard let name = request.requestedPool else { return try automaticPlacement(request) }
    guard let pool = table.index(ofPool: name) else { throw .unknownPool(name) }
    try checkCompatibility(request, pool: pool)
    let found = request.families.firstResult { choice in
      placement(for: request, in: pool, choice)
    }
    if let found { return found }
    // Say what the full wish lacks.
    return try firstPlacement(for: request, in: pool, request.families.fullChoice)
  }

  private func requestedPlacement(
    _ request: ServiceRequest
  ) throws(AllocationError) -> Placement {
    let wanted = request.families.families
    let addresses = request.requestedAddresses
    guard addresses.count == wanted.count, Set(addresses.map(\.family)) == Set(wanted) else {
      throw .familyMismatch(addresses: addresses, wanted: wanted)
    }
    if let pool = request.requestedPool, table.index(ofPool: pool) == nil {
      throw .unknownPool(pool)
    }
    let ordered = wanted.compactMap { family in addresses.first { $0.family == family } }
    let placement = try placement(of: ordered, requestedPool: request.requestedPool)
    try verify(request, placement)
    return placement
  }

  private func automaticPlacement(
    _ request: ServiceRequest
  ) throws(AllocationError) -> Placement {
    var pinned = table.pinned(to: request.service.namespace)
    pinned.removeAll { pool in (try? checkCompatibility(request, pool: pool)) == nil }
    if !pinned.isEmpty {
      let found = request.families.firstResult { choice in
        pinned.lazy.compactMap { placement(for: request, in: $0, choice) }.first
      }
      if let found { return found }
    }
    let found = request.families.firstResult { choice in generalPlacement(request, choice) }
    if let found { return found }
    let shortage = self.shortage(of: request.families.families, pinned: pinned)
    if case .exhausted(let families) = shortage, pinned.count + table.general.count == 1,
      let pool = pinned.first ?? table.general.first
    {
      throw conflict(of: request, in: pool, families) ?? shortage
    }
    throw shortage
  }

  /// Looks at the general pools where the Service might share an address, up to the first with free addresses.
  private func generalPlacement(
    _ request: ServiceRequest, _ choice: FamilyChoice
  ) -> Placement? {
    let open = table.firstOpenGeneral(choice)
    if let sharing = request.sharing {
      let limit = open ?? table.general.upperBound
      let shared = Set(choice.families.flatMap { holders.pools(sharedBy: sharing, $0) })
        .filter { table.general.contains($0) && $0 < limit }
      for pool in shared.sorted() {
        if let found = placement(for: request, in: pool, choice) { return found }
      }
    }
    return open.flatMap { placement(for: request, in: $0, choice) }
  }

  /// The most preferred addresses of a choice of families in one pool, free or shareable.
  private func placement(
    for request: ServiceRequest, in pool: Int, _ choice: FamilyChoice
  ) -> Placement? {
    switch choice {
    case .one(let family):
      return place(for: request, in: pool, family).map { Placement(first: $0) }
    case .both(let first):
      guard let head = place(for: request, in: pool, first),
        let tail = place(for: request, in: pool, first.other)
      else { return nil }
      return Placement(first: head, second: tail)
    }
  }

  private func place(
    for request: ServiceRequest, in pool: Int, _ family: AddressFamily
  ) -> Place? {
    let free = table.firstFree(in: pool, family)
    guard request.sharing != nil else { return free }
    let shareable = holders.firstShareable(in: pool, family, for: request, table: table)
    guard let free, let shareable else { return free ?? shareable }
    return min(free, shareable)
  }

  /// The most preferred addresses in one pool, or what the pool lacks.
  func firstPlacement(
    for request: ServiceRequest, in pool: Int, _ choice: FamilyChoice
  ) throws(AllocationError) -> Placement {
    if let placement = placement(for: request, in: pool, choice) { return placement }
    let name = table.pool(pool).name
    let lacking = choice.families.filter { !table.offers($0, pool: pool) }
    guard lacking.isEmpty else { throw .poolLacksFamilies(pool: name, lacking) }
    let exhausted = choice.families.filter { place(for: request, in: pool, $0) == nil }
    throw conflict(of: request, in: pool, exhausted) ?? .poolExhausted(pool: name, exhausted)
  }

  /// Why the Service may not share, where that can be said of one address: the only one of the pool, or the first one that
  /// its sharing key holds there.
  private func conflict(
    of request: ServiceRequest, in pool: Int, _ families: [AddressFamily]
  ) -> AllocationError? {
    for family in families {
      let shared = request.sharing.flatMap { holders.firstPlace(sharedBy: $0, in: pool, family) }
      guard
        let address = table.soleAddress(of: pool, family) ?? shared.map({ table.address(at: $0) })
      else { continue }
      if quarantined.contains(address) { return .quarantined(address) }
      do {
        try holders.check(address, for: request)
      } catch {
        return error
      }
    }
    return nil
  }

  /// Why no eligible pool has addresses of these families.
  private func shortage(of families: [AddressFamily], pinned: [Int]) -> AllocationError {
    guard !pinned.isEmpty || !table.general.isEmpty else { return .noEligiblePool }
    let offers = { (wanted: [AddressFamily]) in
      let offered = { (pool: Int) in wanted.allSatisfy { table.offers($0, pool: pool) } }
      return pinned.contains(where: offered) || table.general.contains(where: offered)
    }
    let missing = families.filter { !offers([$0]) }
    guard missing.isEmpty else { return .familiesNotOffered(missing) }
    return offers(families) ? .exhausted(families) : .noPoolWithBothFamilies
  }
}
