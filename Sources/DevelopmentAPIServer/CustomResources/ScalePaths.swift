import KubernetesAPI

/// Where an object keeps what its Scale shows.
struct ScalePaths: Sendable, Hashable {
  var spec: [String]
  var status: [String]
  /// A text that is the selector, for custom resources.
  var selector: [String]?

  /// Of workloads; their selector is an object.
  static let workload = ScalePaths(
    spec: ["spec", "replicas"], status: ["status", "replicas"], selector: nil)

  init(spec: [String], status: [String], selector: [String]?) {
    self.spec = spec
    self.status = status
    self.selector = selector
  }

  /// Of a CRD version's `subresources.scale`.
  init(_ scale: JSONValue) {
    func path(_ field: String) -> [String] {
      scale.text(field).split(separator: ".").map(String.init)
    }
    spec = path("specReplicasPath")
    status = path("statusReplicasPath")
    selector = scale.has("labelSelectorPath") ? path("labelSelectorPath") : nil
  }

  /// The `autoscaling/v1` `Scale` of an object.
  func view(of object: JSONValue) -> JSONValue {
    var metadata = JSONObject()
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
      if let value = object[path: ["metadata", field]] { metadata[field] = value }
    }
    var status: JSONObject = ["replicas": object[path: self.status] ?? 0]
    let text =
      selector.flatMap { object[path: $0]?.stringValue }
      ?? LabelQuery(object[path: ["spec", "selector"]]).description
    if !text.isEmpty { status["selector"] = .string(text) }
    // Zero is left out of a Scale's spec, not of its status.
    let replicas = object[path: spec] ?? 0
    return [
      "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata),
      "spec": replicas == 0 ? .object([:]) : ["replicas": replicas], "status": .object(status),
    ]
  }
}
