import NetworkAddresses

/// The pools with what is free in them.
///
/// Pools stand in the order in which they are tried: pinned ones by priority and name, then general ones by name, then
/// those that are only used on request. Blocks stand in the same order, so that comparing two ``Place``s compares
/// preference.
struct PoolTable: Sendable {
  private struct Block {
    var range: CIDRBlock
    var pool: Int
    /// Free offsets from the block's first address.
    var free: FreeIndex
  }

  private struct FamilyState {
    /// The pool's blocks of this family.
    var blocks: Range<Int> = 0..<0
    /// Which of them have a free address, by distance from the first.
    var open = FreeIndex(last: 0)
    var capacity: UInt128 = 0
    var assigned: UInt128 = 0

    var isOpen: Bool { assigned < capacity }
  }

  private struct State {
    var pool: Pool
    var families: PerFamily<FamilyState>
  }

  private var states: [State] = []
  private var blocks: [Block] = []
  /// The blocks of each family by first address, for finding the owner of an address.
  private var starts = PerFamily<[UInt128]>(ipv4: [], ipv6: [])
  private var startBlocks = PerFamily<[Int]>(ipv4: [], ipv6: [])
  private var poolsByName: [String: Int] = [:]

  /// Automatic pools with a `serviceAllocation` that names no namespaces, in order.
  private var pinnedAnywhere: [Int] = []
  /// Automatic pools with a `serviceAllocation` that names this namespace, in order.
  private var pinnedByNamespace: [String: [Int]] = [:]
  /// Automatic pools without `serviceAllocation`.
  private(set) var general: Range<Int> = 0..<0
  /// Which of the general pools have a free address, by distance from the first general pool.
  private var generalOpen = PerFamily(ipv4: FreeIndex(last: 0), ipv6: FreeIndex(last: 0))
  private var generalOpenDual = FreeIndex(last: 0)

  init(_ pools: [Pool]) {
    let ordered = Self.disjoint(Self.ordered(pools))
    states.reserveCapacity(ordered.count)
    for pool in ordered { add(pool) }
    let firstGeneral = ordered.firstIndex { $0.autoAssign && $0.serviceAllocation == nil }
    let firstManual = ordered.firstIndex { !$0.autoAssign } ?? ordered.count
    general = (firstGeneral ?? firstManual)..<firstManual
    let last = UInt128(max(general.count, 1) - 1)
    generalOpen = PerFamily(ipv4: FreeIndex(last: last), ipv6: FreeIndex(last: last))
    generalOpenDual = FreeIndex(last: last)
    if general.isEmpty { closeGeneral(at: 0, open: PerFamily(ipv4: false, ipv6: false)) }
    for pool in general {
      closeGeneral(at: UInt128(pool - general.lowerBound), open: openFamilies(of: pool))
    }
    indexStarts()
  }

  /// Pinned, general, manual; pinned ones by priority (0 last) and name, the others by name.
  private static func ordered(_ pools: [Pool]) -> [Pool] {
    let rank = { (pool: Pool) in
      guard pool.autoAssign else { return (2, 0) }
      guard let allocation = pool.serviceAllocation else { return (1, 0) }
      return (0, allocation.priority == 0 ? Int.max : allocation.priority)
    }
    return pools.map { (rank($0), $0) }
      .sorted { ($0.0.0, $0.0.1, $0.1.name) < ($1.0.0, $1.0.1, $1.1.name) }
      .map(\.1)
  }

  /// Leaves out blocks inside another block. Validated pools have none; should one slip through, an address must
  /// still have one owner.
  private static func disjoint(_ pools: [Pool]) -> [Pool] {
    var result = pools
    for index in result.indices { result[index].blocks = [] }
    let all = pools.enumerated().flatMap { pool in
      pool.element.blocks.enumerated().map { (range: $0.element, pool: pool.offset, at: $0.offset) }
    }
    var kept: [(range: CIDRBlock, pool: Int, at: Int)] = []
    for block in all.sorted(by: { ($0.range, $0.pool, $0.at) < ($1.range, $1.pool, $1.at) }) {
      if let last = kept.last, last.range.overlaps(block.range) { continue }
      kept.append(block)
    }
    for block in kept.sorted(by: { ($0.pool, $0.at) < ($1.pool, $1.at) }) {
      result[block.pool].blocks.append(block.range)
    }
    return result
  }

  private mutating func add(_ pool: Pool) {
    let index = states.count
    states.append(
      State(pool: pool, families: PerFamily(ipv4: FamilyState(), ipv6: FamilyState())))
    poolsByName[pool.name] = index
    for family in AddressFamily.allCases {
      addBlocks(of: pool, at: index, family: family)
    }
    guard pool.autoAssign, let allocation = pool.serviceAllocation else { return }
    if let namespaces = allocation.namespaces {
      for namespace in namespaces { pinnedByNamespace[namespace, default: []].append(index) }
    } else {
      pinnedAnywhere.append(index)
    }
  }

  private mutating func addBlocks(of pool: Pool, at index: Int, family: AddressFamily) {
    let start = blocks.count
    var capacity: UInt128 = 0
    for range in pool.blocks where range.family == family {
      let avoids = pool.avoidBuggyIPs && family == .ipv4
      let octet = UInt8(truncatingIfNeeded: range.first.number)
      blocks.append(
        Block(
          range: range, pool: index,
          free: FreeIndex(
            last: range.last.number - range.first.number, avoidingFromOctet: avoids ? octet : nil)))
      let usable = range.count - (avoids ? Self.avoidedCount(in: range) : 0)
      let (sum, overflow) = capacity.addingReportingOverflow(usable)
      capacity = overflow ? .max : sum
    }
    let range = start..<blocks.count
    var open = FreeIndex(last: UInt128(max(range.count, 1) - 1))
    if range.isEmpty { open.take(0) }
    for block in range where blocks[block].free.first == nil {
      open.take(UInt128(block - start))
    }
    states[index].families[family] = FamilyState(blocks: range, open: open, capacity: capacity)
  }

  /// How many addresses of an IPv4 block end in `.0` or `.255`.
  private static func avoidedCount(in range: CIDRBlock) -> UInt128 {
    // Below `end`: two in every whole 256, and the .0 of a part.
    let upTo = { (end: UInt128) in end / 256 * 2 + (end % 256 == 0 ? 0 : 1) }
    return upTo(range.last.number + 1) - upTo(range.first.number)
  }

  private mutating func indexStarts() {
    for family in AddressFamily.allCases {
      let sorted = blocks.indices
        .filter { blocks[$0].range.family == family }
        .sorted { blocks[$0].range < blocks[$1].range }
      startBlocks[family] = sorted
      starts[family] = sorted.map { blocks[$0].range.first.number }
    }
  }
}

// MARK: - Questions

extension PoolTable {
  var poolCount: Int { states.count }

  func pool(_ index: Int) -> Pool { states[index].pool }

  func index(ofPool name: String) -> Int? { poolsByName[name] }

  func pool(of place: Place) -> Int { blocks[place.block].pool }

  /// The block that holds an address, by binary search. Nil when no pool holds it.
  func place(of address: IPAddress) -> Place? {
    let starts = starts[address.family]
    let number = address.number
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= number { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let block = startBlocks[address.family][low - 1]
    guard blocks[block].range.contains(address) else { return nil }
    return Place(block: block, offset: number - starts[low - 1])
  }

  /// The address at a place of this table.
  func address(at place: Place) -> IPAddress {
    let first = blocks[place.block].range.first
    return first.advanced(by: place.offset) ?? first
  }

  func addresses(at placement: Placement) -> [IPAddress] {
    let first = address(at: placement.first)
    return placement.second.map { [first, address(at: $0)] } ?? [first]
  }

  /// Whether the pool keeps the address from being used because it ends in `.0` or `.255`.
  func avoids(_ address: IPAddress, pool: Int) -> Bool {
    guard states[pool].pool.avoidBuggyIPs, case .v4(let address) = address else { return false }
    let octet = address.rawValue & 0xff
    return octet == 0 || octet == 255
  }

  /// The first free address of the pool, in the order in which its blocks are written.
  func firstFree(in pool: Int, _ family: AddressFamily) -> Place? {
    let blocks = states[pool].families[family].blocks
    guard let distance = states[pool].families[family].open.first else { return nil }
    let block = blocks.lowerBound + Int(distance)
    guard let offset = self.blocks[block].free.first else { return nil }
    return Place(block: block, offset: offset)
  }

  /// The address of a family that the pool has, where it has no more than one.
  func soleAddress(of pool: Int, _ family: AddressFamily) -> IPAddress? {
    let blocks = states[pool].families[family].blocks
    guard blocks.count == 1, let block = blocks.first, self.blocks[block].range.count == 1 else {
      return nil
    }
    return self.blocks[block].range.first
  }

  func offers(_ family: AddressFamily, pool: Int) -> Bool {
    states[pool].families[family].capacity > 0
  }

  /// The first general pool with a free address of every one of these families.
  func firstOpenGeneral(_ choice: FamilyChoice) -> Int? {
    let distance =
      switch choice {
      case .one(let family): generalOpen[family].first
      case .both: generalOpenDual.first
      }
    return distance.map { general.lowerBound + Int($0) }
  }

  func isFree(_ place: Place) -> Bool {
    blocks[place.block].free.isFree(place.offset)
  }

  /// The automatic pools that are pinned to this namespace or to no namespace in particular, in order.
  func pinned(to namespace: String) -> [Int] {
    guard !pinnedByNamespace.isEmpty, let here = pinnedByNamespace[namespace] else {
      return pinnedAnywhere
    }
    return pinnedAnywhere.isEmpty ? here : (here + pinnedAnywhere).sorted()
  }

  func counters(of pool: Int) -> PoolCounters {
    let family = { (family: AddressFamily) in
      let state = states[pool].families[family]
      return PoolCounters.Family(
        capacity: Int64(clamping: state.capacity), assigned: Int64(clamping: state.assigned),
        available: Int64(clamping: state.capacity - min(state.assigned, state.capacity)))
    }
    return PoolCounters(ipv4: family(.ipv4), ipv6: family(.ipv6))
  }
}

// MARK: - Changes

extension PoolTable {
  mutating func take(_ place: Place) {
    blocks[place.block].free.take(place.offset)
    let pool = blocks[place.block].pool
    let family = blocks[place.block].range.family
    states[pool].families[family].assigned += 1
    guard blocks[place.block].free.first == nil else { return }
    let distance = place.block - states[pool].families[family].blocks.lowerBound
    states[pool].families[family].open.take(UInt128(distance))
    if general.contains(pool), !states[pool].families[family].isOpen {
      closeGeneral(at: UInt128(pool - general.lowerBound), open: openFamilies(of: pool))
    }
  }

  mutating func giveBack(_ place: Place) {
    let pool = blocks[place.block].pool
    let family = blocks[place.block].range.family
    let wasOpen = states[pool].families[family].isOpen
    blocks[place.block].free.giveBack(place.offset)
    states[pool].families[family].assigned -= 1
    let distance = place.block - states[pool].families[family].blocks.lowerBound
    states[pool].families[family].open.giveBack(UInt128(distance))
    guard general.contains(pool), !wasOpen else { return }
    let position = UInt128(pool - general.lowerBound)
    generalOpen[family].giveBack(position)
    let open = openFamilies(of: pool)
    if open.ipv4, open.ipv6 { generalOpenDual.giveBack(position) }
  }

  private func openFamilies(of pool: Int) -> PerFamily<Bool> {
    PerFamily(
      ipv4: states[pool].families.ipv4.isOpen, ipv6: states[pool].families.ipv6.isOpen)
  }

  private mutating func closeGeneral(at position: UInt128, open: PerFamily<Bool>) {
    if !open.ipv4 { generalOpen.ipv4.take(position) }
    if !open.ipv6 { generalOpen.ipv6.take(position) }
    if !open.ipv4 || !open.ipv6 { generalOpenDual.take(position) }
  }
}
