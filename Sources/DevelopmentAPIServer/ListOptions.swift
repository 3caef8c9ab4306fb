import KubernetesAPI

/// What a list or watch request asks for.
struct ListOptions: Sendable {
  var namespace: String
  var selection: ObjectSelection
  var limit: Int
  var continueToken: ContinueToken?
  /// `nil`: not given. `0`: any.
  var resourceVersion: UInt64?
  var match: Match?
  var timeoutSeconds: Int64?
  var allowsBookmarks: Bool
  /// `nil`: not given.
  var sendsInitialEvents: Bool?
  private var matchText: String

  enum Match: String, Sendable { case exact = "Exact", notOlderThan = "NotOlderThan" }

  init(_ call: ResourceCall) throws(APIError) {
    let query = call.request.query
    namespace = call.kind.isNamespaced ? call.attributes.namespace : ""
    let name = call.attributes.authorizedName
    selection = try ObjectSelection(
      labels: query["labelSelector"] ?? "",
      fields: query["fieldSelector"] ?? (name.isEmpty ? "" : "metadata.name=\(name)"),
      definition: call.definition)
    limit = Int(try Self.integer(query["limit"]) ?? 0)
    timeoutSeconds = try Self.integer(query["timeoutSeconds"])
    allowsBookmarks = query.flag("allowWatchBookmarks")
    sendsInitialEvents =
      query["sendInitialEvents"] == nil ? nil : query.flag("sendInitialEvents")
    matchText = query["resourceVersionMatch"] ?? ""
    match = Match(rawValue: matchText)
    resourceVersion = nil
    continueToken = nil
    if let text = query["resourceVersion"], !text.isEmpty {
      guard let version = UInt64(text) else {
        let quoted = JSONValue.string(text).jsonText
        let why =
          "resourceVersion: Invalid value: \(quoted): strconv.ParseUint: parsing \(quoted): invalid syntax"
        if call.attributes.verb == "watch" {
          throw APIError(code: 500, reason: nil, message: why)
        }
        throw .badRequest("invalid resource version: \(why)")
      }
      resourceVersion = version
    }
    if let text = query["continue"], !text.isEmpty {
      if resourceVersion ?? 0 > 0 {
        throw .badRequest("specifying resource version is not allowed when using continue")
      }
      continueToken = try ContinueToken(text)
    }
    try validate(
      resourceVersion: query["resourceVersion"] ?? "", isWatch: call.attributes.verb == "watch")
  }

  /// The combinations that the API forbids (`metainternalversion` `ValidateListOptions`).
  private func validate(resourceVersion: String, isWatch: Bool) throws(APIError) {
    var errors: [FieldError] = []
    if isWatch, sendsInitialEvents != nil {
      if match == nil, matchText.isEmpty || matchText == "Exact" {
        errors.append(
          .forbidden(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
      }
    } else if isWatch {
      if !matchText.isEmpty {
        errors.append(
          .forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        if matchText != "NotOlderThan" {
          errors.append(
            .notSupported(
              "resourceVersionMatch", .string(matchText), supported: ["NotOlderThan"]))
        }
      }
    } else {
      if !matchText.isEmpty {
        if resourceVersion.isEmpty {
          errors.append(
            .forbidden(
              "resourceVersionMatch",
              "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        }
        if continueToken != nil {
          errors.append(
            .forbidden(
              "resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
          )
        }
        if match == nil {
          errors.append(
            .notSupported(
              "resourceVersionMatch", .string(matchText), supported: ["Exact", "NotOlderThan", ""]))
        }
        if match == .exact, resourceVersion == "0" {
          errors.append(
            .forbidden(
              "resourceVersionMatch",
              "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""))
        }
      }
      if sendsInitialEvents != nil {
        errors.append(
          .forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
      }
    }
    guard errors.isEmpty else {
      throw .invalid(
        ResourceKind(group: "meta.k8s.io", version: "v1", kind: "ListOptions", plural: ""), "",
        errors)
    }
  }

  private static func integer(_ text: String?) throws(APIError) -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    guard let value = Int64(text) else {
      throw .badRequest(
        "strconv.ParseInt: parsing \(JSONValue.string(text).jsonText): invalid syntax")
    }
    return value
  }
}

/// Where the next page of a list starts: the version that all pages show, and the last key so far.
struct ContinueToken: Sendable, Hashable {
  /// `nil`: the rest as it is now, after the consistent version was forgotten.
  var resourceVersion: UInt64?
  var last: ObjectKey

  init(resourceVersion: UInt64?, last: ObjectKey) {
    self.resourceVersion = resourceVersion
    self.last = last
  }

  /// The token is base64url of a small JSON object; its contents are nobody's business.
  init(_ text: String) throws(APIError) {
    func invalid(_ why: String) -> APIError {
      .badRequest("invalid continue token: continue key is not valid: \(why)")
    }
    guard let bytes = Base64URL.decode(text) else {
      throw invalid("illegal base64 data at input byte \(text.utf8.count)")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw invalid(GoJSON.message(error, in: bytes))
    }
    guard let version = value["rv"]?.integerValue, let name = value["name"]?.stringValue else {
      throw invalid("it names no version and object")
    }
    resourceVersion = version < 0 ? nil : UInt64(version)
    last = ObjectKey(namespace: value["namespace"]?.stringValue ?? "", name: name)
  }

  var text: String {
    let value: JSONValue = [
      "rv": .integer(resourceVersion.map { Int64(clamping: $0) } ?? -1),
      "namespace": .string(last.namespace), "name": .string(last.name),
    ]
    return Base64URL.encode(value.jsonBytes)
  }
}
