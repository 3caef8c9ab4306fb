import KubernetesAPI

/// `metav1.DeleteOptions`, from the body or the query.
struct DeleteOptions: Sendable {
  enum Propagation: String, Sendable {
    case orphan = "Orphan"
    case background = "Background"
    case foreground = "Foreground"
  }

  var gracePeriodSeconds: Int64?
  var propagation: Propagation?
  var uid: String?
  var resourceVersion: String?
  var isDryRun = false
  /// As reviews show them.
  var json: JSONValue = ["kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"]

  static let orphanFinalizer = "orphan"
  static let foregroundFinalizer = "foregroundDeletion"

  init() {}

  init(_ request: APIRequest) throws(APIError) {
    var options: JSONValue = [:]
    if !request.body.isEmpty {
      options = try RequestBody.parse(request, expected: "DeleteOptions")
    } else {
      let query = request.query
      if let text = query["gracePeriodSeconds"], let seconds = Int64(text) {
        options["gracePeriodSeconds"] = .integer(seconds)
      }
      if let policy = query["propagationPolicy"] { options["propagationPolicy"] = .string(policy) }
      if query["orphanDependents"] != nil {
        options["orphanDependents"] = .bool(query.flag("orphanDependents"))
      }
      if !query.all("dryRun").isEmpty { options["dryRun"] = .strings(query.all("dryRun")) }
    }
    try self.init(options)
  }

  init(_ options: JSONValue) throws(APIError) {
    for (name, value) in options.objectValue ?? [:] where name != "kind" && name != "apiVersion" {
      json[name] = value
    }
    gracePeriodSeconds = options["gracePeriodSeconds"]?.integerValue
    uid = options[path: ["preconditions", "uid"]]?.stringValue
    resourceVersion = options[path: ["preconditions", "resourceVersion"]]?.stringValue
    var errors: [FieldError] = []
    let policy = options["propagationPolicy"]?.stringValue
    let orphan = options["orphanDependents"]?.boolValue
    if let policy, orphan != nil {
      errors.append(
        .invalid(
          "propagationPolicy", .string(policy),
          "orphanDependents and deletionPropagation cannot be both set"))
    }
    if let policy {
      propagation = Propagation(rawValue: policy)
      if propagation == nil {
        errors.append(
          .notSupported(
            "propagationPolicy", .string(policy),
            supported: ["Foreground", "Background", "Orphan", "nil"]))
      }
    } else if let orphan {
      propagation = orphan ? .orphan : .background
    }
    let dryRun = (options["dryRun"]?.arrayValue ?? []).compactMap(\.stringValue)
    isDryRun = !dryRun.isEmpty
    if dryRun.contains(where: { $0 != "All" }) {
      errors.append(.notSupported("dryRun", .strings(dryRun), supported: ["All"]))
    }
    guard errors.isEmpty else {
      throw .invalid(
        ResourceKind(group: "meta.k8s.io", version: "v1", kind: "DeleteOptions", plural: ""), "",
        errors)
    }
  }
}
