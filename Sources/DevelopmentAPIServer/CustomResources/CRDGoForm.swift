import KubernetesAPI

/// CRD versions as errors quote them: a real server prints its internal Go structs, with all their
/// members.
enum CRDGoForm {
  /// - Parameter hoisted: members that are the same in all versions stand above them internally, and
  ///   so are null here.
  static func version(_ version: JSONValue, hoisted: Set<String>) -> JSONValue {
    func unlessHoisted(_ name: String, _ convert: (JSONValue) -> JSONValue) -> JSONValue {
      guard !hoisted.contains(name), let value = version[name], !value.isNull else { return .null }
      return convert(value)
    }
    return [
      "Name": .string(version.text("name")), "Served": .bool(version.flag("served")),
      "Storage": .bool(version.flag("storage")), "Deprecated": .bool(version.flag("deprecated")),
      "DeprecationWarning": version["deprecationWarning"] ?? .null,
      "Schema": unlessHoisted("schema") { schema in
        ["OpenAPIV3Schema": schema["openAPIV3Schema"].map(props) ?? .null]
      },
      "Subresources": unlessHoisted("subresources") { subresources in
        [
          "Status": subresources["status"] ?? .null,
          "Scale": subresources["scale"].map { scale in
            [
              "SpecReplicasPath": .string(scale.text("specReplicasPath")),
              "StatusReplicasPath": .string(scale.text("statusReplicasPath")),
              "LabelSelectorPath": scale["labelSelectorPath"] ?? .null,
            ]
          } ?? .null,
        ]
      },
      "AdditionalPrinterColumns": unlessHoisted("additionalPrinterColumns") { columns in
        .array(
          (columns.arrayValue ?? []).map { column in
            [
              "Name": .string(column.text("name")), "Type": .string(column.text("type")),
              "Format": .string(column.text("format")),
              "Description": .string(column.text("description")),
              "Priority": column["priority"] ?? 0, "JSONPath": .string(column.text("jsonPath")),
            ]
          })
      },
      "SelectableFields": unlessHoisted("selectableFields") { fields in
        .array((fields.arrayValue ?? []).map { ["JSONPath": .string($0.text("jsonPath"))] })
      },
    ]
  }

  static func rule(_ rule: ValidationRule) -> JSONValue {
    [
      "Rule": .string(rule.rule), "Message": .string(rule.message ?? ""),
      "MessageExpression": .string(rule.messageExpression ?? ""),
      "Reason": rule.reason.map { .string($0) } ?? .null,
      "FieldPath": .string(rule.fieldPath ?? ""),
      "OptionalOldSelf": rule.optionalOldSelf.map { .bool($0) } ?? .null,
    ]
  }

  private enum Member { case text, flag, nullable, schema, schemas, properties }

  private static let members: [(String, String, Member)] = [
    ("ID", "id", .text), ("Schema", "$schema", .text), ("Ref", "$ref", .nullable),
    ("Description", "description", .text), ("Type", "type", .text), ("Nullable", "nullable", .flag),
    ("Format", "format", .text), ("Title", "title", .text), ("Default", "default", .nullable),
    ("Maximum", "maximum", .nullable), ("ExclusiveMaximum", "exclusiveMaximum", .flag),
    ("Minimum", "minimum", .nullable), ("ExclusiveMinimum", "exclusiveMinimum", .flag),
    ("MaxLength", "maxLength", .nullable), ("MinLength", "minLength", .nullable),
    ("Pattern", "pattern", .text), ("MaxItems", "maxItems", .nullable),
    ("MinItems", "minItems", .nullable), ("UniqueItems", "uniqueItems", .flag),
    ("MultipleOf", "multipleOf", .nullable), ("Enum", "enum", .nullable),
    ("MaxProperties", "maxProperties", .nullable), ("MinProperties", "minProperties", .nullable),
    ("Required", "required", .nullable), ("Items", "items", .schema), ("AllOf", "allOf", .schemas),
    ("OneOf", "oneOf", .schemas), ("AnyOf", "anyOf", .schemas), ("Not", "not", .schema),
    ("Properties", "properties", .properties),
    ("AdditionalProperties", "additionalProperties", .schema),
    ("PatternProperties", "patternProperties", .properties),
    ("Dependencies", "dependencies", .nullable), ("AdditionalItems", "additionalItems", .nullable),
    ("Definitions", "definitions", .properties), ("ExternalDocs", "externalDocs", .nullable),
    ("Example", "example", .nullable),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", .nullable),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", .flag),
    ("XIntOrString", "x-kubernetes-int-or-string", .flag),
    ("XListMapKeys", "x-kubernetes-list-map-keys", .nullable),
    ("XListType", "x-kubernetes-list-type", .nullable),
    ("XMapType", "x-kubernetes-map-type", .nullable),
    ("XValidations", "x-kubernetes-validations", .nullable),
  ]

  private static func props(_ schema: JSONValue) -> JSONValue {
    var object: JSONObject = [:]
    for (name, key, kind) in members {
      let value = schema[key]
      switch kind {
      case .text: object[name] = value ?? ""
      case .flag: object[name] = value ?? false
      case .nullable: object[name] = value ?? .null
      case .schema: object[name] = value.map(props) ?? .null
      case .schemas: object[name] = (value?.arrayValue).map { .array($0.map(props)) } ?? .null
      case .properties:
        guard let properties = value?.objectValue else {
          object[name] = .null
          continue
        }
        var converted: JSONObject = [:]
        for (key, property) in properties.sorted(by: { $0.key < $1.key }) {
          converted[key] = props(property)
        }
        object[name] = .object(converted)
      }
    }
    return .object(object)
  }
}
