import KubernetesAPI
import LegacyConfiguration

/// The ConfigMap `config` as it stands, or as the operator left it.
struct LegacySource {
  var configMap: ConfigMap
  var document: LegacyDocument
  var problems: [LegacyProblem]
  /// Whether a user wrote it, and not the operator.
  var isUsers: Bool { !configMap.isRendered }
  /// The names of the objects that pools and BFD profiles become.
  let poolNames: [String: String]
  let profileNames: [String: String]
  /// Whether somebody deleted what the operator rendered.
  private var isGone = false

  /// - Parameter rendered: the ConfigMap that the operator rendered last; it holds what is there now.
  init?(_ configMap: ConfigMap?, rendered: inout ConfigMap?) {
    if let configMap {
      let reading =
        configMap.data?[LegacyDocument.dataKey].map { LegacyDocument.read($0) }
        ?? LegacyReading(document: LegacyDocument(), problems: [.missingDataKey])
      self.configMap = configMap
      document = reading.document
      problems = reading.problems
      rendered = configMap.isRendered ? configMap : nil
    } else if let rendered {
      // The operator writes an empty document where there is nothing to configure: somebody else deleted the
      // ConfigMap, and it comes back, or the whole installation goes.
      self.configMap = rendered
      document = LegacyDocument()
      problems = [.missingConfigMap]
      isGone = true
    } else {
      return nil
    }
    poolNames = LegacyDocument.objectNames(document.pools.map(\.name))
    profileNames = LegacyDocument.objectNames(document.bfdProfiles.map(\.name))
  }

  /// The name by which advertisements refer to the n-th peer, counted from 0; the converter gives the same names.
  static func peerName(_ index: Int) -> String { "peer\(index + 1)" }

  func object(_ entry: String) -> ConfigurationObject {
    ConfigurationObject(configMap, entry: entry)
  }

  /// Candidates for entries that cannot be read: those with a fault of their own, and, where the document itself is at
  /// fault, those that it held before, which count as present.
  ///
  /// - Parameters:
  ///   - kind: of the entries that are asked for.
  ///   - known: what was taken before.
  ///   - present: the entries that can be read.
  func faulty<Version: Hashable>(
    _ kind: CandidateKey.Kind, known: Ledger<Version>, present: [Candidate<Version>]
  ) -> [Candidate<Version>] {
    var candidates: [Candidate<Version>] = []
    for problem in problems {
      let fault = fault(problem)
      let named: (CandidateKey.Kind, String, String)? =
        switch problem.entry {
        case .pool(let name): (.legacyPool, name, "pool \"\(name)\"")
        case .peer(let index): (.legacyPeer, Self.peerName(index), "peers[\(index)]")
        case .bfdProfile(let name): (.legacyBFDProfile, name, "bfd-profile \"\(name)\"")
        case .document: nil
        }
      if let (entryKind, name, entry) = named {
        guard entryKind == kind else { continue }
        candidates.append(
          Candidate(
            key: CandidateKey(kind: kind, name: name), object: object(entry),
            version: .failure(fault)))
      } else {
        let keys = Set(present.map(\.key)).union(candidates.map(\.key))
        candidates += known.lastValid.keys
          .filter { $0.kind == kind && !keys.contains($0) }
          .sorted { $0.name < $1.name }
          .map {
            Candidate(
              key: $0, object: ConfigurationObject(configMap, pool: $0.name),
              version: .failure(fault), isReported: true)
          }
      }
    }
    return candidates
  }

  private func fault(_ problem: LegacyProblem) -> ConfigurationFault {
    isGone
      ? ConfigurationFault(.configMapGone, field: "", problem.message) : ConfigurationFault(problem)
  }

  /// Faults of the document itself.
  func documentProblems(hidesEntries: Bool) -> [ConfigurationProblem] {
    problems.filter { $0.entry == .document }.map {
      ConfigurationProblem(
        object: ConfigurationObject(configMap), fault: fault($0),
        consequence: hidesEntries ? .lastValidVersion : .excluded, concernsPools: true)
    }
  }
}

extension ConfigMap {
  /// Whether the operator rendered it.
  var isRendered: Bool { metadata.labels[LegacyDocument.renderedByLabel] != nil }
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
