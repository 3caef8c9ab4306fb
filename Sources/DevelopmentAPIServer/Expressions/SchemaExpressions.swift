import KubernetesAPI
import OrderedCollections

/// The compiled rules of a schema, in the shape of the schema: only values that a rule looks at are
/// visited.
struct SchemaExpressions: Sendable {
  /// Of one rule in one evaluation.
  static let ruleBudget = 1_000_000
  /// Of all rules on one object.
  static let objectBudget = 10_000_000

  private struct Rule: Sendable {
    var rule: ValidationRule
    var expression: CELExpression
    var message: CELExpression?
    var isTransition: Bool
  }

  private struct Node: Sendable {
    var schema: ObjectSchema
    var rules: [Rule] = []
    var properties: [String: Node] = [:]
    var items: Indirect<Node>?
    var values: Indirect<Node>?

    var isEmpty: Bool {
      rules.isEmpty && properties.isEmpty && items == nil && values == nil
    }
  }

  private let root: Node

  init(_ schema: ObjectSchema) {
    var schema = schema
    Self.addResourceFields(to: &schema)
    root = Self.compile(schema)
  }

  /// Rules of the root may look at `apiVersion`, `kind` and two fields of `metadata`.
  static func addResourceFields(to schema: inout ObjectSchema) {
    for name in ["apiVersion", "kind"] where schema.properties[name] == nil {
      schema.properties[name] = ObjectSchema(type: .string)
    }
    var metadata = ObjectSchema(type: .object)
    for name in ["name", "generateName"] {
      metadata.properties[name] =
        schema.properties["metadata"]?.properties[name] ?? ObjectSchema(type: .string)
    }
    metadata.rules = schema.properties["metadata"]?.rules ?? []
    schema.properties["metadata"] = metadata
  }

  static func variables(_ schema: ObjectSchema, _ rule: ValidationRule) -> [String: CELType] {
    let type = CELType(schema) ?? .dyn
    return [
      "self": type, "oldSelf": rule.optionalOldSelf == true ? .optional(type) : type,
    ]
  }

  private static func compile(_ schema: ObjectSchema) -> Node {
    var node = Node(schema: schema)
    for rule in schema.rules {
      // What does not parse was refused with the CRD.
      guard let expression = try? CELParser.parse(rule.rule) else { continue }
      node.rules.append(
        Rule(
          rule: rule, expression: expression,
          message: rule.messageExpression.flatMap { try? CELParser.parse($0) },
          isTransition: expression.mentions("oldSelf")))
    }
    for (name, property) in schema.properties {
      let child = compile(property)
      if !child.isEmpty { node.properties[name] = child }
    }
    if let items = schema.items?.value {
      let child = compile(items)
      if !child.isEmpty { node.items = Indirect(child) }
    }
    if let values = schema.additionalProperties?.value {
      let child = compile(values)
      if !child.isEmpty { node.values = Indirect(child) }
    }
    return node
  }

  // MARK: Evaluation

  /// What the rules refuse. Where the object is so invalid that rules would trip over it, they are not
  /// run, and one error says so.
  func evaluate(_ object: JSONValue, old: JSONValue?, after errors: [FieldError]) -> [FieldError] {
    if root.isEmpty { return [] }
    let blocked = Self.blockedOnly(errors)
    guard blocked.isEmpty else { return blocked }
    var run = Run(budget: Self.objectBudget)
    run.visit(object, old: old, root, at: "")
    return run.errors
  }

  private static func blockedOnly(_ errors: [FieldError]) -> [FieldError] {
    let isBlocking = errors.contains { error in
      switch error.kind {
      case .notSupported, .required, .tooLong, .tooMany, .typeInvalid: true
      case .invalid, .duplicate, .notFound, .forbidden, .internalError: false
      }
    }
    return isBlocking
      ? [
        .invalid(
          "<nil>", .null,
          "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
        )
      ] : []
  }

  private struct Run {
    var budget: Int
    var errors: [FieldError] = []

    mutating func visit(_ value: JSONValue, old: JSONValue?, _ node: Node, at path: String) {
      if value.isNull { return }
      for rule in node.rules { evaluate(rule, value, old: old, node.schema, at: path) }
      switch value {
      case .object(let members):
        for (name, child) in node.properties.sorted(by: { $0.key < $1.key }) {
          guard let member = members[name] else { continue }
          visit(member, old: old?[name], child, at: path.isEmpty ? name : "\(path).\(name)")
        }
        guard let child = node.values?.value else { return }
        for (name, member) in members where node.schema.properties[name] == nil {
          visit(member, old: old?[name], child, at: "\(path)[\(name)]")
        }
      case .array(let elements):
        guard let child = node.items?.value else { return }
        for (index, element) in elements.enumerated() {
          visit(
            element, old: correlated(element, in: old, node.schema), child,
            at: "\(path)[\(index)]")
        }
      case .null, .bool, .integer, .double, .string: break
      }
    }

    /// The old entry with the same keys; elements of other lists have no past.
    private func correlated(
      _ element: JSONValue, in old: JSONValue?, _ schema: ObjectSchema
    ) -> JSONValue? {
      guard case .map(let keys) = schema.listKind else { return nil }
      return old?.arrayValue?.first { candidate in
        keys.allSatisfy { candidate[$0] == element[$0] }
      }
    }

    private mutating func evaluate(
      _ rule: Rule, _ value: JSONValue, old: JSONValue?, _ schema: ObjectSchema, at path: String
    ) {
      let isOptional = rule.rule.optionalOldSelf == true
      // A transition needs a past, unless the rule says that it can do without.
      if rule.isTransition, old == nil, !isOptional { return }
      var variables = ["self": CELValue(value, schema)]
      if isOptional {
        variables["oldSelf"] = .optional(old.map { CELValue($0, schema) })
      } else if let old {
        variables["oldSelf"] = CELValue(old, schema)
      }
      guard budget > 0 else { return }
      var evaluator = CELEvaluator(
        variables: variables, budget: min(budget, SchemaExpressions.ruleBudget))
      let before = evaluator.budget
      do throws(CELFailure) {
        let outcome = try evaluator.evaluate(rule.expression)
        budget -= before - evaluator.budget
        if outcome != .bool(true) {
          errors.append(refusal(rule, variables, value, schema, at: path))
        }
      } catch {
        budget -= before - evaluator.budget
        let text =
          error.isFatal
          ? "validation failed due to running out of cost budget, no further validation rules will be run"
          : "\(error.message) evaluating rule: \(fallback(rule))"
        if error.isFatal { budget = 0 }
        errors.append(.invalid(path, quoted(value), text))
      }
    }

    private func fallback(_ rule: Rule) -> String {
      if let message = rule.rule.message, !message.isEmpty { return message }
      return "failed rule: \(rule.rule.rule.trimmingSpace)"
    }

    /// Objects and lists are named, not shown.
    private func quoted(_ value: JSONValue) -> JSONValue {
      switch value {
      case .object: "object"
      case .array: "array"
      case .null, .bool, .integer, .double, .string: value
      }
    }

    private func refusal(
      _ rule: Rule, _ variables: [String: CELValue], _ value: JSONValue, _ schema: ObjectSchema,
      at path: String
    ) -> FieldError {
      var text = fallback(rule)
      if let message = rule.message {
        var evaluator = CELEvaluator(
          variables: variables, budget: SchemaExpressions.ruleBudget)
        // One that fails, is empty or has lines is passed over.
        if case .string(let made)? = try? evaluator.evaluate(message),
          !made.trimmingSpace.isEmpty, !made.contains(where: \.isNewline)
        {
          text = made.trimmingSpace
        }
      }
      let field = rule.rule.fieldPath.map { path + $0.canonicalFieldPath } ?? path
      let place = field.hasPrefix(".") ? String(field.dropFirst()) : field
      switch rule.rule.reason {
      case "FieldValueForbidden": return .forbidden(place, text)
      case "FieldValueRequired": return .required(place, text)
      case "FieldValueDuplicate":
        return FieldError(.duplicate, place, value: quoted(value), detail: text)
      default: return .invalid(place, quoted(value), text)
      }
    }
  }

  /// Whether `.spec.x` or `['a.b'].c` leads to a declared field.
  static func isValid(fieldPath: String, in schema: ObjectSchema) -> Bool {
    guard let names = fieldPath.fieldPathNames else { return false }
    var schema = schema
    for name in names {
      guard let next = schema.member(name) else { return false }
      schema = next
    }
    return !names.isEmpty
  }
}

extension String {
  fileprivate var trimmingSpace: String {
    let start = drop { $0.isWhitespace }
    return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
  }

  /// The names in `.a.b` and `['c']`; `nil` for anything else.
  fileprivate var fieldPathNames: [String]? {
    var names: [String] = []
    var rest = Substring(self)
    while let first = rest.first {
      if first == "." {
        let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
        if name.isEmpty { return nil }
        names.append(String(name))
        rest = rest[name.endIndex...]
      } else if rest.hasPrefix("['"), let end = rest.firstRange(of: "']") {
        names.append(String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound]))
        rest = rest[end.upperBound...]
      } else {
        return nil
      }
    }
    return names
  }

  fileprivate var canonicalFieldPath: String {
    (fieldPathNames ?? []).map { ".\($0)" }.joined()
  }
}
