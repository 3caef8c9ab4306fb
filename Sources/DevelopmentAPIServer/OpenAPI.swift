import Crypto
import Hummingbird
import KubernetesAPI
import NIOCore

/// OpenAPI documents of what is served, as far as kubectl needs them: to validate, to explain, to
/// merge and to learn which query parameters the server knows.
struct OpenAPI: Sendable {
  let registry: ResourceRegistry

  private static let info: JSONValue = ["title": "Kubernetes", "version": "1.36"]

  /// - Parameter parts: the path below `/openapi`.
  func answer(_ request: APIRequest, _ parts: ArraySlice<String>) throws -> APIResponse? {
    guard let form = parts.first else { return nil }
    let rest = parts.dropFirst()
    switch form {
    case "v3" where rest.isEmpty: return index(request)
    case "v3":
      if rest == ["api"] || rest == ["apis"] || rest == ["version"] {
        return document([:], OpenAPISchemas(prefix: "#/components/schemas/"))
      }
      if rest.first == "api", rest.count == 2 {
        return document(group: "", version: rest[rest.startIndex + 1])
      }
      if rest.first == "apis", rest.count == 3 {
        return document(
          group: rest[rest.startIndex + 1], version: rest[rest.startIndex + 2])
      }
      return nil
    case "v2" where rest.isEmpty: return try swagger(request)
    default: return nil
    }
  }

  // MARK: Version 3

  private func index(_ request: APIRequest) -> APIResponse {
    var paths = JSONObject()
    for root in ["api", "apis", "version"] { paths[root] = entry(root, "") }
    for group in registry.groups {
      for version in group.versions {
        let path = group.name.isEmpty ? "api/\(version)" : "apis/\(group.name)/\(version)"
        paths[path] = entry(path, fingerprint(group.name, version))
      }
    }
    paths.sort()
    var response = APIResponse(json: ["paths": .object(paths)])
    response.contentType = "text/plain; charset=utf-8"
    return response.conditional(request)
  }

  private func entry(_ path: String, _ fingerprint: String) -> JSONValue {
    let hash = SHA512.hash(data: Array("\(path) \(fingerprint)".utf8)).hexText
    return ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash)")]
  }

  /// Changes whenever the document does: built-in kinds never do while the server runs.
  private func fingerprint(_ group: String, _ version: String) -> String {
    definitions(group, version).map { "\($0.kind.kind) \($0.schemaStamp)" }
      .joined(separator: "\n")
  }

  private func definitions(_ group: String, _ version: String) -> [ResourceDefinition] {
    registry.definitions.filter { $0.kind.group == group && $0.kind.version == version }
  }

  private func document(group: String, version: String) -> APIResponse? {
    let definitions = definitions(group, version)
    guard !definitions.isEmpty else { return nil }
    var schemas = OpenAPISchemas(prefix: "#/components/schemas/")
    var paths = JSONObject()
    for definition in definitions {
      schemas.add(definition)
      for (path, item) in OpenAPIPaths.items(of: definition) { paths[path] = item }
    }
    return document(paths, schemas)
  }

  private func document(_ paths: JSONObject, _ schemas: OpenAPISchemas) -> APIResponse {
    var response = APIResponse(
      json: [
        "openapi": "3.0.0", "info": Self.info, "paths": .object(paths),
        "components": ["schemas": .object(schemas.components)],
      ])
    response.headers.append(("Vary", "Accept"))
    return response
  }

  // MARK: Version 2

  private func swagger(_ request: APIRequest) throws -> APIResponse {
    let accepted = MediaType.list(request.headers[.accept] ?? "*/*").map(\.name)
    let isJSON = accepted.contains("application/json") || accepted.contains("*/*")
    guard isJSON || accepted.contains(where: SwaggerProtobuf.accepted.contains) else {
      throw APIError.notAcceptable(available: ["application/json", SwaggerProtobuf.contentType])
    }
    var schemas = OpenAPISchemas(prefix: "#/definitions/")
    var paths = JSONObject()
    for definition in registry.definitions {
      schemas.add(definition)
      for (path, item) in OpenAPIPaths.items(of: definition) { paths[path] = Swagger.path(item) }
    }
    let document: JSONValue = [
      "swagger": "2.0", "info": Self.info, "paths": .object(paths),
      "definitions": Swagger.schemas(schemas.components),
    ]
    var response =
      isJSON
      ? APIResponse(json: document)
      : APIResponse(
        status: 200, contentType: SwaggerProtobuf.contentType,
        bytes: SwaggerProtobuf.write(document))
    response.headers.append(("Vary", "Accept-Encoding, Accept"))
    return response.conditional(request)
  }
}

extension APIResponse {
  /// 304 without a body where the client has this very answer (RFC 9110 §13.1.2).
  fileprivate func conditional(_ request: APIRequest) -> APIResponse {
    guard case .bytes(let buffer) = body else { return self }
    let tag = "\"\(SHA512.hash(data: buffer.readableBytesView).hexText)\""
    var response = self
    if request.header("If-None-Match") == tag {
      response = APIResponse(status: 304, contentType: contentType, bytes: [])
    }
    response.headers.append(("Etag", tag))
    return response
  }
}

extension Sequence<UInt8> {
  /// Upper-case hexadecimal.
  fileprivate var hexText: String {
    map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.count == 1 ? "0\(text)" : text
    }.joined()
  }
}

/// The operations on one kind.
enum OpenAPIPaths {
  static func items(of definition: ResourceDefinition) -> [(path: String, item: JSONValue)] {
    let kind = definition.kind
    let scope = kind.isNamespaced ? "{namespace}" : nil
    let collection = kind.path(namespace: scope)
    var items = [(collection, item(definition, isCollection: true))]
    if definition.storage != nil {
      let path = kind.path(namespace: scope, name: "{name}")
      items.append((path, item(definition, isCollection: false)))
      for subresource in definition.subresources {
        items.append(("\(path)/\(subresource.name)", item(definition, subresource)))
      }
    }
    return items
  }

  private static func item(_ definition: ResourceDefinition, isCollection: Bool) -> JSONValue {
    let operations: [(method: String, verb: ResourceDefinition.Verb, name: String)] =
      isCollection
      ? [
        ("get", .list, "list"), ("post", .create, "create"),
        ("delete", .deletecollection, "deleteCollection"),
      ]
      : [
        ("get", .get, "read"), ("put", .update, "replace"), ("delete", .delete, "delete"),
        ("patch", .patch, "patch"),
      ]
    var item = JSONObject()
    for operation in operations where definition.verbs.contains(operation.verb) {
      item[operation.method] = self.operation(definition, nil, operation.method, operation.name)
    }
    return .object(item)
  }

  private static func item(
    _ definition: ResourceDefinition, _ subresource: ResourceDefinition.Subresource
  ) -> JSONValue {
    var item = JSONObject()
    for (method, verb, name) in [
      ("get", .get, "read"), ("post", .create, "create"), ("put", .update, "replace"),
      ("patch", .patch, "patch"),
    ] as [(String, ResourceDefinition.Verb, String)] where subresource.verbs.contains(verb) {
      item[method] = operation(definition, subresource, method, name)
    }
    return .object(item)
  }

  private static func operation(
    _ definition: ResourceDefinition, _ subresource: ResourceDefinition.Subresource?,
    _ method: String, _ name: String
  ) -> JSONValue {
    let kind = definition.kind
    let below =
      (subresource?.name.prefix(1).uppercased() ?? "") + (subresource?.name.dropFirst() ?? "")
    let group = OpenAPISchemas.shortGroup(kind.group)
    let title = group.prefix(1).uppercased() + group.dropFirst()
    let version = kind.version.prefix(1).uppercased() + kind.version.dropFirst()
    let scope = kind.isNamespaced ? "Namespaced" : ""
    let parameters: [String] =
      switch method {
      case "post", "put": ["dryRun", "fieldManager", "fieldValidation"]
      case "patch": ["dryRun", "fieldManager", "fieldValidation", "force"]
      case "delete": ["dryRun", "gracePeriodSeconds", "propagationPolicy"]
      default: []
      }
    let action = name == "list" ? "list" : method == "get" ? "get" : method
    return [
      "tags": [.string("\(group)_\(kind.version)")],
      "operationId": .string("\(name)\(title)\(version)\(scope)\(kind.kind)\(below)"),
      "parameters": .array(
        parameters.map {
          ["name": .string($0), "in": "query", "schema": ["type": "string"]]
        }),
      "responses": ["200": ["description": "OK"]],
      "x-kubernetes-action": .string(action),
      "x-kubernetes-group-version-kind": [
        "group": .string(subresource?.group ?? kind.group),
        "version": .string(subresource?.version ?? kind.version),
        "kind": .string(subresource?.kind ?? kind.kind),
      ],
    ]
  }
}
