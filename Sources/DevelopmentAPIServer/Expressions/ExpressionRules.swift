import KubernetesAPI
import OrderedCollections

/// What `x-kubernetes-validations` of a schema must satisfy, in the words of a real server.
struct ExpressionRules {
  private var errors: [FieldError] = []
  private var costs: [(path: String, cost: Double)] = []

  static func validate(_ schema: ObjectSchema, at path: String) -> [FieldError] {
    var rules = ExpressionRules()
    var root = schema
    SchemaExpressions.addResourceFields(to: &root)
    rules.check(root, path, cardinality: 1, isCorrelatable: true)
    let total = rules.costs.reduce(0) { $0 + $1.cost }
    if total > CELCost.schemaLimit {
      // Those that cost most are named.
      for entry in rules.costs.sorted(by: { $0.cost > $1.cost }).prefix(4)
      where entry.cost * 100 > CELCost.schemaLimit {
        rules.errors.append(
          .forbidden(
            entry.path,
            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
          ))
      }
      rules.errors.append(
        .forbidden(
          path,
          CELCost.message(
            "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
            total, CELCost.schemaLimit)))
    }
    return rules.errors
  }

  /// - Parameters:
  ///   - cardinality: how often the value may occur in one object.
  ///   - isCorrelatable: whether an update knows which old value this one was.
  private mutating func check(
    _ schema: ObjectSchema, _ path: String, cardinality: Double, isCorrelatable: Bool
  ) {
    for (index, rule) in schema.rules.enumerated() {
      check(
        rule, schema, "\(path).x-kubernetes-validations[\(index)]", cardinality, isCorrelatable)
    }
    for (name, property) in schema.properties {
      check(
        property, "\(path).properties[\(name)]", cardinality: cardinality,
        isCorrelatable: isCorrelatable)
    }
    if let items = schema.items?.value {
      let isListMap = if case .map = schema.listKind { true } else { false }
      check(
        items, "\(path).items", cardinality: cardinality * CELCost.limit(of: schema),
        isCorrelatable: isCorrelatable && isListMap)
    }
    if let values = schema.additionalProperties?.value {
      check(
        values, "\(path).additionalProperties",
        cardinality: cardinality * CELCost.limit(of: schema), isCorrelatable: isCorrelatable)
    }
  }

  private mutating func check(
    _ rule: ValidationRule, _ schema: ObjectSchema, _ path: String, _ cardinality: Double,
    _ isCorrelatable: Bool
  ) {
    if rule.rule.allSatisfy(\.isWhitespace) {
      errors.append(.required("\(path).rule", "rule is not specified"))
      return
    }
    if let message = rule.message {
      if message.isEmpty || message.allSatisfy(\.isWhitespace) {
        errors.append(
          .invalid("\(path).message", .string(message), "message must be non-empty if specified"))
      } else if message.contains(where: \.isNewline) {
        errors.append(
          .invalid("\(path).message", .string(message), "message must not contain line breaks"))
      }
    } else if rule.messageExpression == nil, rule.rule.contains(where: \.isNewline) {
      errors.append(
        .required(
          "\(path).message", "message must be specified if rule contains line breaks"))
    }
    let reasons = [
      "FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate",
    ]
    if let reason = rule.reason, !reasons.contains(reason) {
      errors.append(
        .notSupported("\(path).reason", .string(reason), supported: reasons.sorted()))
    }
    if let fieldPath = rule.fieldPath,
      !SchemaExpressions.isValid(fieldPath: fieldPath, in: schema)
    {
      errors.append(
        .invalid(
          "\(path).fieldPath", .string(fieldPath),
          "fieldPath must be a valid path: does not refer to a valid field"))
    }
    guard let compiled = compile(rule.rule, rule, schema, "\(path).rule", wanted: .bool) else {
      return
    }
    if compiled.mentions("oldSelf"), !isCorrelatable {
      errors.append(
        .invalid(
          "\(path).rule", CRDGoForm.rule(rule),
          "oldSelf cannot be used on the uncorrelatable portion of the schema"))
    }
    weigh(compiled, schema, "\(path).rule", cardinality, "estimated rule cost")
    guard let source = rule.messageExpression else { return }
    let place = "\(path).messageExpression"
    if let message = compile(source, rule, schema, place, wanted: .string) {
      weigh(message, schema, place, cardinality, "estimated messageExpression cost")
    }
  }

  private mutating func compile(
    _ source: String, _ rule: ValidationRule, _ schema: ObjectSchema, _ path: String,
    wanted: CELType
  ) -> CELExpression? {
    func refuse(_ text: String) -> FieldError {
      .invalid(path, CRDGoForm.rule(rule), text)
    }
    do {
      let expression = try CELParser.parse(source)
      let variables = SchemaExpressions.variables(schema, rule)
      switch CELChecker.check(expression, variables: variables) {
      case .failure(let issues):
        errors.append(refuse("compilation failed: \(issues.description(in: source))"))
        return nil
      case .success(let type):
        var bindings: [String: CELType] = [:]
        guard type.fits(wanted, &bindings) else {
          let text =
            if case .bool = wanted {
              "cel expression must evaluate to a bool"
            } else {
              "messageExpression must evaluate to a string"
            }
          errors.append(refuse(text))
          return nil
        }
        return expression
      }
    } catch {
      errors.append(refuse("compilation failed: \(error.description(in: source))"))
      return nil
    }
  }

  private mutating func weigh(
    _ expression: CELExpression, _ schema: ObjectSchema, _ path: String, _ cardinality: Double,
    _ name: String
  ) {
    let cost = CELCost.estimate(expression, self: schema) * cardinality
    costs.append((path, cost))
    if cost > CELCost.expressionLimit {
      errors.append(.forbidden(path, CELCost.message(name, cost, CELCost.expressionLimit)))
    }
  }
}
