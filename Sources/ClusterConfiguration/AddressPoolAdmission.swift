import KubernetesAPI
package import LegacyConfiguration
package import MetalLBAPI
import NetworkAddresses

/// Decides which `AddressPool` objects become entries of the ConfigMap `config`.
///
/// What works goes first: entries that stand in the ConfigMap as their object has them now, and after
/// them the IPAddressPools. Only then come objects that are new or changed, the older first. One that is
/// at fault, alone or beside what came before it, is left out whole and named; an entry that it had in
/// the ConfigMap before stays, as far as that does not conflict either. So neither a bad edit nor a
/// restart of the operator takes addresses away.
package struct AddressPoolAdmission: Sendable {
  package struct Verdict: Sendable, Hashable {
    package var pool: AddressPool
    /// `nil` for a pool that is taken as it stands.
    package var fault: ConfigurationFault?
    /// What the ConfigMap gets for it: the object as it stands, or its last valid version.
    package var entry: LegacyPool?
  }

  /// By the name of the pool.
  package private(set) var verdicts: [Verdict] = []
  private var space = AddressSpace()
  /// The object that each taken pool comes from.
  private var owners: [String: ConfigurationObject] = [:]

  /// - Parameters:
  ///   - pools: of one namespace.
  ///   - ipAddressPools: of the same namespace.
  ///   - rendered: the entries of the ConfigMap as it stands.
  package init(
    pools: [AddressPool], ipAddressPools: [IPAddressPool], rendered: [LegacyPool]
  ) {
    let previous = Dictionary(rendered.map { ($0.name, $0) }) { first, _ in first }
    let candidates = pools.sorted { $0.metadata.outranks($1.metadata) }
      .map { Candidate($0, previous: previous[$0.metadata.name]) }
    var verdicts: [Verdict] = []
    for candidate in candidates where candidate.isSettled { verdicts.append(decide(candidate)) }
    for pool in ipAddressPools.sorted(by: { $0.metadata.outranks($1.metadata) }) {
      // Faults of these are the controller's to report.
      guard let parsed = try? ParsedPool(pool), conflict(of: parsed) == nil else { continue }
      take(parsed, from: ConfigurationObject(pool))
    }
    for candidate in candidates where !candidate.isSettled { verdicts.append(decide(candidate)) }
    self.verdicts = verdicts.sorted { $0.pool.metadata.name < $1.pool.metadata.name }
  }

  /// The ConfigMap's document: all entries, sorted by name.
  package var document: LegacyDocument { LegacyDocument(pools: verdicts.compactMap(\.entry)) }

  private struct Candidate {
    var pool: AddressPool
    var version: Result<Version, ConfigurationFault>
    var previous: Version?

    init(_ pool: AddressPool, previous entry: LegacyPool?) {
      self.pool = pool
      previous = entry.flatMap { try? Version($0) }
      do {
        version = .success(try Version(pool))
      } catch {
        version = .failure(error)
      }
    }

    /// Whether the ConfigMap's entry is what will stand there, conflicts aside.
    var isSettled: Bool {
      guard let previous else { return false }
      switch version {
      case .success(let version): return version.entry == previous.entry
      case .failure: return true
      }
    }
  }

  private struct Version {
    var entry: LegacyPool
    var parsed: ParsedPool

    init(_ entry: LegacyPool) throws(ConfigurationFault) {
      self.entry = entry.normalized
      parsed = try ParsedPool(entry.ipAddressPool(namespace: ""))
      try AddressPoolAdvertisements.check(entry.advertisements, ranges: parsed.ranges)
    }

    init(_ pool: AddressPool) throws(ConfigurationFault) {
      let entry: LegacyPool
      do {
        entry = try LegacyPool(pool)
      } catch {
        throw ConfigurationFault(.invalidAdvertisement, field: error.path, error.message)
      }
      try self.init(entry)
    }
  }

  private mutating func decide(_ candidate: Candidate) -> Verdict {
    let source = ConfigurationObject(candidate.pool)
    let fault: ConfigurationFault
    switch candidate.version {
    case .success(let version):
      guard let conflict = conflict(of: version.parsed) else {
        take(version.parsed, from: source)
        return Verdict(pool: candidate.pool, fault: nil, entry: version.entry)
      }
      fault = conflict
    case .failure(let ownFault):
      fault = ownFault
    }
    guard let previous = candidate.previous, conflict(of: previous.parsed) == nil else {
      return Verdict(pool: candidate.pool, fault: fault, entry: nil)
    }
    take(previous.parsed, from: source)
    return Verdict(pool: candidate.pool, fault: fault, entry: previous.entry)
  }

  private func conflict(of pool: ParsedPool) -> ConfigurationFault? {
    if let other = owners[pool.name] {
      return ConfigurationFault(
        .duplicateName, field: "metadata.name",
        "\(other) has the same name: rename one of them")
    }
    for (index, range) in pool.ranges.enumerated() {
      guard let other = space.overlap(with: range) else { continue }
      let owner = owners[other.pool].map(\.description) ?? "pool \(other.pool)"
      return ConfigurationFault(
        .overlappingAddresses, field: "spec.addresses[\(index)]",
        "\(pool.notations[index]) overlaps \(other.notation) of \(owner): remove the addresses from one of them"
      )
    }
    return nil
  }

  private mutating func take(_ pool: ParsedPool, from object: ConfigurationObject) {
    for (range, notation) in zip(pool.ranges, pool.notations) {
      space.insert(AddressSpace.Claim(range: range, notation: notation, pool: pool.name))
    }
    owners[pool.name] = object
  }
}

extension LegacyPool {
  /// With one spelling for what the ConfigMap's text does not tell apart.
  fileprivate var normalized: LegacyPool {
    guard case .listed(let entries) = advertisements else { return self }
    var pool = self
    pool.advertisements = .listed(
      entries.map { entry in
        var entry = entry
        if entry.localPref == 0 { entry.localPref = nil }
        return entry
      })
    return pool
  }
}
