import KubernetesAPI

/// What a CRD's status says, and its end: the objects of its kind go first.
struct CustomResourceLifecycle {
  let reconciler: Reconciler

  static let finalizer = "customresourcecleanup.apiextensions.k8s.io"

  // MARK: Names

  /// Of a new CRD, before its names are looked at.
  static func initialStatus(_ crd: JSONValue) -> JSONValue {
    let storage = (crd[path: ["spec", "versions"]]?.arrayValue ?? []).first {
      $0["storage"]?.boolValue ?? false
    }
    return [
      "conditions": .null, "acceptedNames": ["plural": "", "kind": ""],
      "storedVersions": .array([storage?["name"] ?? ""]),
    ]
  }

  /// Accepts the names of a CRD unless another one of its group has them. A real server does that a
  /// moment after each write; here nobody can come between.
  func acceptNames(_ object: StoredObject, in state: inout StoreState) {
    let crd = object.value(CustomResources.kind)
    guard !crd.isBeingDeleted else { return }
    let names = crd[path: ["spec", "names"]] ?? [:]
    var new = crd
    var conditions = crd[path: ["status", "conditions"]]?.arrayValue ?? []
    if let (reason, message) = conflict(of: crd, in: state) {
      set(&conditions, "NamesAccepted", false, reason, message)
      let isEstablished = conditions.contains {
        $0["type"] == "Established" && $0["status"] == "True"
      }
      if !isEstablished {
        set(&conditions, "Established", false, "NotAccepted", "not all names are accepted")
      }
    } else {
      new[path: ["status", "acceptedNames"]] = names
      set(&conditions, "NamesAccepted", true, "NoConflicts", "no conflicts found")
      set(
        &conditions, "Established", true, "InitialNamesAccepted",
        "the initial names have been accepted")
    }
    new[path: ["status", "conditions"]] = .array(conditions)
    guard new != crd else { return }
    if let definition = reconciler.registry.definition(storage: CustomResources.table) {
      new = definition.fieldManager(subresource: "status").update(
        live: crd, new: new, manager: "kube-apiserver", now: reconciler.now)
    }
    reconciler.write(
      new, over: .init(table: CustomResources.table, key: object.key), in: &state)
  }

  private func conflict(
    of crd: JSONValue, in state: StoreState
  ) -> (reason: String, message: String)? {
    let group = crd[path: ["spec", "group"]]
    var taken: Set<String> = []
    var takenKinds: Set<String> = []
    for other in state[CustomResources.table].objects where other.name != crd.objectName {
      let other = other.value(CustomResources.kind)
      guard other[path: ["spec", "group"]] == group,
        let names = other[path: ["status", "acceptedNames"]]
      else { continue }
      for field in ["plural", "singular"] {
        if let name = names[field]?.stringValue { taken.insert(name) }
      }
      taken.formUnion((names["shortNames"]?.arrayValue ?? []).compactMap(\.stringValue))
      for field in ["kind", "listKind"] {
        if let name = names[field]?.stringValue { takenKinds.insert(name) }
      }
    }
    let names = crd[path: ["spec", "names"]] ?? [:]
    let checks: [(field: String, taken: Set<String>, reason: String)] = [
      ("plural", taken, "PluralConflict"), ("singular", taken, "SingularConflict"),
      ("kind", takenKinds, "KindConflict"), ("listKind", takenKinds, "ListKindConflict"),
    ]
    for check in checks {
      if let name = names[check.field]?.stringValue, check.taken.contains(name) {
        return (check.reason, "\"\(name)\" is already in use")
      }
    }
    for name in (names["shortNames"]?.arrayValue ?? []).compactMap(\.stringValue)
    where taken.contains(name) {
      return ("ShortNamesConflict", "\"\(name)\" is already in use")
    }
    return nil
  }

  private func set(
    _ conditions: inout [JSONValue], _ type: String, _ holds: Bool, _ reason: String,
    _ message: String
  ) {
    Self.set(&conditions, type, holds, reason, message, now: reconciler.now)
  }

  private static func set(
    _ conditions: inout [JSONValue], _ type: String, _ holds: Bool, _ reason: String,
    _ message: String, now: Timestamp
  ) {
    let status: JSONValue = holds ? "True" : "False"
    let index = conditions.firstIndex { $0["type"]?.stringValue == type }
    let old = index.map { conditions[$0] }
    if let old, old["status"] == status { return }
    let condition: JSONValue = [
      "type": .string(type), "status": status, "lastTransitionTime": .string(now.rfc3339),
      "reason": .string(reason), "message": .string(message),
    ]
    if let index { conditions[index] = condition } else { conditions.append(condition) }
  }

  // MARK: Deletion

  static func setTerminating(_ crd: inout JSONValue, now: Timestamp) {
    var conditions = crd[path: ["status", "conditions"]]?.arrayValue ?? []
    set(
      &conditions, "Terminating", true, "InstanceDeletionPending",
      "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      now: now)
    crd[path: ["status", "conditions"]] = .array(conditions)
  }

  func finish(_ crd: JSONValue, _ object: StoredObject, in state: inout StoreState) {
    guard crd.finalizers.contains(Self.finalizer) else { return }
    let group = crd[path: ["spec", "group"]]?.stringValue ?? ""
    let plural = crd[path: ["spec", "names", "plural"]]?.stringValue ?? ""
    let table = ResourceDefinition.StorageKey(group: group, plural: plural)
    for object in state[table].objects {
      reconciler.delete(.init(table: table, key: object.key), DeleteOptions(), in: &state)
    }
    let reference = Reconciler.Reference(table: CustomResources.table, key: object.key)
    guard state[table].objects.isEmpty else {
      state.wait(reference, for: table)
      return
    }
    reconciler.write(
      reconciler.withoutFinalizer(Self.finalizer, crd), over: reference, in: &state)
  }
}
