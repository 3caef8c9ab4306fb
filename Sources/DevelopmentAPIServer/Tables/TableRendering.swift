import KubernetesAPI

/// `meta.k8s.io/v1` `Table`: what `kubectl get` prints.
struct TableForm: Sendable {
  /// What rows carry of their objects (`includeObject`).
  enum Objects: String, Sendable {
    case none = "None"
    case metadata = "Metadata"
    case whole = "Object"

    init(_ query: Query) throws(APIError) {
      let text = query["includeObject"] ?? ""
      if text.isEmpty {
        self = .metadata
      } else if let value = Objects(rawValue: text) {
        self = value
      } else {
        throw .badRequest(
          "Unable to convert to Table as requested: includeObject: Invalid value: "
            + "\(JSONValue.string(text).jsonText): must be 'Metadata', 'Object', 'None', or empty")
      }
    }
  }

  let objects: Objects
  /// A watch names its columns in the first event only.
  private var hasSentColumns = false

  mutating func table(of object: JSONValue, definition: ResourceDefinition) -> JSONValue {
    defer { hasSentColumns = true }
    let version = object[path: ["metadata", "resourceVersion"]] ?? ""
    return Self.table(
      [object], metadata: ["resourceVersion": version], definition: definition,
      columns: !hasSentColumns, objects: objects)
  }

  init(objects: Objects) { self.objects = objects }

  static func table(
    _ objects: [JSONValue], metadata: JSONValue, definition: ResourceDefinition,
    columns: Bool = true, objects include: Objects = .metadata, now: Timestamp = WallClock.now
  ) -> JSONValue {
    [
      "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
      "columnDefinitions": columns ? .array(definition.columns.map(\.json)) : .null,
      // Tables of custom kinds come from another part of a real server.
      "rows": objects.isEmpty && (definition.isCustom || definition.kind == CustomResources.kind)
        ? .null
        : .array(
          objects.map { object in
            let shown: JSONValue =
              switch include {
              case .none: .null
              case .metadata: PartialMetadata.of(object)
              case .whole: object
              }
            return ["cells": .array(definition.cells(object, now)), "object": shown]
          }),
    ]
  }
}

extension TableColumn {
  var json: JSONValue {
    [
      "name": .string(name), "type": .string(type), "format": .string(format),
      "description": .string(description), "priority": .integer(Int64(priority)),
    ]
  }
}

extension ResourceCall {
  func tableAnswer(_ objects: [JSONValue], metadata: JSONValue) throws(APIError) -> JSONValue {
    var shown = JSONObject()
    for field in ["resourceVersion", "continue", "remainingItemCount"] {
      if let value = metadata[field] { shown[field] = value }
    }
    return TableForm.table(
      objects, metadata: .object(shown), definition: definition,
      objects: try TableForm.Objects(request.query))
  }
}
