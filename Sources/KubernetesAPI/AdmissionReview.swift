/// What an API server asks an admission webhook: the `request` of an `admission.k8s.io/v1`
/// `AdmissionReview`, as far as we read it.
package struct AdmissionRequest: Sendable, Hashable {
  package enum Operation: String, Sendable, Hashable, CaseIterable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  static let apiVersion = "admission.k8s.io/v1"
  static let reviewKind = "AdmissionReview"

  package var uid: String
  package var operation: Operation
  /// `group/version kind` of ``object`` and ``oldObject``.
  package var apiVersion: String
  package var kind: String
  /// Empty when the server is still to generate it.
  package var name: String
  /// Empty for cluster-scoped objects.
  package var namespace: String
  /// Absent on deletion.
  package var object: JSONValue?
  /// Absent on creation.
  package var oldObject: JSONValue?
  /// Nothing will be stored.
  package var isDryRun: Bool

  package init(
    uid: String, operation: Operation, apiVersion: String, kind: String, name: String,
    namespace: String, object: JSONValue? = nil, oldObject: JSONValue? = nil, isDryRun: Bool = false
  ) {
    self.uid = uid
    self.operation = operation
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.namespace = namespace
    self.object = object
    self.oldObject = oldObject
    self.isDryRun = isDryRun
  }

  /// Reads the body of a webhook call.
  package init(review bytes: some Collection<UInt8>) throws(ReviewError) {
    let body = try ReviewBody(
      parsing: bytes, apiVersion: Self.apiVersion, kind: Self.reviewKind)
    let request = body.request
    guard let operation = request["operation"]?.stringValue.flatMap(Operation.init(rawValue:))
    else { throw .malformed(field: "request.operation") }
    guard let kind = request["kind"], let name = kind["kind"]?.stringValue,
      let version = kind["version"]?.stringValue
    else { throw .malformed(field: "request.kind") }
    let group = kind["group"]?.stringValue ?? ""
    func object(_ field: String) throws(ReviewError) -> JSONValue? {
      guard let value = request[field], !value.isNull else { return nil }
      guard value.objectValue != nil else { throw .malformed(field: "request.\(field)") }
      return value
    }
    self.init(
      uid: body.uid, operation: operation,
      apiVersion: group.isEmpty ? version : "\(group)/\(version)",
      kind: name, name: request["name"]?.stringValue ?? "",
      namespace: request["namespace"]?.stringValue ?? "", object: try object("object"),
      oldObject: try object("oldObject"), isDryRun: request["dryRun"]?.boolValue ?? false)
    let needed: [(String, JSONValue?)] =
      switch operation {
      case .create: [("object", self.object)]
      case .update: [("object", self.object), ("oldObject", oldObject)]
      case .delete: [("oldObject", oldObject)]
      case .connect: []
      }
    if let missing = needed.first(where: { $0.1 == nil }) {
      throw .malformed(field: "request.\(missing.0)")
    }
  }
}

/// What an admission webhook answers.
package struct AdmissionResponse: Sendable, Hashable {
  package struct Refusal: Sendable, Hashable {
    /// What the user reads after `admission webhook "…" denied the request:`.
    package var message: String
    /// HTTP status code.
    package var code: Int
    /// One of the API's list: `Forbidden`, `BadRequest`…
    package var reason: String
  }

  /// Absent: allowed.
  package var refusal: Refusal?
  /// Shown to the user, also with a refusal. The API server cuts long ones.
  package var warnings: [String]

  /// How long one warning may be before the API server may cut it.
  static let warningLimit = 256

  package init(refusal: Refusal? = nil, warnings: [String] = []) {
    self.refusal = refusal
    self.warnings = warnings
  }

  package static func allowed(warnings: [String] = []) -> AdmissionResponse {
    AdmissionResponse(warnings: warnings)
  }

  /// The object breaks a rule.
  package static func denied(_ message: String, warnings: [String] = []) -> AdmissionResponse {
    AdmissionResponse(
      refusal: Refusal(message: message, code: 403, reason: "Forbidden"), warnings: warnings)
  }

  /// The object is not of the shape that its kind has.
  package static func undecodable(_ message: String) -> AdmissionResponse {
    AdmissionResponse(refusal: Refusal(message: message, code: 400, reason: "BadRequest"))
  }

  /// The question could not be answered.
  package static func failed(_ message: String) -> AdmissionResponse {
    AdmissionResponse(refusal: Refusal(message: message, code: 500, reason: "InternalError"))
  }

  /// The body of the answer.
  package func review(uid: String) -> JSONValue {
    var response: JSONObject = ["uid": .string(uid), "allowed": .bool(refusal == nil)]
    if let refusal {
      response["status"] = [
        "metadata": .object([:]), "status": "Failure", "message": .string(refusal.message),
        "reason": .string(refusal.reason), "code": .integer(Int64(refusal.code)),
      ]
    }
    if !warnings.isEmpty {
      response["warnings"] = .strings(warnings.map { $0.shortened(to: Self.warningLimit) })
    }
    return [
      "apiVersion": .string(AdmissionRequest.apiVersion),
      "kind": .string(AdmissionRequest.reviewKind), "response": .object(response),
    ]
  }
}

extension String {
  /// With an ellipsis where it is longer than `limit` characters.
  fileprivate func shortened(to limit: Int) -> String {
    count <= limit ? self : "\(prefix(limit - 1))…"
  }
}
