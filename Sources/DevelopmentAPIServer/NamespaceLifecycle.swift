import KubernetesAPI

/// The end of a namespace: its content goes, then the finalizer `kubernetes`, then the namespace.
struct NamespaceLifecycle {
  let reconciler: Reconciler

  static let finalizer = "kubernetes"

  func finish(_ namespace: JSONValue, _ object: StoredObject, in state: inout StoreState) {
    let finalizers = (namespace[path: ["spec", "finalizers"]]?.arrayValue ?? []).compactMap(
      \.stringValue)
    guard finalizers.contains(Self.finalizer) else { return }
    deleteContent(of: object.name, in: &state)
    let remaining = content(of: object.name, in: state)
    let reference = Reconciler.Reference(table: BuiltInResources.namespaces, key: object.key)
    var new = namespace
    new[path: ["status", "conditions"]] = conditions(
      remaining, before: namespace[path: ["status", "conditions"]]?.arrayValue ?? [])
    if new != namespace {
      reconciler.write(new, over: reference, subresource: "status", in: &state)
    }
    guard remaining.isEmpty,
      var last = state[reference.table, reference.key]?.value(BuiltInResources.namespaceKind)
    else { return }
    let rest = finalizers.filter { $0 != Self.finalizer }
    last["spec"] = rest.isEmpty ? [:] : ["finalizers": .strings(rest)]
    reconciler.write(last, over: reference, subresource: "finalize", in: &state)
  }

  private func deleteContent(of namespace: String, in state: inout StoreState) {
    var options = DeleteOptions()
    options.propagation = .background
    for definition in reconciler.registry.stored where definition.kind.isNamespaced {
      guard let table = definition.storage else { continue }
      for object in state[table].objects(inNamespace: namespace) {
        reconciler.delete(.init(table: table, key: object.key), options, in: &state)
      }
    }
  }

  private func content(
    of namespace: String, in state: StoreState
  ) -> [(definition: ResourceDefinition, objects: [StoredObject])] {
    reconciler.registry.stored.compactMap { definition in
      guard definition.kind.isNamespaced, let table = definition.storage else { return nil }
      let objects = state[table].objects(inNamespace: namespace)
      return objects.isEmpty ? nil : (definition, Array(objects))
    }
  }

  private func conditions(
    _ remaining: [(definition: ResourceDefinition, objects: [StoredObject])], before: [JSONValue]
  ) -> JSONValue {
    var counts: [String] = []
    var finalizers: [String: Int] = [:]
    for (definition, objects) in remaining {
      counts.append(
        "\(definition.kind.plural).\(definition.kind.group) has \(objects.count) resource instances"
      )
      for object in objects {
        for finalizer in object.value(definition.kind).finalizers {
          finalizers[finalizer, default: 0] += 1
        }
      }
    }
    let held = finalizers.sorted { $0.key < $1.key }.map {
      "\($0.key) in \($0.value) resource instances"
    }
    return .array([
      condition(
        "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
        "All resources successfully discovered", before),
      condition(
        "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
        "All legacy kube types successfully parsed", before),
      condition(
        "NamespaceDeletionContentFailure", false, "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization", before),
      remaining.isEmpty
        ? condition(
          "NamespaceContentRemaining", false, "ContentRemoved",
          "All content successfully removed", before)
        : condition(
          "NamespaceContentRemaining", true, "SomeResourcesRemain",
          "Some resources are remaining: \(counts.joined(separator: ", "))", before),
      held.isEmpty
        ? condition(
          "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers",
          "All content-preserving finalizers finished", before)
        : condition(
          "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain",
          "Some content in the namespace has finalizers remaining: \(held.joined(separator: ", "))",
          before),
    ])
  }

  /// A condition keeps the time of its last change.
  private func condition(
    _ type: String, _ holds: Bool, _ reason: String, _ message: String, _ before: [JSONValue]
  ) -> JSONValue {
    let status: JSONValue = holds ? "True" : "False"
    let old = before.first { $0["type"]?.stringValue == type && $0["status"] == status }
    return [
      "type": .string(type), "status": status,
      "lastTransitionTime": old?["lastTransitionTime"] ?? .string(reconciler.now.rfc3339),
      "reason": .string(reason), "message": .string(message),
    ]
  }
}

extension ResourceTable {
  /// The objects of one namespace.
  func objects(inNamespace namespace: String) -> ArraySlice<StoredObject> {
    let start = lowerBound(ObjectKey(namespace: namespace, name: ""))
    var end = start
    while end < objects.count, objects[end].namespace == namespace { end += 1 }
    return objects[start..<end]
  }
}
