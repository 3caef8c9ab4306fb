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
  /// Entries of a ConfigMap that a user deleted or the operator took over, as long as nothing else says the same or
  /// something in their place.
  private(set) var departed: [Departed] = []

  struct Departed: Sendable {
    var key: CandidateKey
    var object: ConfigurationObject
    var version: Version
  }

  /// Offers the candidates one after the other, in rank order. For one that is at fault, its last valid version is
  /// offered instead. What departed comes last.
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
    departed = departed.filter { offer($0.version, $0.object) == nil }
    return problems
  }

  /// The ConfigMap that held these entries says nothing any more.
  ///
  /// - Parameter present: what another ConfigMap of its name says.
  mutating func depart(
    _ kind: CandidateKey.Kind, except present: Set<String> = [],
    _ object: (CandidateKey, Version) -> ConfigurationObject
  ) {
    let gone = lastValid.filter { $0.key.kind == kind && !present.contains($0.key.name) }
    for (key, version) in gone.sorted(by: { $0.key.name < $1.key.name }) {
      lastValid[key] = nil
      departed.append(Departed(key: key, object: object(key, version), version: version))
    }
  }

  mutating func forgetDeparted(_ isForgotten: (Departed) -> Bool = { _ in true }) {
    departed.removeAll(where: isForgotten)
  }
}
