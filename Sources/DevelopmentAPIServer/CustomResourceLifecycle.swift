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
    let others = state[CustomResources.table].objects.map { $0.value(CustomResources.kind) }
    guard
      let status = CustomResourceNames.status(of: crd, among: others, now: reconciler.now)
    else { return }
    var new = crd
    new["status"] = status
    if let definition = reconciler.registry.definition(storage: CustomResources.table) {
      new = definition.fieldManager(subresource: "status").update(
        live: crd, new: new, manager: "kube-apiserver", now: reconciler.now)
    }
    reconciler.write(
      new, over: .init(table: CustomResources.table, key: object.key), in: &state)
  }

  // MARK: Deletion

  static func setTerminating(_ crd: inout JSONValue, now: Timestamp) {
    crd["status"] = CustomResourceNames.withCondition(
      crd["status"] ?? [:], "Terminating", true, "InstanceDeletionPending",
      "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", now)
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
      var waiting = crd
      waiting["status"] = CustomResourceNames.withCondition(
        crd["status"] ?? [:], "Terminating", true, "InstanceDeletionInProgress",
        "CustomResource deletion is in progress", reconciler.now)
      if waiting != crd {
        reconciler.write(
          waiting, over: reference, subresource: "status", manager: "kube-apiserver", in: &state)
      }
      state.wait(reference, for: table)
      return
    }
    reconciler.write(
      reconciler.withoutFinalizer(Self.finalizer, crd), over: reference, in: &state)
  }
}
