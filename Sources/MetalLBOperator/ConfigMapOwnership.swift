import ClusterConfiguration
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
  ///   - sources: all objects that could say what is in it.
  init(_ object: LiveObject?, sources: @autoclosure () -> ConfigurationSources) {
    guard let object, !object.isRenderedConfigMap else {
      self = .operators
      return
    }
    let isWanted = object.metadata.annotations[LegacyConfigMap.adoptAnnotation] == "true"
    guard isWanted || object.isPredecessorsConfigMap else {
      self = .users
      return
    }
    var sources = sources()
    sources.legacy = ConfigMap(
      metadata: object.metadata, data: [LegacyDocument.dataKey: object.legacyText])
    var assembler = ConfigurationAssembler()
    let missing = assembler.assemble(sources).unclaimed.map(\.description)
    self = missing.isEmpty ? .adopted : .adoptionPending(missing: missing)
  }

  var isOurs: Bool {
    switch self {
    case .operators, .adopted: true
    case .users, .adoptionPending: false
    }
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

  /// The text of a ConfigMap `config`.
  var legacyText: String { value[path: ["data", LegacyDocument.dataKey]]?.stringValue ?? "" }
}
