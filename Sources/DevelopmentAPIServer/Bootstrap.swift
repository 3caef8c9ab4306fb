import KubernetesAPI
import NetworkAddresses

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
      for role in DefaultRoles.clusterRoles { put(role, DefaultRoles.roles, registry, &state) }
      for binding in DefaultRoles.clusterRoleBindings {
        put(binding, DefaultRoles.bindings, registry, &state)
      }
    }
  }

  /// What depends on where the server listens.
  static func publish(_ store: ObjectStore, settings: ServerSettings) async {
    let registry = await store.registry()
    await store.transact { state in
      guard let block = state.addresses.blocks.first, let address = block.first.advanced(by: 1)
      else { return }
      let labels: JSONValue = ["component": "apiserver", "provider": "kubernetes"]
      put(
        [
          "metadata": ["name": "kubernetes", "namespace": "default", "labels": labels],
          "spec": [
            "clusterIP": .string(address.description),
            "ports": [
              [
                "name": "https", "port": 443, "protocol": "TCP",
                "targetPort": .integer(Int64(settings.address.port)),
              ]
            ],
          ],
        ], BuiltInResources.services, registry, &state)
      put(
        [
          "metadata": [
            "name": "kubernetes", "namespace": "default",
            "labels": ["kubernetes.io/service-name": "kubernetes"],
          ],
          "addressType": block.family == .ipv4 ? "IPv4" : "IPv6",
          "endpoints": [
            ["addresses": [.string(settings.address.host)], "conditions": ["ready": true]]
          ],
          "ports": [
            ["name": "https", "port": .integer(Int64(settings.address.port)), "protocol": "TCP"]
          ],
        ], BuiltInResources.endpointSlices, registry, &state)
    }
  }

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
