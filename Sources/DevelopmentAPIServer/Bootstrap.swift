import KubernetesAPI

/// What is there before the first request.
enum Bootstrap {
  static let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]

  static func fill(_ store: ObjectStore, settings: ServerSettings) async throws {
    let registry = await store.registry()
    let content = NamespaceContent(caCertificatePEM: settings.caCertificatePEM)
    await store.transact { state in
      for name in namespaces {
        put(
          ["metadata": ["name": .string(name)]], BuiltInResources.namespaces, registry, &state)
        content.fill(name, registry, in: &state)
      }
      for (plural, object) in DefaultRoles.objects {
        put(
          object,
          ResourceDefinition.StorageKey(group: "rbac.authorization.k8s.io", plural: plural),
          registry, &state)
      }
    }
  }

  /// What depends on where the server listens.
  static func publish(_ store: ObjectStore, settings: ServerSettings) async {}

  /// Adds an object of the system unless it is there.
  static func put(
    _ object: JSONValue, _ table: ResourceDefinition.StorageKey,
    manager: String = "kube-apiserver", _ registry: ResourceRegistry, _ state: inout StoreState
  ) {
    guard let definition = registry.definition(storage: table) else { return }
    let now = WallClock.now
    var object = object
    object["apiVersion"] = .string(definition.kind.apiVersion)
    object["kind"] = .string(definition.kind.kind)
    _ = try? definition.behavior.decode(&object)
    definition.behavior.setDefaults(&object)
    object = definition.fieldManager().update(
      live: nil, new: object, manager: manager, now: now)
    SystemMetadata.fillForCreate(
      &object, definition: definition, namespace: object.objectNamespace, now: now)
    definition.behavior.prepareForCreate(&object)
    try? definition.allocation?.allocate(&object, old: nil, in: &state, isDryRun: false)
    _ = try? state.insert(object, in: table)
  }
}

/// The cluster roles and bindings that every cluster has and that matter here.
enum DefaultRoles {
  static let objects: [(plural: String, object: JSONValue)] = [
    (
      "clusterroles",
      [
        "metadata": ["name": "cluster-admin"],
        "rules": [
          ["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]],
          ["nonResourceURLs": ["*"], "verbs": ["*"]],
        ],
      ]
    )
  ]
}
