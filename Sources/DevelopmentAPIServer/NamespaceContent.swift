import KubernetesAPI

/// What the controllers of a cluster put into every namespace: the default service account and the
/// certificate authority. A real cluster does that a moment after the namespace appeared; here it
/// is there at once.
struct NamespaceContent: Sendable {
  var caCertificatePEM: String

  static let certificateName = "kube-root-ca.crt"

  func fill(
    _ namespace: String, _ registry: ResourceRegistry, in state: inout StoreState
  ) {
    Bootstrap.put(
      ["metadata": ["name": "default", "namespace": .string(namespace)]],
      BuiltInResources.serviceAccounts, manager: "kube-controller-manager", registry, &state)
    Bootstrap.put(
      [
        "metadata": [
          "name": .string(Self.certificateName), "namespace": .string(namespace),
          "annotations": [
            "kubernetes.io/description":
              "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
          ],
        ],
        "data": ["ca.crt": .string(caCertificatePEM)],
      ], BuiltInResources.configMaps, manager: "kube-controller-manager", registry, &state)
  }
}

/// What a write brings about by itself, in the same transaction.
struct WriteEffects: Sendable {
  let registry: ResourceRegistry
  let namespaceContent: NamespaceContent

  func written(
    _ object: StoredObject, in table: ResourceDefinition.StorageKey, isNew: Bool,
    _ state: inout StoreState
  ) {
    switch table {
    case BuiltInResources.namespaces where isNew:
      namespaceContent.fill(object.name, registry, in: &state)
    case CustomResources.table:
      CustomResourceLifecycle(reconciler: Reconciler(registry: registry))
        .acceptNames(object, in: &state)
    case DefaultRoles.roles:
      RoleAggregation(reconciler: Reconciler(registry: registry)).update(in: &state)
    default: break
    }
  }

  func removed(
    _ object: StoredObject, from table: ResourceDefinition.StorageKey, _ state: inout StoreState
  ) {
    switch table {
    case DefaultRoles.roles:
      RoleAggregation(reconciler: Reconciler(registry: registry)).update(in: &state)
    case BuiltInResources.serviceAccounts, BuiltInResources.configMaps:
      // A namespace that lives gets back what every namespace has.
      let namespace = state[BuiltInResources.namespaces, ObjectKey(name: object.namespace)]
      if let namespace, !namespace.isTerminating {
        namespaceContent.fill(namespace.name, registry, in: &state)
      }
    default: break
    }
  }
}
