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

/// `admission.k8s.io/v1` and its predecessor `v1beta1`, whose requests differ in nothing else.
enum AdmissionReview {
  static let versions = ["v1", "v1beta1"]

  /// - Parameters:
  ///   - version: `v1` or `v1beta1`.
  ///   - target: the kind in whose version the webhook sees the object.
  ///   - requested: the kind that the request named.
  static func request(
    version: String = "v1", uid: String, _ operation: AdmissionOperation,
    target: ResourceDefinition,
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
      "kind": "AdmissionReview", "apiVersion": .string("admission.k8s.io/\(version)"),
      "request": .object(request),
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
  ///
  /// - Parameter version: of the review that was sent; the answer must be of the same.
  static func verdict(
    _ answer: JSONValue, version: String, uid: String, purpose: AdmissionWebhook.Purpose
  ) throws(WebhookFailure) -> Verdict {
    let apiVersion = answer.text("apiVersion")
    if apiVersion != "admission.k8s.io/\(version)" || answer.text("kind") != "AdmissionReview" {
      let short = apiVersion.split(separator: "/").last ?? ""
      throw WebhookFailure(
        "failed to call webhook: converting (\(short).\(answer.text("kind"))) to "
          + "(\(version).AdmissionReview): unknown conversion")
    }
    func invalid(_ why: String) -> WebhookFailure {
      WebhookFailure("received invalid webhook response: \(why)")
    }
    guard let response = answer["response"], !response.isNull else {
      throw invalid("webhook response was absent")
    }
    // v1beta1 asked for neither the UID nor the type of the patch.
    if version == "v1", response.text("uid") != uid {
      throw invalid("expected response.uid=\"\(uid)\", got \"\(response.text("uid"))\"")
    }
    var verdict = Verdict(
      isAllowed: response.flag("allowed"), status: response["status"],
      warnings: response.texts("warnings"))
    let hasPatch = !response.text("patch").isEmpty
    let type = response["patchType"].flatMap { $0.isNull ? nil : $0.stringValue ?? "" }
    if version == "v1" {
      if let why = mismatch(hasPatch: hasPatch, type: type, purpose) { throw invalid(why) }
    }
    guard hasPatch, purpose == .mutating else { return verdict }
    guard version != "v1" || type == "JSONPatch" else {
      throw WebhookFailure("unsupported patch type \"\(type ?? "")\"")
    }
    guard let bytes = Base64.decode(response.text("patch")),
      let patch = try? JSONValue(parsing: bytes)
    else { throw invalid("response.patch is not JSON in base64") }
    verdict.patch = patch
    return verdict
  }

  /// Patch and type come together, and from mutating webhooks alone.
  private static func mismatch(
    hasPatch: Bool, type: String?, _ purpose: AdmissionWebhook.Purpose
  ) -> String? {
    switch purpose {
    case .validating:
      if hasPatch { return "validating webhook may not return response.patch" }
      return type == nil ? nil : "validating webhook may not return response.patchType"
    case .mutating:
      if hasPatch, type == nil {
        return "webhook returned response.patch but not response.patchType"
      }
      if !hasPatch, type != nil {
        return "webhook returned response.patchType but not response.patch"
      }
      return type == "" ? "webhook returned invalid response.patchType of \"\"" : nil
    }
  }

  /// The refusal that the client sees.
  static func refusal(_ webhook: String, _ verdict: Verdict) -> APIError {
    let status = verdict.status ?? [:]
    let code = Int(status.integer("code") ?? 0)
    let message = status.text("message")
    let reason = status.text("reason")
    let denied = "admission webhook \"\(webhook)\" denied the request"
    return APIError(
      // HTTP has no other codes for failures; a refusal is never told as a success.
      code: code < 400 ? 400 : min(code, 599),
      reason: reason.isEmpty ? nil : reason,
      message: !message.isEmpty
        ? "\(denied): \(message)"
        : !reason.isEmpty ? "\(denied): \(reason)" : "\(denied) without explanation",
      details: status["details"].flatMap { try? $0.decode(APIStatus.Details.self) })
  }
}

/// Why a webhook could not be asked or understood, in the words of Go's HTTP client where it applies.
struct WebhookFailure: Error, Hashable, Sendable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
