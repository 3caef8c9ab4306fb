package import KubernetesAPI

/// What a list or watch request selects.
package struct ListOptions: Sendable, Hashable {
  /// `app=metallb,component in (speaker)`
  package var labelSelector: String?
  /// `metadata.name=config`
  package var fieldSelector: String?
  /// Objects a page; the client follows pages and returns all of them. 0 asks for one single page.
  package var limit: Int
  /// `nil` reads the newest state; `"0"` whatever the server has cached.
  package var resourceVersion: String?
  /// `NotOlderThan` or `Exact`; only with a version.
  package var resourceVersionMatch: String?
  /// Send no more of each object than `metadata`, `kind` and `apiVersion`.
  package var isMetadataOnly: Bool

  package init(
    labelSelector: String? = nil, fieldSelector: String? = nil, limit: Int = 500,
    resourceVersion: String? = nil, resourceVersionMatch: String? = nil,
    isMetadataOnly: Bool = false
  ) {
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
    self.limit = limit
    self.resourceVersion = resourceVersion
    self.resourceVersionMatch = resourceVersionMatch
    self.isMetadataOnly = isMetadataOnly
  }
}

/// What create, update, patch and apply requests take.
package struct WriteOptions: Sendable, Hashable {
  /// Who owns the fields that this request sets; the server falls back on the user agent.
  package var fieldManager: String?
  /// Validate and answer as usual, and store nothing.
  package var dryRun: Bool
  /// `Ignore`, `Warn` or `Strict`.
  package var fieldValidation: String?

  package init(fieldManager: String? = nil, dryRun: Bool = false, fieldValidation: String? = nil) {
    self.fieldManager = fieldManager
    self.dryRun = dryRun
    self.fieldValidation = fieldValidation
  }
}

/// `metav1.DeleteOptions`.
package struct DeleteOptions: Sendable, Hashable {
  package enum Propagation: String, Sendable, Hashable {
    /// The object goes at once, its dependents afterwards.
    case background = "Background"
    /// The object stays until its dependents are gone.
    case foreground = "Foreground"
    /// Dependents stay.
    case orphan = "Orphan"
  }

  /// `nil` leaves the choice to the server.
  package var propagation: Propagation?
  package var gracePeriodSeconds: Int?
  /// Delete only this incarnation of the object; another one answers 409.
  package var uid: String?
  /// Delete only at this version; another one answers 409.
  package var resourceVersion: String?
  package var dryRun: Bool

  package init(
    propagation: Propagation? = nil, gracePeriodSeconds: Int? = nil, uid: String? = nil,
    resourceVersion: String? = nil, dryRun: Bool = false
  ) {
    self.propagation = propagation
    self.gracePeriodSeconds = gracePeriodSeconds
    self.uid = uid
    self.resourceVersion = resourceVersion
    self.dryRun = dryRun
  }

  var json: JSONValue {
    var object: JSONValue = ["kind": "DeleteOptions", "apiVersion": "v1"]
    object["propagationPolicy"] = propagation.map { .string($0.rawValue) }
    object["gracePeriodSeconds"] = gracePeriodSeconds.map { .integer(Int64($0)) }
    object[path: ["preconditions", "uid"]] = uid.map { .string($0) }
    object[path: ["preconditions", "resourceVersion"]] = resourceVersion.map { .string($0) }
    if dryRun { object["dryRun"] = ["All"] }
    return object
  }
}

/// The body of a patch request, in one of the four forms that the API takes.
package enum Patch: Sendable, Hashable {
  /// RFC 6902: an array of operations.
  case json(JSONValue)
  /// RFC 7386.
  case merge(JSONValue)
  /// Kubernetes' own merge, which knows list keys; built-in kinds only.
  case strategicMerge(JSONValue)
  /// Server-side apply; needs a field manager.
  case apply(JSONValue, force: Bool)

  var contentType: String {
    switch self {
    case .json: "application/json-patch+json"
    case .merge: "application/merge-patch+json"
    case .strategicMerge: "application/strategic-merge-patch+json"
    case .apply: "application/apply-patch+yaml"
    }
  }

  var body: JSONValue {
    switch self {
    case .json(let value), .merge(let value), .strategicMerge(let value): value
    case .apply(let value, _): value
    }
  }

  /// Merging or applying the same values twice ends the same; a list of operations may not.
  var isIdempotent: Bool {
    switch self {
    case .json: false
    case .merge, .strategicMerge, .apply: true
    }
  }
}
