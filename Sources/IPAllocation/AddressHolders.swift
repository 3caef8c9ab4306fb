import NetworkAddresses

/// What a Service holds, as recorded when it was given.
struct Claim: Sendable, Equatable {
  var addresses: [IPAddress]
  var ports: [ServicePort]
  var sharing: SharingIdentity?
}

/// Who holds each address in use, and which addresses a sharing identity holds where.
struct AddressHolders: Sendable {
  private struct SharedAddress {
    var sharing: SharingIdentity
    var services: Set<ServiceKey>
    var ports: [ServicePort: ServiceKey]
  }

  private struct Site: Hashable {
    var pool: Int
    var family: AddressFamily
  }

  /// The addresses that one identity holds in one pool and family, in order of preference.
  fileprivate struct Group {
    var places: [Place] = []
    /// On how many of these addresses a port is taken.
    var portCounts: [ServicePort: Int] = [:]
  }

  private var exclusive = AddressMap<ServiceKey>()
  private var shared = AddressMap<SharedAddress>()
  private var groups: [SharingIdentity: [Site: Group]] = [:]
}

// MARK: - Questions

extension AddressHolders {
  func services(on address: IPAddress) -> [ServiceKey] {
    if let service = exclusive[address] { return [service] }
    return shared[address]?.services.sorted() ?? []
  }

  /// Whether the service may hold the address: nobody else does, or those who do share with it.
  func check(_ address: IPAddress, for request: ServiceRequest) throws(AllocationError) {
    if let holder = exclusive[address] {
      guard holder != request.service else { return }
      throw .held(address, by: holder, .holderDoesNotShare)
    }
    guard let existing = shared[address] else { return }
    let others = existing.services.subtracting([request.service])
    guard let holder = others.min() else { return }
    guard let sharing = request.sharing else {
      throw .held(address, by: holder, .requesterDoesNotShare)
    }
    guard sharing.key == existing.sharing.key else {
      throw .held(address, by: holder, .keyDiffers)
    }
    guard sharing.backend == existing.sharing.backend else {
      throw .held(address, by: holder, .backendDiffers)
    }
    for port in request.ports {
      if let holder = existing.ports[port], holder != request.service {
        throw .held(address, by: holder, .portTaken(port))
      }
    }
  }

  /// The pools where an identity holds addresses of a family, in order of preference.
  func pools(sharedBy sharing: SharingIdentity, _ family: AddressFamily) -> [Int] {
    groups[sharing]?.keys.filter { $0.family == family }.map(\.pool).sorted() ?? []
  }

  /// The most preferred place in a pool that an identity holds.
  func firstPlace(
    sharedBy sharing: SharingIdentity, in pool: Int, _ family: AddressFamily
  ) -> Place? {
    groups[sharing]?[Site(pool: pool, family: family)]?.places.first
  }

  /// The most preferred address of the pool that the service could share with those who have its identity.
  func firstShareable(
    in pool: Int, _ family: AddressFamily, for request: ServiceRequest, table: PoolTable
  ) -> Place? {
    guard let sharing = request.sharing,
      let group = groups[sharing]?[Site(pool: pool, family: family)],
      // Where every address has a port taken there is nothing to look for, however many they are.
      !request.ports.contains(where: { group.portCounts[$0] == group.places.count })
    else { return nil }
    return group.places.first { place in
      guard let existing = shared[table.address(at: place)] else { return false }
      return !request.ports.contains { existing.ports[$0] != nil }
    }
  }
}

// MARK: - Changes

extension AddressHolders {
  /// Records a claim that ``check(_:for:)`` allows.
  mutating func add(
    _ service: ServiceKey, _ claim: Claim, to address: IPAddress, at place: Place, pool: Int
  ) {
    guard let sharing = claim.sharing else {
      exclusive[address] = service
      return
    }
    let site = Site(pool: pool, family: address.family)
    if shared[address] == nil {
      shared[address] = SharedAddress(sharing: sharing, services: [], ports: [:])
      groups[sharing, default: [:]][site, default: Group()].insert(place)
    }
    shared[address]?.services.insert(service)
    for port in claim.ports where shared[address]?.ports[port] == nil {
      shared[address]?.ports[port] = service
      groups[sharing]?[site]?.portCounts[port, default: 0] += 1
    }
  }

  /// Forgets a recorded claim. Returns whether the address is free now.
  mutating func remove(
    _ service: ServiceKey, _ claim: Claim, from address: IPAddress, at place: Place, pool: Int
  ) -> Bool {
    guard let sharing = claim.sharing else {
      exclusive[address] = nil
      return true
    }
    let site = Site(pool: pool, family: address.family)
    for port in claim.ports where shared[address]?.ports[port] == service {
      shared[address]?.ports[port] = nil
      groups[sharing]?[site]?.release(port)
    }
    shared[address]?.services.remove(service)
    guard shared[address]?.services.isEmpty ?? true else { return false }
    shared[address] = nil
    groups[sharing]?[site]?.remove(place)
    if groups[sharing]?[site]?.places.isEmpty ?? true { groups[sharing]?[site] = nil }
    if groups[sharing]?.isEmpty ?? true { groups[sharing] = nil }
    return true
  }
}

extension AddressHolders.Group {
  fileprivate mutating func insert(_ place: Place) {
    places.insert(place, at: position(of: place))
  }

  fileprivate mutating func remove(_ place: Place) {
    let position = position(of: place)
    guard position < places.count, places[position] == place else { return }
    places.remove(at: position)
  }

  fileprivate mutating func release(_ port: ServicePort) {
    guard let count = portCounts[port] else { return }
    portCounts[port] = count > 1 ? count - 1 : nil
  }

  /// Where a place is, or belongs.
  private func position(of place: Place) -> Int {
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
