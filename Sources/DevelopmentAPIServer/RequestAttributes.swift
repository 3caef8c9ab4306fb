import KubernetesAPI

/// Who makes a request (`authentication.k8s.io` `UserInfo`).
struct UserInfo: Sendable, Hashable {
  var name: String
  var uid: String = ""
  var groups: [String] = []
  var extra: [String: [String]] = [:]

  static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])

  /// Members of this group are asked nothing.
  var isMaster: Bool { groups.contains("system:masters") }

  /// As reviews show it.
  var json: JSONValue {
    var user: JSONObject = ["username": .string(name)]
    if !uid.isEmpty { user["uid"] = .string(uid) }
    if !groups.isEmpty { user["groups"] = .strings(groups) }
    if !extra.isEmpty {
      var members = JSONObject()
      for (key, values) in extra.sorted(by: { $0.key < $1.key }) { members[key] = .strings(values) }
      user["extra"] = .object(members)
    }
    return .object(user)
  }
}

/// What a request wants to do, in the terms of authorization (`RequestInfo` of a real server).
struct RequestAttributes: Sendable, Hashable {
  /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for paths
  /// that name no resource the HTTP method in lower case.
  var verb: String
  var isResource: Bool
  var group = ""
  var version = ""
  var resource = ""
  var subresource = ""
  var namespace = ""
  var name = ""
  /// The decoded path.
  var path: String

  init(nonResource path: String, verb: String) {
    self.path = path
    self.verb = verb
    isResource = false
  }

  init(
    verb: String, group: String, version: String = "*", resource: String, subresource: String = "",
    namespace: String = "", name: String = ""
  ) {
    self.verb = verb
    self.group = group
    self.version = version
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
    path = ""
    isResource = true
  }

  /// Reads method and path. `/api/v1/…` and `/apis/GROUP/VERSION/…` name resources; what is shorter
  /// than that, and every other path, does not.
  init(_ request: APIRequest) {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: true).map {
      PercentEncoding.decode($0)
    }
    self.init(
      nonResource: PercentEncoding.decode(request.path), verb: request.method.lowercased())
    var rest: ArraySlice<String>
    switch parts.first {
    case "api" where parts.count > 2:
      version = parts[1]
      rest = parts[2...]
    case "apis" where parts.count > 3:
      group = parts[1]
      version = parts[2]
      rest = parts[3...]
    default: return
    }
    isResource = true
    // The old way to ask for a watch: `/api/v1/watch/namespaces/NS/pods/NAME`.
    let isOldWatch = rest.first == "watch"
    if isOldWatch { rest = rest.dropFirst() }
    if rest.first == "namespaces", rest.count > 1 {
      let name = rest[rest.startIndex + 1]
      let below = rest.dropFirst(2)
      if let next = below.first, !["finalize", "status"].contains(next) {
        namespace = name
        rest = below
      } else if group.isEmpty {
        namespace = name
      } else {
        namespace = name
        rest = below
      }
    }
    resource = rest.first ?? ""
    rest = rest.dropFirst()
    name = rest.first ?? ""
    subresource = rest.dropFirst().joined(separator: "/")
    verb = isOldWatch ? "watch" : Self.verb(request, hasName: !name.isEmpty)
    if isOldWatch {
      authorizedName = name
      name = ""
    }
    if name.isEmpty, verb == "watch" || verb == "list" || verb == "deletecollection",
      let selector = request.query["fieldSelector"], selector.hasPrefix("metadata.name="),
      !selector.contains(",")
    {
      authorizedName = String(selector.dropFirst("metadata.name=".count))
    }
  }

  /// The one name that a field selector leaves; authorization may be for that alone.
  var authorizedName = ""

  private static func verb(_ request: APIRequest, hasName: Bool) -> String {
    switch request.method {
    case "GET", "HEAD":
      if request.query.flag("watch"), !hasName { return "watch" }
      return hasName ? "get" : "list"
    case "POST": return "create"
    case "PUT": return "update"
    case "PATCH": return "patch"
    case "DELETE": return hasName ? "delete" : "deletecollection"
    default: return request.method.lowercased()
    }
  }
}
