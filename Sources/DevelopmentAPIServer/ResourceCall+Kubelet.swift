import KubernetesAPI

/// What a kubelet answers: `log`, `exec`, `attach`, `portforward` and `proxy` of Pods. A real server
/// checks the Pod before it asks; beyond that, nobody is here to ask.
extension ResourceCall {
  static let kubeletAnswers: Set = ["log", "exec", "attach", "portforward", "proxy"]

  func askKubelet(
    for subresource: String, in table: ResourceDefinition.StorageKey
  ) async throws -> APIResponse {
    guard let pod = await store.object(table, key)?.value(kind) else {
      throw APIError.notFound(kind, attributes.name)
    }
    if ["log", "exec", "attach"].contains(subresource) { try checkContainer(of: pod) }
    guard pod.text("spec", "nodeName").isEmpty else {
      throw Omissions.error("\(kind.plural)/\(subresource)")
    }
    switch subresource {
    case "log": return APIResponse(status: 204, text: "")
    case "proxy": throw APIError.badRequest("address not allowed")
    default:
      throw APIError.badRequest("pod \(attributes.name) does not have a host assigned")
    }
  }

  private func checkContainer(of pod: JSONValue) throws(APIError) {
    let names = ["initContainers", "containers", "ephemeralContainers"].flatMap {
      pod.list("spec", $0).map { $0.text("name") }
    }
    let container = request.query["container"] ?? ""
    if container.isEmpty {
      guard names.count > 1 else { return }
      throw .badRequest(
        "a container name must be specified for pod \(attributes.name), "
          + "choose one of: [\(names.joined(separator: " "))]")
    }
    guard names.contains(container) else {
      throw .badRequest("container \(container) is not valid for pod \(attributes.name)")
    }
  }
}
