import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// Turns sources into one configuration, again and again as they change.
///
/// Conflicts are decided by rank: entries of the ConfigMap in their order, then the older object, then by name. The
/// lower rank is left out whole and named. An object that is at fault, alone or by its rank, is kept at the last version
/// that was taken, as far as that one does not conflict either. The memory is this value's: a fresh assembler knows the
/// present versions only.
package struct ConfigurationAssembler: Sendable {
  private var lastValidPools: [CandidateKey: PoolVersion] = [:]
  private var lastValidL2Advertisements: [CandidateKey: ParsedL2Advertisement] = [:]
  /// The ConfigMap that the operator rendered last, to notice that it is gone.
  private var rendered: ConfigMap?

  package init() {}

  package mutating func assemble(_ sources: ConfigurationSources) -> ConfigurationAssessment {
    var assessment = ConfigurationAssessment()
    var pools = acceptPools(of: sources, &assessment)
    attachL2Advertisements(of: sources, to: &pools, &assessment)
    assessment.warnings += pools.values.filter(\.isUnadvertised)
      .sorted { $0.configured.name < $1.configured.name }
      .map {
        ConfigurationWarning(
          object: $0.configured.source, reason: .poolNotAdvertised,
          "no advertisement selects the pool, so nobody announces its addresses: add an L2Advertisement"
        )
      }
    assessment.configuration = ValidatedConfiguration(pools: pools.values.map(\.configured))
    return assessment
  }

  /// A pool that was taken.
  private struct AcceptedPool {
    var version: PoolVersion
    var configured: ConfiguredPool

    var isUnadvertised: Bool { version.legacy == nil && configured.l2Advertisements.isEmpty }
  }

  // MARK: Pools

  private mutating func acceptPools(
    of sources: ConfigurationSources, _ assessment: inout ConfigurationAssessment
  ) -> [String: AcceptedPool] {
    let candidates = rankedCandidates(of: sources, &assessment)
    var accepted: [String: AcceptedPool] = [:]
    var space = AddressSpace()
    var lastValid: [CandidateKey: PoolVersion] = [:]

    func conflict(of version: PoolVersion) -> ConfigurationFault? {
      let pool = version.pool
      if let other = accepted[pool.name] {
        return ConfigurationFault(
          .duplicateName, field: "metadata.name",
          "pool \"\(pool.name)\" already exists as \(other.configured.source): rename one of them")
      }
      for (index, range) in pool.ranges.enumerated() {
        guard let other = space.overlap(with: range) else { continue }
        let owner = accepted[other.pool].map { ", \($0.configured.source)" } ?? ""
        return ConfigurationFault(
          .overlappingAddresses, field: "spec.addresses[\(index)]",
          "CIDR \"\(pool.notations[index])\" in pool \"\(pool.name)\" overlaps with already defined CIDR \"\(other.notation)\" of pool \"\(other.pool)\"\(owner): remove the addresses from one of them"
        )
      }
      return nil
    }

    func accept(_ version: PoolVersion, from object: ConfigurationObject) {
      let pool = version.pool
      for (range, notation) in zip(pool.ranges, pool.notations) {
        space.insert(AddressSpace.Claim(range: range, notation: notation, pool: pool.name))
      }
      var configured = pool.configured(source: object, namespaces: sources.namespaces)
      if version.legacy?.protocol == .layer2 {
        configured.l2Advertisements = [ConfiguredL2Advertisement(source: object)]
      }
      accepted[pool.name] = AcceptedPool(version: version, configured: configured)
    }

    for candidate in candidates {
      let fault: ConfigurationFault
      switch candidate.version {
      case .success(let version):
        guard let conflict = conflict(of: version) else {
          accept(version, from: candidate.object)
          lastValid[candidate.key] = version
          continue
        }
        fault = conflict
      case .failure(let ownFault):
        fault = ownFault
      }
      let previous = lastValidPools[candidate.key]
      lastValid[candidate.key] = previous
      var consequence = ConfigurationProblem.Consequence.excluded
      if let previous, conflict(of: previous) == nil {
        accept(previous, from: candidate.object)
        consequence = .lastValidVersion
      }
      if !candidate.isReported {
        assessment.problems.append(
          ConfigurationProblem(
            object: candidate.object, fault: fault, consequence: consequence, concernsPools: true))
      }
    }
    lastValidPools = lastValid
    return accepted
  }

  private mutating func rankedCandidates(
    of sources: ConfigurationSources, _ assessment: inout ConfigurationAssessment
  ) -> [PoolCandidate] {
    var candidates: [PoolCandidate] = []
    if let configMap = sources.legacy {
      let reading =
        configMap.data?[LegacyDocument.dataKey].map { LegacyDocument.read($0) }
        ?? LegacyReading(document: LegacyDocument(), problems: [.missingDataKey])
      candidates = legacyCandidates(of: configMap, reading, &assessment)
      rendered = configMap.metadata.labels[LegacyDocument.renderedByLabel] == nil ? nil : configMap
    } else if let rendered {
      // The operator writes an empty document where there is nothing to configure: somebody else deleted the
      // ConfigMap, and it comes back, or the whole installation goes.
      let reading = LegacyReading(document: LegacyDocument(), problems: [.missingConfigMap])
      candidates = legacyCandidates(of: rendered, reading, &assessment)
    }
    candidates += sources.addressPools.sorted { $0.metadata.outranks($1.metadata) }
      .map { PoolCandidate($0) }
    candidates += sources.ipAddressPools.sorted { $0.metadata.outranks($1.metadata) }
      .map { PoolCandidate($0) }
    return candidates
  }

  /// The ConfigMap's entries in their order. A fault of the document itself hides entries, so those that it held
  /// before count as present and at fault.
  private func legacyCandidates(
    of configMap: ConfigMap, _ reading: LegacyReading, _ assessment: inout ConfigurationAssessment
  ) -> [PoolCandidate] {
    var candidates = reading.document.pools.map { PoolCandidate($0, in: configMap) }
    for problem in reading.problems {
      let fault = ConfigurationFault(problem)
      switch problem.entry {
      case .pool(let name):
        candidates.append(
          PoolCandidate(
            key: CandidateKey(kind: .legacyPool, name: name),
            object: ConfigurationObject(configMap, pool: name), version: .failure(fault)))
      case .document:
        let present = Set(candidates.map(\.key))
        let hidden = lastValidPools.keys
          .filter { $0.kind == .legacyPool && !present.contains($0) }
          .sorted { $0.name < $1.name }
        candidates += hidden.map {
          PoolCandidate(
            key: $0, object: ConfigurationObject(configMap, pool: $0.name),
            version: .failure(fault), isReported: true)
        }
        assessment.problems.append(
          ConfigurationProblem(
            object: ConfigurationObject(configMap), fault: fault,
            consequence: hidden.isEmpty ? .excluded : .lastValidVersion, concernsPools: true))
      case .peer, .bfdProfile:
        assessment.problems.append(
          ConfigurationProblem(
            object: ConfigurationObject(configMap), fault: fault, consequence: .excluded,
            concernsPools: false))
      }
    }
    return candidates
  }

  // MARK: Advertisements

  private mutating func attachL2Advertisements(
    of sources: ConfigurationSources, to pools: inout [String: AcceptedPool],
    _ assessment: inout ConfigurationAssessment
  ) {
    var lastValid: [CandidateKey: ParsedL2Advertisement] = [:]
    let advertisements = sources.l2Advertisements.sorted {
      $0.namespacedName < $1.namespacedName
    }
    for advertisement in advertisements {
      let key = CandidateKey(
        kind: .l2Advertisement, name: advertisement.metadata.name, uid: advertisement.metadata.uid)
      let object = ConfigurationObject(advertisement)
      do {
        lastValid[key] = try ParsedL2Advertisement(advertisement)
      } catch {
        lastValid[key] = lastValidL2Advertisements[key]
        assessment.problems.append(
          ConfigurationProblem(
            object: object, fault: error,
            consequence: lastValid[key] == nil ? .excluded : .lastValidVersion,
            concernsPools: false))
      }
      guard let parsed = lastValid[key] else { continue }
      let attached = attach(parsed, from: object, to: &pools)
      assessment.warnings += warnings(
        about: parsed, object, attached: attached, pools: pools, sources: sources)
    }
    lastValidL2Advertisements = lastValid
  }

  /// Returns to how many pools the advertisement was attached.
  private func attach(
    _ parsed: ParsedL2Advertisement, from object: ConfigurationObject,
    to pools: inout [String: AcceptedPool]
  ) -> Int {
    let configured = parsed.configured(source: object)
    // Names alone need no look at every pool.
    let names = parsed.selectsByNameOnly ? parsed.poolNames : Array(pools.keys)
    var count = 0
    for name in names {
      // A legacy pool says itself who announces it.
      guard let pool = pools[name], pool.version.legacy == nil,
        parsed.selectsPool(named: name, labels: pool.version.pool.labels)
      else { continue }
      count += 1
      if !pool.configured.l2Advertisements.contains(where: configured.isRedundant) {
        pools[name]?.configured.l2Advertisements.append(configured)
      }
    }
    return count
  }

  private func warnings(
    about parsed: ParsedL2Advertisement, _ object: ConfigurationObject, attached: Int,
    pools: [String: AcceptedPool], sources: ConfigurationSources
  ) -> [ConfigurationWarning] {
    var warnings: [ConfigurationWarning] = []
    for name in parsed.poolNames {
      if let pool = pools[name] {
        guard pool.version.legacy != nil else { continue }
        warnings.append(
          ConfigurationWarning(
            object: object, reason: .unknownPool,
            "pool \"\(name)\" comes from \(pool.configured.source), which says itself who announces it: remove the name"
          ))
      } else if !sources.ipAddressPools.contains(where: { $0.metadata.name == name }) {
        warnings.append(
          ConfigurationWarning(
            object: object, reason: .unknownPool,
            "there is no pool \"\(name)\": correct the name in spec.ipAddressPools, or create the pool"
          ))
      }
    }
    if attached == 0, !parsed.poolSelectors.isEmpty {
      warnings.append(
        ConfigurationWarning(
          object: object, reason: .noPoolSelected,
          "spec.ipAddressPoolSelectors match no pool: correct them, or label a pool"))
    }
    return warnings
  }
}

extension LegacyProblem {
  fileprivate static let missingConfigMap = LegacyProblem(
    .missingKey,
    message:
      "the ConfigMap that the operator rendered is gone: start the operator, or delete the MetalLB object too"
  )
  fileprivate static let missingDataKey = LegacyProblem(
    .missingKey, path: "data",
    message: "the data key \"\(LegacyDocument.dataKey)\" is missing: put the configuration under it"
  )
}
