import KubernetesAPI

/// What identifies a source of configuration across its versions.
struct CandidateKey: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case legacyPool, legacyPeer, legacyBFDProfile
    /// All names of the ConfigMap together.
    case legacyCommunities
    case addressPool, ipAddressPool, l2Advertisement, bgpAdvertisement, bgpPeer, bfdProfile
    case community
  }

  var kind: Kind
  var name: String
  /// Nil for entries of the ConfigMap: those are the same entry by their name.
  var uid: String?
}

/// An object or entry as it stands now, before it is compared with the others.
struct Candidate<Version: Sendable>: Sendable {
  var key: CandidateKey
  var object: ConfigurationObject
  var version: Result<Version, ConfigurationFault>
  /// Whether the fault was reported already, with the document that it spoils.
  var isReported = false

  init(
    key: CandidateKey, object: ConfigurationObject, version: Result<Version, ConfigurationFault>,
    isReported: Bool = false
  ) {
    self.key = key
    self.object = object
    self.version = version
    self.isReported = isReported
  }

  /// An object of the API.
  init<R: KubernetesResource>(
    _ object: R, _ kind: CandidateKey.Kind, _ parse: (R) throws(ConfigurationFault) -> Version
  ) {
    key = CandidateKey(kind: kind, name: object.metadata.name, uid: object.metadata.uid)
    self.object = ConfigurationObject(object)
    do {
      version = .success(try parse(object))
    } catch {
      version = .failure(error)
    }
  }
}

/// The versions of one kind that were taken last.
struct Ledger<Version: Sendable & Hashable>: Sendable {
  private(set) var lastValid: [CandidateKey: Version] = [:]

  /// Offers the candidates one after the other, in rank order. For one that is at fault, its last valid version is
  /// offered instead.
  ///
  /// - Parameters:
  ///   - concernsPools: whether addresses may be missing when one is left out.
  ///   - offer: takes the version, or says why it cannot stand beside those that were taken before.
  /// - Returns: what was not taken as it stands.
  mutating func accept(
    _ candidates: [Candidate<Version>], concernsPools: Bool = false,
    offer: (Version, ConfigurationObject) -> ConfigurationFault?
  ) -> [ConfigurationProblem] {
    var taken: [CandidateKey: Version] = [:]
    var problems: [ConfigurationProblem] = []
    for candidate in candidates {
      let fault: ConfigurationFault
      switch candidate.version {
      case .success(let version):
        guard let conflict = offer(version, candidate.object) else {
          taken[candidate.key] = version
          continue
        }
        fault = conflict
      case .failure(let ownFault):
        fault = ownFault
      }
      let previous = lastValid[candidate.key]
      taken[candidate.key] = previous
      var consequence = ConfigurationProblem.Consequence.excluded
      if let previous, (try? candidate.version.get()) != previous,
        offer(previous, candidate.object) == nil
      {
        consequence = .lastValidVersion
      }
      if !candidate.isReported {
        problems.append(
          ConfigurationProblem(
            object: candidate.object, fault: fault, consequence: consequence,
            concernsPools: concernsPools))
      }
    }
    lastValid = taken
    return problems
  }
}
