import KubernetesAPI

/// Defaults that depend on more than one field, kind by kind. Those that do not stand in the tables.
///
/// Whatever a real server fills in while it decodes belongs here and not to admission or storage:
/// the client that creates the object comes to own these fields.
enum KindDefaults {
  static func apply(group: String, kind: String, to object: inout JSONValue) {
    switch (group, kind) {
    case ("", "Namespace"):
      object[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] = .string(
        object.text("metadata", "name"))
    case ("", "Node"):
      NodeRules.joinPodCIDRs(&object)
      if object.has("status", "capacity") {
        object.setDefault(
          "status", "allocatable", to: object[path: ["status", "capacity"]] ?? [:])
      }
    case ("", "Pod"):
      object.edit("spec") { PodDefaults.apply(toPodSpec: &$0) }
    case ("", "PodTemplate"):
      object.edit("template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
    case ("", "Secret"): foldStringData(&object)
    case ("", "Service"): ServiceDefaults.apply(to: &object)
    case ("", "LimitRange"): object.editEach("spec", "limits", change: limitRangeItem)
    case ("apps", "Deployment"):
      object.edit("spec", "template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
      rollingStrategy(
        &object, "strategy",
        ["maxUnavailable": "25%", "maxSurge": "25%"])
    case ("apps", "ReplicaSet"):
      object.edit("spec", "template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
    case ("apps", "DaemonSet"):
      object.edit("spec", "template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
      rollingStrategy(&object, "updateStrategy", ["maxUnavailable": 1, "maxSurge": 0])
      object.setDefault(
        "metadata", "annotations", WorkloadRules.templateGeneration, to: "0")
    case ("apps", "StatefulSet"):
      object.edit("spec", "template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
      rollingStrategy(&object, "updateStrategy", ["partition": 0])
    case ("batch", "Job"): object.edit("spec", change: job)
    case ("batch", "CronJob"):
      object.edit("spec", "jobTemplate", "spec", "template", "spec") {
        PodDefaults.apply(toTemplateSpec: &$0)
      }
    case ("networking.k8s.io", "NetworkPolicy"): policyTypes(&object)
    case ("rbac.authorization.k8s.io", "RoleBinding"),
      ("rbac.authorization.k8s.io", "ClusterRoleBinding"):
      binding(&object)
    case ("apiextensions.k8s.io", "CustomResourceDefinition"): customResourceDefinition(&object)
    default: break
    }
  }

  private static func foldStringData(_ secret: inout JSONValue) {
    for (key, value) in secret["stringData"]?.objectValue ?? [:] {
      let bytes = Array((value.stringValue ?? "").utf8)
      secret[path: ["data", key]] = .string(Base64.encode(bytes))
    }
    secret["stringData"] = nil
  }

  private static func limitRangeItem(_ item: inout JSONValue) {
    guard item.text("type") == "Container" else { return }
    // What is not requested is what is allowed; what is not allowed is what may be at most.
    for (key, value) in item["max"]?.objectValue ?? [:] {
      item.setDefault("default", key, to: value)
    }
    for (key, value) in item["default"]?.objectValue ?? [:] {
      item.setDefault("defaultRequest", key, to: value)
    }
    for (key, value) in item["min"]?.objectValue ?? [:] {
      item.setDefault("defaultRequest", key, to: value)
    }
  }

  private static func rollingStrategy(
    _ object: inout JSONValue, _ field: String, _ parameters: JSONObject
  ) {
    object.setDefault("spec", field, "type", to: "RollingUpdate")
    guard object.text("spec", field, "type") == "RollingUpdate" else { return }
    object.setDefault("spec", field, "rollingUpdate", to: [:])
    for (key, value) in parameters {
      if key == "maxSurge", object.has("spec", field, "rollingUpdate", "maxSurge") { continue }
      object.setDefault("spec", field, "rollingUpdate", key, to: value)
    }
  }

  private static func job(_ spec: inout JSONValue) {
    if !spec.has("completions"), !spec.has("parallelism") {
      spec["completions"] = 1
      spec["parallelism"] = 1
    }
    spec.setDefault("parallelism", to: 1)
    spec.setDefault("backoffLimit", to: 6)
    spec.setDefault("completionMode", to: "NonIndexed")
    spec.setDefault("suspend", to: false)
    spec.setDefault("manualSelector", to: false)
    spec.setDefault(
      "podReplacementPolicy", to: spec.has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed")
    spec.edit("template", "spec") { PodDefaults.apply(toTemplateSpec: &$0) }
  }

  private static func policyTypes(_ policy: inout JSONValue) {
    guard policy.list("spec", "policyTypes").isEmpty else { return }
    var types: [JSONValue] = ["Ingress"]
    if !policy.list("spec", "egress").isEmpty { types.append("Egress") }
    policy[path: ["spec", "policyTypes"]] = .array(types)
  }

  private static func binding(_ binding: inout JSONValue) {
    let group: JSONValue = "rbac.authorization.k8s.io"
    if binding.text("roleRef", "apiGroup").isEmpty {
      binding[path: ["roleRef", "apiGroup"]] = group
    }
    binding.editEach("subjects") { subject in
      let kind = subject.text("kind")
      if kind == "User" || kind == "Group" { subject.setDefault("apiGroup", to: group) }
    }
  }

  private static func customResourceDefinition(_ crd: inout JSONValue) {
    let kind = crd.text("spec", "names", "kind")
    if !kind.isEmpty {
      crd.setDefault("spec", "names", "singular", to: .string(kind.lowercased()))
      crd.setDefault("spec", "names", "listKind", to: .string("\(kind)List"))
    }
    crd.setDefault("spec", "conversion", to: ["strategy": "None"])
    if crd.text("spec", "conversion", "strategy").isEmpty {
      crd[path: ["spec", "conversion", "strategy"]] = "None"
    }
  }
}
