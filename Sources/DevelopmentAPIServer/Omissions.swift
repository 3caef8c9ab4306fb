import KubernetesAPI

/// What this server leaves out, and says so when it starts. Requests for it are answered with 501
/// and never with a pretended success.
enum Omissions {
  static let all = [
    "protobuf bodies, beyond the kinds that kubectl sends in no other form: answered with 415",
    "HTTP/2: connections speak HTTP/1.1",
    "exec, attach, port-forward, proxy and log of Pods on a node, proxy of Nodes and Services: no kubelet serves them",
    "ephemeral containers and in-place resize of Pods",
    "HorizontalPodAutoscalers, and admission policies in CEL: listed, creation is refused",
    "APIServices (aggregation), certificate signing requests, flow schemas, storage classes' provisioning",
    "quotas and limit ranges: stored, not enforced; Events do not expire",
    "the controllers of workloads, EndpointSlices and nodes: `metallb lab` has stand-ins",
    "OpenAPI: texts that describe built-in kinds and their fields, and the paths of the old watch API",
    "webhooks: `authorizer` in match conditions (refused), connections (CONNECT), audit annotations (nobody records them)",
    "the differences that a refused Pod update quotes, in the words of Go's structs",
    "encryption at rest and persistence: everything is in memory",
  ]

  static func error(_ what: String) -> APIError {
    APIError(
      code: 501, reason: "NotImplemented",
      message: "\(what) is left out of this development server",
      details: APIStatus.Details())
  }

  /// Subresources that discovery names because kubectl knows them, and that nobody here can answer.
  static let subresources: [String: [ResourceDefinition.Subresource]] = [
    "nodes": [.init(name: "proxy", kind: "NodeProxyOptions", verbs: proxy)],
    "services": [.init(name: "proxy", kind: "ServiceProxyOptions", verbs: proxy)],
    "pods": [
      .init(name: "attach", kind: "PodAttachOptions", verbs: [.create, .get]),
      .init(name: "ephemeralcontainers", kind: "Pod"),
      .init(name: "exec", kind: "PodExecOptions", verbs: [.create, .get]),
      .init(name: "log", kind: "Pod", verbs: [.get]),
      .init(name: "portforward", kind: "PodPortForwardOptions", verbs: [.create, .get]),
      .init(name: "proxy", kind: "PodProxyOptions", verbs: proxy),
      .init(name: "resize", kind: "Pod"),
    ],
  ]
  private static let proxy: Set<ResourceDefinition.Verb> = [
    .create, .delete, .get, .patch, .update,
  ]

  /// Kinds that can be listed, are always empty, and cannot be created.
  static var kinds: [ResourceDefinition] {
    let policies = "admissionregistration.k8s.io"
    let extensions = ["api-extensions"]
    return ["v2", "v1"].map {
      kind(
        "autoscaling", $0, "HorizontalPodAutoscaler", "horizontalpodautoscalers", namespaced: true,
        short: ["hpa"], categories: ["all"], status: true)
    } + [
      kind(
        policies, "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
        categories: extensions),
      kind(
        policies, "v1", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings",
        categories: extensions),
      kind(
        policies, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
        categories: extensions, status: true),
      kind(
        policies, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
        categories: extensions),
    ]
  }

  private static func kind(
    _ group: String, _ version: String, _ name: String, _ plural: String, namespaced: Bool = false,
    short: [String] = [], categories: [String], status: Bool = false
  ) -> ResourceDefinition {
    let kind = ResourceKind(
      group: group, version: version, kind: name, plural: plural, isNamespaced: namespaced)
    var definition = ResourceDefinition(kind)
    definition.shortNames = short
    definition.categories = categories
    if status { definition.subresources = [.status(of: kind)] }
    definition.isLeftOut = true
    definition.columns = [.name, BuiltInColumns.age]
    return definition
  }
}
