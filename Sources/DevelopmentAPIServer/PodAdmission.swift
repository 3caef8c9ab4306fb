import KubernetesAPI

/// What a real server's admission plug-ins add to new Pods: `ServiceAccount`,
/// `DefaultTolerationSeconds` and `Priority`.
struct PodAdmission {
  let store: ObjectStore

  static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
  /// An hour, and seven seconds by which plug-ins recognise the default.
  static let tokenSeconds: Int64 = 3607

  func admit(_ pod: inout JSONValue, namespace: String) async throws(APIError) {
    if pod[path: ["metadata", "annotations", "kubernetes.io/config.mirror"]] == nil {
      try await addServiceAccount(&pod, namespace: namespace)
    }
    addTolerations(&pod)
    try await addPriority(&pod)
  }

  // MARK: Priority

  private static let priorityClasses = ResourceDefinition.StorageKey(
    group: "scheduling.k8s.io", plural: "priorityclasses")
  /// Classes that every cluster has.
  private static let systemPriorities: [String: Int64] = [
    "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
  ]

  /// The number and the policy of the Pod's class.
  private func addPriority(_ pod: inout JSONValue) async throws(APIError) {
    let name = pod.text("spec", "priorityClassName")
    var priority: Int64 = 0
    var policy: JSONValue = "PreemptLowerPriority"
    if let stored = await store.object(Self.priorityClasses, ObjectKey(name: name)),
      let found = try? JSONValue(parsing: stored.body)
    {
      priority = found.integer("value") ?? 0
      policy = found["preemptionPolicy"] ?? policy
    } else if let known = Self.systemPriorities[name] {
      priority = known
    } else if !name.isEmpty {
      throw .forbidden(
        ResourceKind(version: "v1", kind: "Pod", plural: "pods"), pod.objectName,
        "no PriorityClass with name \(name) was found")
    }
    pod.setDefault("spec", "priority", to: .integer(priority))
    pod.setDefault("spec", "preemptionPolicy", to: policy)
  }

  // MARK: Service account

  private func addServiceAccount(
    _ pod: inout JSONValue, namespace: String
  ) async throws(APIError) {
    var name = pod[path: ["spec", "serviceAccountName"]]?.stringValue ?? ""
    if name.isEmpty {
      name = "default"
      pod[path: ["spec", "serviceAccountName"]] = .string(name)
      pod[path: ["spec", "serviceAccount"]] = .string(name)
    }
    let key = ObjectKey(namespace: namespace, name: name)
    guard let stored = await store.object(BuiltInResources.serviceAccounts, key),
      let account = try? JSONValue(parsing: stored.body)
    else {
      throw .forbidden(
        ResourceKind(version: "v1", kind: "Pod", plural: "pods"), pod.objectName,
        "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found"
      )
    }
    let mounts =
      pod[path: ["spec", "automountServiceAccountToken"]]?.boolValue
      ?? account["automountServiceAccountToken"]?.boolValue ?? true
    if mounts { mountToken(&pod) }
    if pod[path: ["spec", "imagePullSecrets"]]?.arrayValue?.isEmpty ?? true,
      let secrets = account["imagePullSecrets"]
    {
      pod[path: ["spec", "imagePullSecrets"]] = secrets
    }
  }

  /// Mounts the token into every container that has nothing at its path.
  private func mountToken(_ pod: inout JSONValue) {
    let volumes = pod[path: ["spec", "volumes"]]?.arrayValue ?? []
    let present = volumes.compactMap { $0["name"]?.stringValue }.first {
      $0.hasPrefix("kube-api-access-")
    }
    let name = present ?? "kube-api-access-\(Names.suffix())"
    var isUsed = false
    for field in ["initContainers", "containers"] {
      guard let containers = pod[path: ["spec", field]]?.arrayValue else { continue }
      pod[path: ["spec", field]] = .array(
        containers.map { container in
          var mounts = container["volumeMounts"]?.arrayValue ?? []
          guard !mounts.contains(where: { $0["mountPath"]?.stringValue == Self.tokenPath }) else {
            return container
          }
          isUsed = true
          mounts.append([
            "name": .string(name), "readOnly": true, "mountPath": .string(Self.tokenPath),
          ])
          var container = container
          container["volumeMounts"] = .array(mounts)
          return container
        })
    }
    if isUsed, present == nil {
      pod[path: ["spec", "volumes"]] = .array(volumes + [Self.volume(name)])
    }
  }

  private static func volume(_ name: String) -> JSONValue {
    [
      "name": .string(name),
      "projected": [
        "sources": [
          [
            "serviceAccountToken": [
              "expirationSeconds": .integer(tokenSeconds), "path": "token",
            ]
          ],
          [
            "configMap": [
              "name": .string(NamespaceContent.certificateName),
              "items": [["key": "ca.crt", "path": "ca.crt"]],
            ]
          ],
          [
            "downwardAPI": [
              "items": [
                [
                  "path": "namespace",
                  "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                ]
              ]
            ]
          ],
        ],
        "defaultMode": 420,
      ],
    ]
  }

  // MARK: Tolerations

  /// Pods stay five minutes on a node that is not ready or not reachable, unless they say otherwise.
  private func addTolerations(_ pod: inout JSONValue) {
    var tolerations = pod[path: ["spec", "tolerations"]]?.arrayValue ?? []
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
      let isTolerated = tolerations.contains { toleration in
        let key = toleration["key"]?.stringValue ?? ""
        let effect = toleration["effect"]?.stringValue ?? ""
        return (key == taint || key.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
      }
      if isTolerated { continue }
      tolerations.append([
        "key": .string(taint), "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": 300,
      ])
    }
    pod[path: ["spec", "tolerations"]] = .array(tolerations)
  }
}
