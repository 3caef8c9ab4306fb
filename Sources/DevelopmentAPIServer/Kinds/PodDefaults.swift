import KubernetesAPI

/// Defaults of Pods and Pod templates that depend on more than one field.
enum PodDefaults {
  /// Of a Pod itself: requests follow limits, host ports follow ports on the host's network.
  static func apply(toPodSpec spec: inout JSONValue) {
    apply(toTemplateSpec: &spec)
    spec.setDefault("enableServiceLinks", to: true)
    let usesHostNetwork = spec.flag("hostNetwork")
    for field in ["containers", "initContainers"] {
      spec.editEach(field) { container in
        for (resource, limit) in container[path: ["resources", "limits"]]?.objectValue ?? [:] {
          container.setDefault("resources", "requests", resource, to: limit)
        }
        if usesHostNetwork {
          container.editEach("ports") { port in
            if let number = port["containerPort"] { port.setDefault("hostPort", to: number) }
          }
        }
      }
    }
  }

  static func apply(toTemplateSpec spec: inout JSONValue) {
    // Two names of one field.
    if spec.text("serviceAccountName").isEmpty, spec.has("serviceAccount") {
      spec["serviceAccountName"] = spec["serviceAccount"]
    }
    if !spec.text("serviceAccountName").isEmpty {
      spec["serviceAccount"] = spec["serviceAccountName"]
    }
    for field in ["containers", "initContainers", "ephemeralContainers"] {
      spec.editEach(field) { container in
        guard container.text("imagePullPolicy").isEmpty else { return }
        container["imagePullPolicy"] = .string(pullPolicy(of: container.text("image")))
      }
    }
  }

  /// Images without a tag or tagged `latest` may change under the same name.
  static func pullPolicy(of image: String) -> String {
    if image.contains("@") { return "IfNotPresent" }
    let name = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let tag = name.split(separator: ":").dropFirst().last ?? "latest"
    return tag == "latest" ? "Always" : "IfNotPresent"
  }

  /// `status.qosClass`: guaranteed where every container limits processor and memory to what it
  /// requests, best effort where none asks for either.
  static func qosClass(of spec: JSONValue) -> String {
    let containers = spec.list("containers") + spec.list("initContainers")
    var asksForAny = false
    var isGuaranteed = true
    for container in containers {
      for resource in ["cpu", "memory"] {
        let limit = container.text("resources", "limits", resource)
        let request = container.text("resources", "requests", resource)
        if [limit, request].contains(where: { Quantity($0).map { $0.nanos > 0 } ?? false }) {
          asksForAny = true
        }
        if limit.isEmpty || Quantity(limit) != Quantity(request) { isGuaranteed = false }
      }
    }
    if !asksForAny { return "BestEffort" }
    return isGuaranteed ? "Guaranteed" : "Burstable"
  }
}
