import KubernetesAPI

/// Every kind that is served at one moment, by the words in which requests name it.
struct ResourceRegistry: Sendable {
  struct Path: Sendable, Hashable {
    var group: String
    var version: String
    var plural: String
  }

  /// In order of registration: built-in kinds, then CRDs by name.
  let definitions: [ResourceDefinition]
  private let byPath: [Path: ResourceDefinition]
  private let byStorage: [ResourceDefinition.StorageKey: ResourceDefinition]
  private let byKind: [String: ResourceDefinition]
  /// Kinds that are spoken below other kinds only.
  private let auxiliaryKinds: [ResourceDefinition]
  /// Groups in order of priority, each with its versions, the preferred one first.
  let groups: [(name: String, versions: [String])]

  init(_ definitions: [ResourceDefinition], auxiliary: [ResourceDefinition] = []) {
    self.definitions = definitions
    auxiliaryKinds = auxiliary
    var byPath: [Path: ResourceDefinition] = [:]
    var byStorage: [ResourceDefinition.StorageKey: ResourceDefinition] = [:]
    var byKind: [String: ResourceDefinition] = [:]
    var groups: [(name: String, versions: [String])] = []
    for definition in definitions {
      let kind = definition.kind
      byPath[Path(group: kind.group, version: kind.version, plural: kind.plural)] = definition
      byKind["\(kind.apiVersion)/\(kind.kind)"] = definition
      if let storage = definition.storage, byStorage[storage] == nil {
        byStorage[storage] = definition
      }
      if let index = groups.firstIndex(where: { $0.name == kind.group }) {
        if !groups[index].versions.contains(kind.version) {
          groups[index].versions.append(kind.version)
        }
      } else {
        groups.append((kind.group, [kind.version]))
      }
    }
    self.byPath = byPath
    self.byStorage = byStorage
    self.byKind = byKind
    self.groups = groups
  }

  func definition(group: String, version: String, plural: String) -> ResourceDefinition? {
    byPath[Path(group: group, version: version, plural: plural)]
  }

  /// Any version of what a table holds.
  func definition(storage: ResourceDefinition.StorageKey) -> ResourceDefinition? {
    byStorage[storage]
  }

  func definition(apiVersion: String, kind: String) -> ResourceDefinition? {
    byKind["\(apiVersion)/\(kind)"]
  }

  /// A kind of a subresource: `TokenRequest`, `Binding`, `Eviction`.
  func auxiliary(_ kind: ResourceKind) -> ResourceDefinition? {
    auxiliaryKinds.first { $0.kind.kind == kind.kind && $0.kind.group == kind.group }
  }

  /// Kinds that have objects, each table once.
  var stored: [ResourceDefinition] {
    var seen: Set<ResourceDefinition.StorageKey> = []
    return definitions.filter { definition in
      definition.storage.map { seen.insert($0).inserted } ?? false
    }
  }
}
