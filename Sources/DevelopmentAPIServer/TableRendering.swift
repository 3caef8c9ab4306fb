import KubernetesAPI

/// `meta.k8s.io/v1` `Table`: what `kubectl get` prints.
struct TableForm: Sendable {
  /// A watch names its columns in the first event only.
  private var hasSentColumns = false

  mutating func table(of object: JSONValue, definition: ResourceDefinition) -> JSONValue {
    defer { hasSentColumns = true }
    let version = object[path: ["metadata", "resourceVersion"]] ?? ""
    return Self.table(
      [object], metadata: ["resourceVersion": version], definition: definition,
      columns: !hasSentColumns)
  }

  static func table(
    _ objects: [JSONValue], metadata: JSONValue, definition: ResourceDefinition,
    columns: Bool = true, now: Timestamp = WallClock.now
  ) -> JSONValue {
    [
      "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
      "columnDefinitions": columns ? .array(definition.columns.map(\.json)) : .null,
      "rows": .array(
        objects.map { object in
          [
            "cells": .array(definition.cells(object, now)),
            "object": PartialMetadata.of(object),
          ]
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
  func tableAnswer(_ objects: [JSONValue], metadata: JSONValue) -> JSONValue {
    var shown = JSONObject()
    for field in ["resourceVersion", "continue", "remainingItemCount"] {
      if let value = metadata[field] { shown[field] = value }
    }
    return TableForm.table(objects, metadata: .object(shown), definition: definition)
  }
}
