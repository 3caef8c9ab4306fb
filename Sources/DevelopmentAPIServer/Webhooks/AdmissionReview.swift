import KubernetesAPI

/// What is reviewed: one operation on one object.
struct AdmissionOperation: Sendable {
  /// `CREATE`, `UPDATE` or `DELETE`.
  var name: String
  var subresource = ""
  /// `nil` for a deletion.
  var object: JSONValue?
  /// `nil` for a creation.
  var old: JSONValue?
  /// `CreateOptions`, `UpdateOptions` or `DeleteOptions`.
  var options: JSONValue
  var isDryRun: Bool
  /// Of what the request names; differs from the object's for `scale`.
  var kind: ResourceKind
}

/// `admission.k8s.io/v1`
enum AdmissionReview {
  /// - Parameters:
  ///   - target: the kind in whose version the webhook sees the object.
  ///   - requested: the kind that the request named.
  static func request(
    uid: String, _ operation: AdmissionOperation, target: ResourceDefinition,
    requested: ResourceDefinition, name: String, namespace: String, user: UserInfo
  ) -> JSONValue {
    func kind(_ kind: ResourceKind) -> JSONValue {
      [
        "group": .string(kind.group), "version": .string(kind.version),
        "kind": .string(kind.kind),
      ]
    }
    func resource(_ kind: ResourceKind) -> JSONValue {
      [
        "group": .string(kind.group), "version": .string(kind.version),
        "resource": .string(kind.plural),
      ]
    }
    let isOwnKind = operation.kind == requested.kind
    var request: JSONObject = [
      "uid": .string(uid), "kind": kind(isOwnKind ? target.kind : operation.kind),
      "resource": resource(target.kind),
    ]
    if !operation.subresource.isEmpty { request["subResource"] = .string(operation.subresource) }
    request["requestKind"] = kind(operation.kind)
    request["requestResource"] = resource(requested.kind)
    if !operation.subresource.isEmpty {
      request["requestSubResource"] = .string(operation.subresource)
    }
    if !name.isEmpty { request["name"] = .string(name) }
    if !namespace.isEmpty { request["namespace"] = .string(namespace) }
    request["operation"] = .string(operation.name)
    request["userInfo"] = user.json
    request["object"] = operation.object ?? .null
    request["oldObject"] = operation.old ?? .null
    request["dryRun"] = .bool(operation.isDryRun)
    request["options"] = operation.options
    return [
      "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": .object(request),
    ]
  }

  /// What a webhook said.
  struct Verdict: Sendable {
    var isAllowed: Bool
    var status: JSONValue?
    var warnings: [String]
    /// RFC 6902.
    var patch: JSONValue?
  }

  /// Reads an answer; the text of the failure follows `failed calling webhook "…": `.
  static func verdict(
    _ answer: JSONValue, uid: String, purpose: AdmissionWebhook.Purpose
  ) throws(WebhookFailure) -> Verdict {
    let version = answer.text("apiVersion")
    if version != "admission.k8s.io/v1" || answer.text("kind") != "AdmissionReview" {
      let short = version.split(separator: "/").last ?? ""
      throw WebhookFailure(
        "failed to call webhook: converting (\(short).\(answer.text("kind"))) to "
          + "(v1.AdmissionReview): unknown conversion")
    }
    func invalid(_ why: String) -> WebhookFailure {
      WebhookFailure("received invalid webhook response: \(why)")
    }
    guard let response = answer["response"], !response.isNull else {
      throw invalid("webhook response was absent")
    }
    if response.text("uid") != uid {
      throw invalid("expected response.uid=\"\(uid)\", got \"\(response.text("uid"))\"")
    }
    var verdict = Verdict(
      isAllowed: response.flag("allowed"), status: response["status"],
      warnings: response.texts("warnings"))
    let type = response.text("patchType")
    guard response.has("patch") || !type.isEmpty else { return verdict }
    switch purpose {
    case .validating:
      throw invalid(
        response.has("patch")
          ? "validating webhook may not return response.patch"
          : "validating webhook may not return response.patchType")
    case .mutating:
      guard type == "JSONPatch" else {
        throw invalid("invalid response.patchType \"\(type)\"")
      }
      guard let bytes = Base64.decode(response.text("patch")),
        let patch = try? JSONValue(parsing: bytes)
      else { throw invalid("response.patch is not JSON in base64") }
      verdict.patch = patch
      return verdict
    }
  }

  /// The refusal that the client sees.
  static func refusal(_ webhook: String, _ verdict: Verdict) -> APIError {
    let status = verdict.status ?? [:]
    let code = status.integer("code") ?? 0
    let message = status.text("message")
    let reason = status.text("reason")
    let text =
      !message.isEmpty
      ? "admission webhook \"\(webhook)\" denied the request: \(message)"
      : !reason.isEmpty
        ? "admission webhook \"\(webhook)\" denied the request: \(reason)"
        : "admission webhook \"\(webhook)\" denied the request without explanation"
    var error = APIError(
      code: 200..<400 ~= code || code == 0 ? 400 : Int(code),
      reason: reason.isEmpty ? nil : reason, message: text,
      details: status["details"].flatMap { try? $0.decode(APIStatus.Details.self) })
    error.warnings = verdict.warnings
    return error
  }
}

/// Why a webhook could not be asked or understood, in the words of Go's HTTP client where it applies.
struct WebhookFailure: Error, Hashable, Sendable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
