import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// One version of a pool, valid when seen alone.
struct PoolVersion: Sendable, Hashable {
  var pool: ParsedPool
  /// The legacy form, which says itself who announces the pool; nil where advertisements select it.
  var legacy: LegacyPool?
  /// The name of the object that stands for the pool: an entry of the ConfigMap may have one that no object can have.
  var objectName: String
}

extension Candidate where Version == PoolVersion {
  init(_ pool: IPAddressPool) {
    key = CandidateKey(
      kind: .ipAddressPool, name: pool.metadata.name, uid: pool.metadata.uid)
    object = ConfigurationObject(pool)
    do {
      let parsed = try ParsedPool(pool)
      version = .success(PoolVersion(pool: parsed, objectName: parsed.name))
    } catch {
      version = .failure(error)
    }
  }

  init(_ pool: AddressPool) {
    key = CandidateKey(kind: .addressPool, name: pool.metadata.name, uid: pool.metadata.uid)
    object = ConfigurationObject(pool)
    do {
      let legacy = try LegacyPool(pool)
      version = Self.parse(legacy, objectName: legacy.name, field: { $0 })
    } catch {
      version = .failure(ConfigurationFault(error))
    }
  }

  /// An entry of the ConfigMap.
  init(_ pool: LegacyPool, objectName: String, in configMap: ConfigMap) {
    key = CandidateKey(kind: .legacyPool, name: pool.name)
    object = ConfigurationObject(configMap, pool: pool.name)
    version = Self.parse(
      pool, objectName: objectName,
      field: { $0.hasPrefix("spec.") ? String($0.dropFirst(5)) : $0 })
  }

  private static func parse(
    _ legacy: LegacyPool, objectName: String, field: (String) -> String
  ) -> Result<PoolVersion, ConfigurationFault> {
    do {
      let pool = try ParsedPool(legacy.ipAddressPool(namespace: ""))
      return .success(PoolVersion(pool: pool, legacy: legacy, objectName: objectName))
    } catch {
      return .failure(
        ConfigurationFault(error.reason, field: field(error.field), error.message))
    }
  }
}

extension ConfigurationObject {
  init<R: KubernetesResource>(_ object: R, entry: String? = nil) {
    self.init(
      reference: ObjectReference(
        apiVersion: R.resource.apiVersion, kind: R.resource.kind,
        namespace: object.metadata.namespace, name: object.metadata.name,
        uid: object.metadata.uid),
      entry: entry)
  }

  init(_ configMap: ConfigMap, pool name: String) {
    self.init(configMap, entry: "pool \"\(name)\"")
  }
}

extension ConfigurationFault {
  init(_ problem: LegacyProblem) {
    let line = problem.line.map { "line \($0)" }
    let path = problem.path.isEmpty ? nil : problem.path
    self.init(
      .invalidDocument, field: [line, path].compactMap(\.self).joined(separator: ", "),
      problem.message)
  }
}

extension ObjectMeta {
  /// Whether an object with this metadata outranks another of its kind: the older one, then by name. What is not
  /// stored yet comes last.
  func outranks(_ other: ObjectMeta) -> Bool {
    switch (creationTimestamp, other.creationTimestamp) {
    case (let own?, let others?) where own != others: own < others
    case (.some, nil): true
    case (nil, .some): false
    case (.some, .some), (nil, nil): namespacedName < other.namespacedName
    }
  }
}
