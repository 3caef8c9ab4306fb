package import KubernetesAPI
import OrderedCollections

/// One version of a custom resource: what a real server does to its objects between the request and
/// the store.
package struct CustomResourceSchema: Sendable {
  /// As declared.
  let structural: ObjectSchema
  /// With `apiVersion`, `kind` and `metadata`, for apply and OpenAPI.
  let complete: ObjectSchema
  private let kind: String
  private let expressions: SchemaExpressions
  private let scale: ScalePaths?
  private let hasStatus: Bool

  /// The schema of `ObjectMeta`; a test reads its table.
  static let metadata: ObjectSchema =
    (try? SchemaTable(parsing: MetaTable.text))?["ObjectMeta"] ?? .any

  /// - Parameters:
  ///   - version: an element of a CRD's `spec.versions`.
  ///   - kind: the CRD's `spec.names.kind`.
  init(version: JSONValue, kind: String) {
    structural = StructuralSchemaReader.read(version[path: ["schema", "openAPIV3Schema"]] ?? [:])
    var complete = structural
    for name in ["apiVersion", "kind"] { complete.properties[name] = ObjectSchema(type: .string) }
    complete.properties["metadata"] = Self.metadata
    self.complete = complete
    self.kind = kind
    expressions = SchemaExpressions(structural)
    scale = version[path: ["subresources", "scale"]].map(ScalePaths.init)
    hasStatus = version.has("subresources", "status")
  }

  /// Reads a version of a CRD, for checking objects outside of a server.
  ///
  /// - Parameter version: its name; `nil` takes the storage version.
  /// - Returns: `nil` when the CRD has no such version.
  package init?(customResourceDefinition crd: JSONValue, version: String? = nil) {
    let versions = crd.list("spec", "versions")
    let found = versions.first {
      version == nil ? $0.flag("storage") : $0["name"]?.stringValue == version
    }
    guard let found else { return nil }
    self.init(version: found, kind: crd.text("spec", "names", "kind"))
  }

  /// What is wrong with a CRD, in the words of a real server; empty when nothing is.
  package static func problems(ofCustomResourceDefinition crd: JSONValue) -> [String] {
    var crd = crd
    KindDefaults.apply(
      group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", to: &crd)
    CustomResourceDefinitionRules.prepareForCreate(&crd)
    return CustomResourceDefinitionRules.validate(crd).map(\.description)
  }

  /// Prunes, fills defaults and validates an object as a creation would.
  ///
  /// - Returns: the object as it would be stored, the paths of fields that the schema does not have,
  ///   and everything that the schema and its rules refuse.
  package func admit(
    _ object: JSONValue
  ) -> (object: JSONValue, unknownFields: [String], problems: [String]) {
    var object = object
    do throws(TypedDecoder.Failure) {
      let unknown = try decode(&object)
      setDefaults(&object)
      return (object, unknown, validate(object).map(\.description))
    } catch {
      return (object, [], [error.description])
    }
  }

  // MARK: Steps

  /// Prunes an object; metadata is read strictly, with unknown fields named last.
  func decode(_ object: inout JSONValue) throws(TypedDecoder.Failure) -> [String] {
    var unknown = Pruning.prune(&object, structural)
    unknown += try decodeMetadata(of: &object, structural, isResource: true, at: "")
    return unknown
  }

  /// `metadata` of the object and of the resources embedded in it.
  private func decodeMetadata(
    of value: inout JSONValue, _ schema: ObjectSchema, isResource: Bool, at path: String
  ) throws(TypedDecoder.Failure) -> [String] {
    var unknown: [String] = []
    switch value {
    case .object(var members):
      if isResource, let given = members["metadata"], case .object = given {
        let decoded = try TypedDecoder.decode(given, as: Self.metadata)
        members["metadata"] = decoded.object
        unknown += decoded.unknownFields.map { "\(path)metadata.\($0)" }
      }
      for name in members.keys where !isResource || name != "metadata" {
        guard let property = schema.member(name), var member = members[name] else { continue }
        unknown += try decodeMetadata(
          of: &member, property, isResource: property.isEmbeddedResource, at: "\(path)\(name).")
        members[name] = member
      }
      value = .object(members)
    case .array(var elements):
      guard let items = schema.items?.value else { break }
      for index in elements.indices {
        unknown += try decodeMetadata(
          of: &elements[index], items, isResource: items.isEmbeddedResource,
          at: "\(path.dropLast())[\(index)].")
      }
      value = .array(elements)
    case .null, .bool, .integer, .double, .string: break
    }
    return unknown
  }

  func setDefaults(_ object: inout JSONValue) { SchemaDefaults.apply(structural, to: &object) }

  func validate(_ object: JSONValue, old: JSONValue? = nil) -> [FieldError] {
    if object["kind"]?.stringValue != kind {
      return [.invalid("kind", object["kind"] ?? "", "must be \(kind)")]
    }
    var errors = SchemaValidator.validate(object, structural)
    errors += EmbeddedResources.validate(object, structural)
    errors += ListUniqueness.validate(object, structural, at: "")
    if let scale { errors += Self.validateScale(object, scale) }
    return errors + expressions.evaluate(object, old: old, after: errors)
  }

  /// A write through the status endpoint validates `status` alone.
  func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
    guard let schema = structural[property: "status"], let status = object["status"] else {
      return []
    }
    var errors = SchemaValidator.validate(
      status, schema, at: SchemaValidator.Place(field: "status", name: ""))
    errors += ListUniqueness.validate(status, schema, at: "status")
    return errors + expressions.evaluate(object, old: old, after: errors)
  }

  // MARK: Scale

  private static func validateScale(_ object: JSONValue, _ scale: ScalePaths) -> [FieldError] {
    [scale.spec, scale.status].flatMap { path -> [FieldError] in
      let field = ".\(path.joined(separator: "."))"
      switch integer(at: path, in: object) {
      case .failure(let problem): return [.invalid(field, 0, problem.text)]
      case .success(let number):
        guard let number else { return [] }
        if number < 0 {
          return [
            .invalid(field, .integer(number), "should be a non-negative integer")
          ]
        }
        return number > Int64(Int32.max)
          ? [
            .invalid(
              field, .integer(number), "should be less than or equal to \(Int32.max)")
          ] : []
      }
    }
  }

  private struct AccessorProblem: Error { var text: String }

  private static func integer(
    at path: [String], in object: JSONValue
  ) -> Result<Int64?, AccessorProblem> {
    func problem(_ depth: Int, _ value: JSONValue, _ expected: String) -> AccessorProblem {
      AccessorProblem(
        text: ".\(path.joined(separator: ".")) accessor error: \(GoText.plain(value)) is of the "
          + "type \(goType(value)), expected \(expected)")
    }
    var value = object
    for (depth, name) in path.enumerated() {
      guard case .object(let members) = value else {
        return .failure(problem(depth, value, "map[string]interface{}"))
      }
      guard let member = members[name] else { return .success(nil) }
      value = member
    }
    guard case .integer(let number) = value else {
      return .failure(problem(path.count, value, "int64"))
    }
    return .success(number)
  }

  private static func goType(_ value: JSONValue) -> String {
    switch value {
    case .null: "<nil>"
    case .bool: "bool"
    case .integer: "int64"
    case .double: "float64"
    case .string: "string"
    case .array: "[]interface {}"
    case .object: "map[string]interface {}"
    }
  }
}

/// Resources inside of custom resources name their kind and have valid metadata.
enum EmbeddedResources {
  static func validate(_ value: JSONValue, _ schema: ObjectSchema, at field: String = "")
    -> [FieldError]
  {
    var errors: [FieldError] = []
    switch value {
    case .object(let members):
      if schema.isEmbeddedResource {
        for name in ["apiVersion", "kind"] where value.text(name).isEmpty {
          errors.append(.required("\(field).\(name)"))
        }
        errors += MetadataRules.validateLabels(
          value[path: ["metadata", "labels"]], at: "\(field).metadata.labels")
      }
      for (key, member) in members {
        guard let property = schema.member(key) else { continue }
        errors += validate(member, property, at: field.isEmpty ? key : "\(field).\(key)")
      }
    case .array(let elements):
      guard let items = schema.items?.value else { break }
      for (index, element) in elements.enumerated() {
        errors += validate(element, items, at: "\(field)[\(index)]")
      }
    case .null, .bool, .integer, .double, .string: break
    }
    return errors
  }
}
