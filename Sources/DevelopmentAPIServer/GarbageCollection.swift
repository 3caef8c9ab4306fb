import KubernetesAPI

/// Dependents follow their owners: deleted in the background or before them, or set free.
extension Reconciler {
  /// The owner goes; its dependents stay and forget it.
  func orphan(
    _ owner: StoredObject, _ value: JSONValue, _ reference: Reference,
    _ definition: ResourceDefinition, in state: inout StoreState
  ) {
    for dependent in dependents(of: owner, in: state) {
      guard let object = state[dependent.table, dependent.key],
        let definition = registry.definition(storage: dependent.table)
      else { continue }
      write(
        without(owners: [owner.uid], object.value(definition.kind)), over: dependent, in: &state)
    }
    write(withoutFinalizer(DeleteOptions.orphanFinalizer, value), over: reference, in: &state)
  }

  /// Foreground deletion: dependents go first; the owner waits for those that block it.
  func deleteDependents(
    of owner: StoredObject, _ value: JSONValue, _ reference: Reference,
    _ definition: ResourceDefinition, in state: inout StoreState
  ) {
    for dependent in dependents(of: owner, in: state) {
      judgeOwners(of: dependent, in: &state)
    }
    let isBlocked = dependents(of: owner, in: state).contains { dependent in
      blocks(dependent, owner.uid, in: state)
    }
    if !isBlocked {
      write(withoutFinalizer(DeleteOptions.foregroundFinalizer, value), over: reference, in: &state)
    }
  }

  private func blocks(_ dependent: Reference, _ owner: String, in state: StoreState) -> Bool {
    guard let object = state[dependent.table, dependent.key],
      let value = try? JSONValue(parsing: object.body)
    else { return false }
    return (value.metadata["ownerReferences"]?.arrayValue ?? []).contains {
      $0["uid"]?.stringValue == owner && $0["blockOwnerDeletion"]?.boolValue == true
    }
  }

  private func dependents(of owner: StoredObject, in state: StoreState) -> [Reference] {
    (state.dependents[owner.uid] ?? []).sorted { ($0.table, $0.key) < ($1.table, $1.key) }
  }

  private func judgeOwners(of reference: Reference, in state: inout StoreState) {
    guard let object = state[reference.table, reference.key],
      let definition = registry.definition(storage: reference.table)
    else { return }
    judgeOwners(of: reference, object.value(definition.kind), in: &state)
  }

  /// Deletes an object that has no owner left, and takes references to owners that are gone from
  /// one that has.
  func judgeOwners(
    of reference: Reference, _ value: JSONValue, in state: inout StoreState
  ) {
    var gone: Set<String> = []
    var waiting: Set<String> = []
    var hasOwner = false
    for owner in value.metadata["ownerReferences"]?.arrayValue ?? [] {
      let uid = owner["uid"]?.stringValue ?? ""
      switch fate(of: owner, for: value, in: state) {
      case .unknown: return
      case .alive: hasOwner = true
      case .gone: gone.insert(uid)
      case .waitsForDependents: waiting.insert(uid)
      }
    }
    if gone.isEmpty, waiting.isEmpty { return }
    if hasOwner {
      write(without(owners: gone.union(waiting), value), over: reference, in: &state)
      return
    }
    if value.isBeingDeleted { return }
    var options = DeleteOptions()
    options.uid = value.objectUID
    let isOwner = !(state.dependents[value.objectUID] ?? []).isEmpty
    if value.finalizers.contains(DeleteOptions.orphanFinalizer) {
      options.propagation = .orphan
    } else if value.finalizers.contains(DeleteOptions.foregroundFinalizer)
      || !waiting.isEmpty && isOwner
    {
      options.propagation = .foreground
    } else {
      options.propagation = .background
    }
    delete(reference, options, in: &state)
  }

  private enum Fate {
    case alive
    case gone
    case waitsForDependents
    /// Its kind is not served: nobody can say.
    case unknown
  }

  private func fate(
    of owner: JSONValue, for dependent: JSONValue, in state: StoreState
  ) -> Fate {
    guard
      let definition = registry.definition(
        apiVersion: owner["apiVersion"]?.stringValue ?? "", kind: owner["kind"]?.stringValue ?? ""),
      let table = definition.storage
    else { return .unknown }
    let namespace = definition.kind.isNamespaced ? dependent.objectNamespace : ""
    // A cluster-scoped object cannot have a namespaced owner: no namespace to look in.
    if definition.kind.isNamespaced, namespace.isEmpty { return .unknown }
    let key = ObjectKey(namespace: namespace, name: owner["name"]?.stringValue ?? "")
    guard let found = state[table, key], found.uid == owner["uid"]?.stringValue else {
      return .gone
    }
    guard found.isTerminating,
      found.value(definition.kind).finalizers.contains(DeleteOptions.foregroundFinalizer)
    else { return .alive }
    return .waitsForDependents
  }

  private func without(owners: Set<String>, _ value: JSONValue) -> JSONValue {
    var value = value
    let rest = (value.metadata["ownerReferences"]?.arrayValue ?? []).filter {
      !owners.contains($0["uid"]?.stringValue ?? "")
    }
    value.metadata["ownerReferences"] = rest.isEmpty ? nil : .array(rest)
    return value
  }
}
