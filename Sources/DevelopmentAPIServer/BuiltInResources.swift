import KubernetesAPI

/// The kinds that are there without any CRD, in the groups and order of a real server's discovery.
enum BuiltInResources {
  static let namespaceKind = ResourceKind(
    version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)
  static let namespaces = ResourceDefinition.StorageKey(group: "", plural: "namespaces")
  static let serviceAccounts = ResourceDefinition.StorageKey(group: "", plural: "serviceaccounts")
  static let configMaps = ResourceDefinition.StorageKey(group: "", plural: "configmaps")
  static let services = ResourceDefinition.StorageKey(group: "", plural: "services")
  static let endpointSlices = ResourceDefinition.StorageKey(
    group: "discovery.k8s.io", plural: "endpointslices")
  static let events = ResourceDefinition.StorageKey(group: "", plural: "events")
  static let pods = ResourceDefinition.StorageKey(group: "", plural: "pods")
  static let immortalNamespaces: Set<String> = ["default", "kube-system", "kube-public"]

  /// - Throws: when a table of schemas is malformed, which tests rule out.
  static func all() throws(SchemaTable.MalformedTable) -> [ResourceDefinition] {
    let left = Omissions.kinds
    let autoscaling = left.filter { $0.kind.group == "autoscaling" }
    let policies = left.filter { $0.kind.group != "autoscaling" }
    return try BuiltInKinds().completing(
      core + apps + newEvents + reviews + autoscaling + batch + networking + policy + rbac
        + storage + extensions + policies + others)
  }

  /// Kinds that are spoken below others: what a token request or a binding looks like.
  static func auxiliary() throws(SchemaTable.MalformedTable) -> [ResourceDefinition] {
    let kinds = [
      ResourceKind(
        group: "authentication.k8s.io", version: "v1", kind: "TokenRequest",
        plural: "tokenrequests"),
      ResourceKind(group: "policy", version: "v1", kind: "Eviction", plural: "evictions"),
    ]
    return try BuiltInKinds().completing(
      kinds.map { kind in
        var definition = ResourceDefinition(kind)
        definition.storage = nil
        definition.verbs = ResourceDefinition.Verb.review
        return definition
      })
  }

  private struct Row {
    var kind: String
    var plural: String
    var namespaced = true
    var short: [String] = []
    var categories: [String] = []
    var status = false
    var scale = false
    var generation = false
    var singular: String?
  }

  private static func definitions(
    _ group: String, _ rows: [Row]
  ) -> [ResourceDefinition] {
    rows.map { row in
      let kind = ResourceKind(
        group: group, version: "v1", kind: row.kind, plural: row.plural,
        isNamespaced: row.namespaced)
      var definition = ResourceDefinition(kind, singular: row.singular)
      definition.shortNames = row.short
      definition.categories = row.categories
      definition.hasGeneration = row.generation
      if row.scale { definition.subresources.append(.scale) }
      if row.status { definition.subresources.append(.status(of: kind)) }
      definition.columns = BuiltInColumns.columns(of: row.kind)
      definition.cells = { BuiltInCells.cells(of: row.kind, $0, now: $1) }
      return definition
    }
  }

  private static var core: [ResourceDefinition] {
    var core = definitions(
      "",
      [
        Row(kind: "ConfigMap", plural: "configmaps", short: ["cm"]),
        Row(kind: "Endpoints", plural: "endpoints", short: ["ep"], singular: "endpoints"),
        Row(kind: "Event", plural: "events", short: ["ev"]),
        Row(kind: "LimitRange", plural: "limitranges", short: ["limits"]),
        Row(
          kind: "Namespace", plural: "namespaces", namespaced: false, short: ["ns"], status: true),
        Row(kind: "Node", plural: "nodes", namespaced: false, short: ["no"], status: true),
        Row(
          kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", short: ["pvc"],
          status: true),
        Row(
          kind: "PersistentVolume", plural: "persistentvolumes", namespaced: false, short: ["pv"],
          status: true),
        Row(
          kind: "Pod", plural: "pods", short: ["po"], categories: ["all"], status: true,
          generation: true),
        Row(kind: "PodTemplate", plural: "podtemplates"),
        Row(
          kind: "ReplicationController", plural: "replicationcontrollers", short: ["rc"],
          categories: ["all"], status: true, scale: true, generation: true),
        Row(kind: "ResourceQuota", plural: "resourcequotas", short: ["quota"], status: true),
        Row(kind: "Secret", plural: "secrets"),
        Row(kind: "ServiceAccount", plural: "serviceaccounts", short: ["sa"]),
        Row(
          kind: "Service", plural: "services", short: ["svc"], categories: ["all"], status: true),
      ])
    for (plural, subresources) in Omissions.subresources {
      core.modify(plural) { $0.subresources += subresources }
    }
    core.insert(bindings, at: 0)
    core.insert(componentStatuses, at: 1)
    core.modify("namespaces") {
      $0.verbs.remove(.deletecollection)
      $0.subresources.insert(
        .init(name: "finalize", kind: "Namespace", verbs: [.update]), at: 0)
      $0.selectableFields.fields = ["status.phase": "", "name": ""]
      $0.behavior.prepareForCreate = { object in
        var finalizers = (object[path: ["spec", "finalizers"]]?.arrayValue ?? [])
        if !finalizers.contains("kubernetes") { finalizers.append("kubernetes") }
        object[path: ["spec", "finalizers"]] = .array(finalizers)
        object["status"] = ["phase": "Active"]
        object[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] = .string(
          object.objectName)
      }
      $0.behavior.prepareForUpdate = { object, old in
        object[path: ["spec", "finalizers"]] = old[path: ["spec", "finalizers"]]
      }
    }
    core.modify("nodes") {
      $0.keepsStatusOnCreate = true
      $0.selectableFields.fields = ["spec.unschedulable": "false"]
    }
    core.modify("pods") {
      $0.subresources =
        [
          .init(name: "binding", kind: "Binding", verbs: [.create]),
          .init(
            name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: [.create]),
        ] + $0.subresources
      $0.returnsDeletedObject = true
      $0.selectableFields.fields = [
        "spec.nodeName": "", "spec.restartPolicy": "", "spec.schedulerName": "",
        "spec.serviceAccountName": "", "spec.hostNetwork": "false", "status.phase": "",
        "status.podIP": "", "status.nominatedNodeName": "",
      ]
      $0.behavior.prepareForCreate = { $0["status"] = ["phase": "Pending"] }
    }
    core.modify("events") {
      $0.selectableFields.fields = [
        "involvedObject.kind": "", "involvedObject.namespace": "", "involvedObject.name": "",
        "involvedObject.uid": "", "involvedObject.apiVersion": "",
        "involvedObject.resourceVersion": "", "involvedObject.fieldPath": "", "reason": "",
        "reportingComponent": "", "source": "", "type": "",
      ]
    }
    core.modify("endpoints") {
      $0.deprecationWarning =
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    }
    core.modify("secrets") { $0.selectableFields.fields = ["type": ""] }
    core.modify("serviceaccounts") {
      $0.subresources.append(
        .init(
          name: "token", kind: "TokenRequest", group: "authentication.k8s.io", version: "v1",
          verbs: [.create]))
      $0.returnsDeletedObject = true
    }
    core.modify("services") {
      $0.allocation = ServiceAllocation()
      $0.returnsDeletedObject = true
      $0.selectableFields.fields = ["spec.clusterIP": "", "spec.type": ""]
    }
    for plural in ["persistentvolumes", "persistentvolumeclaims", "podtemplates", "resourcequotas"]
    {
      core.modify(plural) { $0.returnsDeletedObject = true }
    }
    return core
  }

  /// Posting a Binding is an older way for a scheduler to place a Pod.
  private static var bindings: ResourceDefinition {
    var definition = ResourceDefinition(
      ResourceKind(version: "v1", kind: "Binding", plural: "bindings"))
    definition.verbs = ResourceDefinition.Verb.review
    definition.storage = nil
    return definition
  }

  /// Deprecated long ago, and empty here.
  private static var componentStatuses: ResourceDefinition {
    var definition = ResourceDefinition(
      ResourceKind(
        version: "v1", kind: "ComponentStatus", plural: "componentstatuses", isNamespaced: false))
    definition.singular = "componentstatus"
    definition.verbs = [.get, .list]
    definition.shortNames = ["cs"]
    definition.deprecationWarning = "v1 ComponentStatus is deprecated in v1.19+"
    definition.columns = [.name]
    definition.cells = { object, _ in [object[path: ["metadata", "name"]] ?? ""] }
    return definition
  }

  private static var apps: [ResourceDefinition] {
    definitions(
      "apps",
      [
        Row(kind: "ControllerRevision", plural: "controllerrevisions"),
        Row(
          kind: "DaemonSet", plural: "daemonsets", short: ["ds"], categories: ["all"],
          status: true, generation: true),
        Row(
          kind: "Deployment", plural: "deployments", short: ["deploy"], categories: ["all"],
          status: true, scale: true, generation: true),
        Row(
          kind: "ReplicaSet", plural: "replicasets", short: ["rs"], categories: ["all"],
          status: true, scale: true, generation: true),
        Row(
          kind: "StatefulSet", plural: "statefulsets", short: ["sts"], categories: ["all"],
          status: true, scale: true, generation: true),
      ])
  }

  private static var newEvents: [ResourceDefinition] {
    var events = definitions(
      "events.k8s.io", [Row(kind: "Event", plural: "events", short: ["ev"])])
    events.modify("events") {
      $0.storage = self.events
      $0.conversion = StoredEventConversion()
      $0.selectableFields.fields = ["regarding.name": "", "reason": "", "type": ""]
    }
    return events
  }

  private static var reviews: [ResourceDefinition] {
    let rows: [(group: String, kind: String, namespaced: Bool)] = [
      ("authentication.k8s.io", "SelfSubjectReview", false),
      ("authentication.k8s.io", "TokenReview", false),
      ("authorization.k8s.io", "LocalSubjectAccessReview", true),
      ("authorization.k8s.io", "SelfSubjectAccessReview", false),
      ("authorization.k8s.io", "SelfSubjectRulesReview", false),
      ("authorization.k8s.io", "SubjectAccessReview", false),
    ]
    return rows.map { row in
      var definition = ResourceDefinition(
        ResourceKind(
          group: row.group, version: "v1", kind: row.kind, plural: row.kind.lowercased() + "s",
          isNamespaced: row.namespaced))
      definition.verbs = ResourceDefinition.Verb.review
      definition.storage = nil
      return definition
    }
  }

  private static var batch: [ResourceDefinition] {
    definitions(
      "batch",
      [
        Row(
          kind: "CronJob", plural: "cronjobs", short: ["cj"], categories: ["all"], status: true,
          generation: true),
        Row(kind: "Job", plural: "jobs", categories: ["all"], status: true, generation: true),
      ])
  }

  private static var networking: [ResourceDefinition] {
    definitions(
      "networking.k8s.io",
      [
        Row(kind: "IngressClass", plural: "ingressclasses", namespaced: false, generation: true),
        Row(
          kind: "Ingress", plural: "ingresses", short: ["ing"], status: true, generation: true),
        Row(kind: "IPAddress", plural: "ipaddresses", namespaced: false, short: ["ip"]),
        Row(
          kind: "NetworkPolicy", plural: "networkpolicies", short: ["netpol"], generation: true),
        Row(kind: "ServiceCIDR", plural: "servicecidrs", namespaced: false, status: true),
      ])
  }

  private static var policy: [ResourceDefinition] {
    definitions(
      "policy",
      [
        Row(
          kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", short: ["pdb"],
          status: true, generation: true)
      ])
  }

  private static var rbac: [ResourceDefinition] {
    definitions(
      "rbac.authorization.k8s.io",
      [
        Row(kind: "ClusterRoleBinding", plural: "clusterrolebindings", namespaced: false),
        Row(kind: "ClusterRole", plural: "clusterroles", namespaced: false),
        Row(kind: "RoleBinding", plural: "rolebindings"),
        Row(kind: "Role", plural: "roles"),
      ])
  }

  private static var storage: [ResourceDefinition] {
    definitions(
      "storage.k8s.io",
      [
        Row(kind: "CSIDriver", plural: "csidrivers", namespaced: false),
        Row(kind: "CSINode", plural: "csinodes", namespaced: false),
        Row(kind: "StorageClass", plural: "storageclasses", namespaced: false, short: ["sc"]),
        Row(kind: "VolumeAttachment", plural: "volumeattachments", namespaced: false, status: true),
      ])
  }

  private static var extensions: [ResourceDefinition] {
    let all = ["api-extensions"]
    var extensions =
      definitions(
        "admissionregistration.k8s.io",
        [
          Row(
            kind: "MutatingWebhookConfiguration", plural: "mutatingwebhookconfigurations",
            namespaced: false, categories: all, generation: true),
          Row(
            kind: "ValidatingWebhookConfiguration", plural: "validatingwebhookconfigurations",
            namespaced: false, categories: all, generation: true),
        ])
      + definitions(
        "apiextensions.k8s.io",
        [
          Row(
            kind: "CustomResourceDefinition", plural: "customresourcedefinitions",
            namespaced: false, short: ["crd", "crds"], categories: all, status: true,
            generation: true)
        ])
    extensions.modify(CustomResources.kind.plural) {
      $0.behavior.prepareForCreate = {
        $0["status"] = CustomResourceLifecycle.initialStatus($0)
      }
    }
    return extensions
  }

  private static var others: [ResourceDefinition] {
    definitions(
      "scheduling.k8s.io",
      [
        Row(
          kind: "PriorityClass", plural: "priorityclasses", namespaced: false, short: ["pc"],
          generation: true)
      ])
      + definitions("coordination.k8s.io", [Row(kind: "Lease", plural: "leases")])
      + definitions(
        "node.k8s.io", [Row(kind: "RuntimeClass", plural: "runtimeclasses", namespaced: false)])
      + definitions(
        "discovery.k8s.io",
        [Row(kind: "EndpointSlice", plural: "endpointslices", generation: true)])
  }
}

extension [ResourceDefinition] {
  fileprivate mutating func modify(
    _ plural: String, _ change: (inout ResourceDefinition) -> Void
  ) {
    for index in indices where self[index].kind.plural == plural { change(&self[index]) }
  }
}
