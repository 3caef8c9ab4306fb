import KubernetesAPI
import LegacyConfiguration
import OperatorRendering

/// Whose the ConfigMap `config` is.
enum ConfigMapOwnership: Sendable, Hashable {
  /// There is none, or we rendered it.
  case operators
  /// Somebody else wrote it, it is to be taken over, and may be now.
  case adopted
  /// A user wrote it: not ours to touch.
  case users
  /// It is to be taken over, but entries would be lost. Names them.
  case adoptionPending(missing: [String])

  /// - Parameters:
  ///   - object: the ConfigMap as it stands.
  ///   - poolNames: of all AddressPools and IPAddressPools.
  init(_ object: LiveObject?, poolNames: Set<String>) {
    guard let object, !object.isRenderedConfigMap else {
      self = .operators
      return
    }
    let isWanted = object.metadata.annotations[LegacyConfigMap.adoptAnnotation] == "true"
    guard isWanted || object.isPredecessorsConfigMap else {
      self = .users
      return
    }
    let missing = Self.missing(object.legacyReading, poolNames: poolNames)
    self = missing.isEmpty ? .adopted : .adoptionPending(missing: missing)
  }

  var isOurs: Bool {
    switch self {
    case .operators, .adopted: true
    case .users, .adoptionPending: false
    }
  }

  /// What the text says and no object of the cluster does.
  private static func missing(_ reading: LegacyReading, poolNames: Set<String>) -> [String] {
    let document = reading.document
    return document.pools.map(\.name).filter { !poolNames.contains($0) }.map { "pool \"\($0)\"" }
      + document.peers.map(\.description)
      + document.bfdProfiles.map { "BFD profile \"\($0.name)\"" }
      + document.communities.map { "community \"\($0.name)\"" }
      + reading.problems.map { "an entry that cannot be read (\($0))" }
  }
}

extension LiveObject {
  var isRenderedConfigMap: Bool {
    metadata.labels[LegacyConfigMap.renderedByLabel] == LegacyConfigMap.renderedBy
  }

  /// Whether upstream's operator of the ConfigMap era wrote it: its marks are its field manager and, in
  /// its last versions, an owner.
  fileprivate var isPredecessorsConfigMap: Bool {
    isOwnedByMetalLB || ManagedFields(value).isPredecessorOnly
  }

  /// The document in a ConfigMap `config`.
  var legacyReading: LegacyReading {
    let text = value[path: ["data", LegacyDocument.dataKey]]?.stringValue ?? ""
    return LegacyDocument.read(text)
  }
}
