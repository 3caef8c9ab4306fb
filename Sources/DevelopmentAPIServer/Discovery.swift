import Crypto
import Hummingbird
import KubernetesAPI

/// What the server says about itself: versions, groups, kinds, health.
struct Discovery: Sendable {
  let registry: ResourceRegistry
  let store: ObjectStore
  let settings: ServerSettings

  /// `nil` where the path is none of discovery's.
  func answer(
    _ request: APIRequest, tokens: ServiceAccountTokens
  ) async throws -> APIResponse? {
    var parts = request.path.split(separator: "/").map(String.init)
    if request.path.hasSuffix("/"), parts.isEmpty { parts = [] }
    switch parts.first {
    case "healthz", "livez", "readyz": return health(request, parts.dropFirst())
    case ".well-known" where parts == [".well-known", "openid-configuration"]:
      return APIResponse(json: issuer)
    case "openid" where parts == ["openid", "v1", "jwks"]:
      let types = MediaType.list(request.headers[.accept] ?? "*/*").map(\.name)
      guard types.contains("*/*") || types.contains("application/jwk-set+json") else {
        throw APIError.notAcceptable(available: ["application/jwk-set+json"])
      }
      return APIResponse(
        status: 200, contentType: "application/jwk-set+json",
        bytes: try tokens.key.keySet().jsonBytes)
    case "metrics" where parts.count == 1: return try await metrics()
    case "version" where parts.count == 1: return APIResponse(json: settings.version)
    case "api" where parts.count == 1: return try root(request, isCore: true)
    case "apis" where parts.count == 1: return try root(request, isCore: false)
    case "api" where parts.count == 2: return try resources(request, group: "", version: parts[1])
    case "apis" where parts.count == 2: return try group(request, parts[1])
    case "apis" where parts.count == 3:
      return try resources(request, group: parts[1], version: parts[2])
    case "openapi": return try OpenAPI(registry: registry).answer(request, parts.dropFirst())
    case nil: return APIResponse(json: ["paths": .strings(paths)])
    default: return nil
    }
  }

  private var paths: [String] {
    var paths = ["/api", "/apis"]
    for group in registry.groups {
      if group.name.isEmpty {
        paths += group.versions.map { "/api/\($0)" }
      } else {
        paths.append("/apis/\(group.name)")
        paths += group.versions.map { "/apis/\(group.name)/\($0)" }
      }
    }
    paths += [
      "/.well-known/openid-configuration", "/apis/", "/healthz", "/healthz/ping", "/livez",
      "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/openid/v1/jwks",
      "/readyz", "/readyz/ping", "/version",
    ]
    return paths.sorted()
  }

  private static let checks = ["ping", "log", "etcd"]

  private func health(_ request: APIRequest, _ parts: ArraySlice<String>) -> APIResponse? {
    if let check = parts.first {
      return parts.count == 1 && Self.checks.contains(check) ? APIResponse(text: "ok") : nil
    }
    guard request.query["verbose"] != nil else { return APIResponse(text: "ok") }
    let excluded = request.query.all("exclude")
    let lines = Self.checks.map { check in
      excluded.contains(check) ? "[+]\(check) excluded: ok" : "[+]\(check) ok"
    }
    return APIResponse(text: (lines + ["readyz check passed", ""]).joined(separator: "\n"))
  }

  private var issuer: JSONValue {
    [
      "issuer": .string(ServiceAccountTokens.issuer),
      "jwks_uri": .string("https://\(settings.advertised)/openid/v1/jwks"),
      "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
      "id_token_signing_alg_values_supported": ["RS256"],
    ]
  }

  /// How many objects of each kind there are, in Prometheus' text form.
  private func metrics() async throws -> APIResponse {
    let counts = await store.read { state in
      state.tables.map { ($0.key, $0.value.objects.count) }
    }
    var text = "# HELP apiserver_resource_objects Number of stored objects\n"
    text += "# TYPE apiserver_resource_objects gauge\n"
    for (table, count) in counts.sorted(by: { $0.0 < $1.0 }) {
      text +=
        "apiserver_resource_objects{group=\"\(table.group)\",resource=\"\(table.plural)\"} \(count)\n"
    }
    return APIResponse(
      status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
      bytes: Array(text.utf8))
  }

  private func root(_ request: APIRequest, isCore: Bool) throws -> APIResponse {
    let accepted = MediaType.list(request.headers[.accept] ?? "application/json")
    for type in accepted where type.name == "application/json" || type.name == "*/*" {
      if type.parameters["as"] == "APIGroupDiscoveryList" {
        guard type.parameters["v"] == "v2" else { continue }
        var response = APIResponse(json: aggregated(isCore: isCore))
        response.contentType =
          "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        response.headers.append(("Vary", "Accept"))
        return response
      }
      if type.parameters["as"] == nil {
        return APIResponse(json: isCore ? coreVersions : groups)
      }
    }
    throw APIError.notTransformable
  }

  private var coreVersions: JSONValue {
    [
      "kind": "APIVersions", "versions": ["v1"],
      "serverAddressByClientCIDRs": [
        ["clientCIDR": "0.0.0.0/0", "serverAddress": .string(settings.advertised)]
      ],
    ]
  }

  private var groups: JSONValue {
    [
      "kind": "APIGroupList", "apiVersion": "v1",
      "groups": .array(
        registry.groups.filter { !$0.name.isEmpty }.map { groupBody($0.name, $0.versions) }),
    ]
  }

  private func groupBody(_ name: String, _ versions: [String]) -> JSONValue {
    func body(_ version: String) -> JSONValue {
      ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
    }
    return [
      "name": .string(name), "versions": .array(versions.map(body)),
      "preferredVersion": body(versions.first ?? ""),
    ]
  }

  private func group(_ request: APIRequest, _ name: String) throws -> APIResponse? {
    guard let group = registry.groups.first(where: { $0.name == name }) else { return nil }
    var body: JSONObject = ["kind": "APIGroup", "apiVersion": "v1"]
    for (key, value) in groupBody(name, group.versions).objectValue ?? [:] { body[key] = value }
    return APIResponse(json: .object(body))
  }

  // MARK: Kinds of one version

  private func resources(
    _ request: APIRequest, group: String, version: String
  ) throws -> APIResponse? {
    let known = registry.groups.first { $0.name == group }
    guard let known else { return nil }
    guard known.versions.contains(version) else { throw APIError.unknownResource }
    guard request.method == "GET" else { throw APIError.methodNotAllowed }
    let definitions = registry.definitions.filter {
      $0.kind.group == group && $0.kind.version == version
    }.sorted { $0.kind.plural < $1.kind.plural }
    let apiVersion = group.isEmpty ? version : "\(group)/\(version)"
    return APIResponse(
      json: [
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(apiVersion),
        "resources": .array(definitions.flatMap(rows)),
      ])
  }

  private func rows(_ definition: ResourceDefinition) -> [JSONValue] {
    let kind = definition.kind
    var row: JSONObject = [
      "name": .string(kind.plural), "singularName": .string(definition.singular),
      "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
      "verbs": verbs(definition.verbs),
    ]
    if !definition.shortNames.isEmpty { row["shortNames"] = .strings(definition.shortNames) }
    if !definition.categories.isEmpty { row["categories"] = .strings(definition.categories) }
    if definition.storage != nil {
      row["storageVersionHash"] = .string(Self.hash(Self.storageKind(kind)))
    }
    return [.object(row)]
      + definition.listedSubresources.map { subresource in
        var row: JSONObject = [
          "name": .string("\(kind.plural)/\(subresource.name)"), "singularName": "",
          "namespaced": .bool(kind.isNamespaced), "kind": .string(subresource.kind),
          "verbs": verbs(subresource.verbs),
        ]
        if let group = subresource.group { row["group"] = .string(group) }
        if let version = subresource.version { row["version"] = .string(version) }
        return .object(row)
      }
  }

  private func verbs(_ verbs: Set<ResourceDefinition.Verb>) -> JSONValue {
    .strings(verbs.map(\.rawValue).sorted())
  }

  /// Kinds that moved were stored in another version first, and that is what clients see.
  private static func storageKind(_ kind: ResourceKind) -> ResourceKind {
    var stored = kind
    if kind.group == "events.k8s.io" { stored.group = "" }
    if kind == CustomResources.kind || kind.kind.hasPrefix("MutatingAdmissionPolicy") {
      stored.version = "v1beta1"
    }
    return stored
  }

  /// Base64 of the first eight bytes of a SHA-256, as clients see storage versions change.
  static func hash(_ kind: ResourceKind) -> String {
    let digest = SHA256.hash(data: Array("\(kind.group)/\(kind.version)/\(kind.kind)".utf8))
    return Base64.encode(Array(digest.prefix(8)))
  }

  // MARK: Aggregated discovery

  private func aggregated(isCore: Bool) -> JSONValue {
    [
      "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
      "metadata": .object([:]),
      "items": .array(
        registry.groups.filter { $0.name.isEmpty == isCore }.map { group in
          [
            "metadata": group.name.isEmpty ? .object([:]) : ["name": .string(group.name)],
            "versions": .array(group.versions.map { aggregated(group.name, $0) }),
          ]
        }),
    ]
  }

  private func aggregated(_ group: String, _ version: String) -> JSONValue {
    let definitions = registry.definitions.filter {
      $0.kind.group == group && $0.kind.version == version
    }.sorted { $0.kind.plural < $1.kind.plural }
    return [
      "version": .string(version), "resources": .array(definitions.map(aggregated)),
      "freshness": "Current",
    ]
  }

  private func aggregated(_ definition: ResourceDefinition) -> JSONValue {
    let kind = definition.kind
    // Built-in kinds leave group and version to what they are listed under.
    func responseKind(_ group: String?, _ version: String?, _ name: String) -> JSONValue {
      [
        "group": .string(group ?? (definition.isCustom ? kind.group : "")),
        "version": .string(version ?? (definition.isCustom ? kind.version : "")),
        "kind": .string(name),
      ]
    }
    var row: JSONObject = [
      "resource": .string(kind.plural), "responseKind": responseKind(nil, nil, kind.kind),
      "scope": kind.isNamespaced ? "Namespaced" : "Cluster",
      "singularResource": .string(definition.singular), "verbs": verbs(definition.verbs),
    ]
    if !definition.shortNames.isEmpty { row["shortNames"] = .strings(definition.shortNames) }
    if !definition.categories.isEmpty { row["categories"] = .strings(definition.categories) }
    if !definition.subresources.isEmpty {
      row["subresources"] = .array(
        definition.listedSubresources.map {
          [
            "subresource": .string($0.name),
            "responseKind": responseKind($0.group, $0.version, $0.kind),
            "verbs": verbs($0.verbs),
          ]
        })
    }
    return .object(row)
  }
}

extension ResourceDefinition {
  /// Custom resources list their subresources as declared, built-in kinds by name.
  fileprivate var listedSubresources: [Subresource] {
    isCustom ? subresources : subresources.sorted { $0.name < $1.name }
  }
}
