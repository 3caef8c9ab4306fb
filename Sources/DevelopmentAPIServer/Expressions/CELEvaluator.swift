import OrderedCollections

/// Evaluates an expression within a budget. Every step costs 1, functions on texts and lists a tenth
/// of what they walk over.
struct CELEvaluator {
  typealias Value = CELValue

  /// What is left to spend.
  private(set) var budget: Int
  private var scope: [String: CELValue]

  init(variables: [String: CELValue], budget: Int) {
    scope = variables
    self.budget = budget
  }

  mutating func evaluate(_ expression: CELExpression) throws(CELFailure) -> CELValue {
    try spend(1)
    switch expression.node {
    case .literal(let value): return value
    case .identifier(let name):
      if let value = scope[name] { return value }
      return .type(name)
    case .select(let operand, let field): return try select(field, of: evaluate(operand))
    case .has(let operand, let field):
      let value = try evaluate(operand)
      return .bool(value.member(Self.memberName(field, of: value)) != nil)
    case .call(let function, let target, let arguments):
      return try call(function, target, arguments)
    case .list(let elements):
      var values: [CELValue] = []
      for element in elements { values.append(try evaluate(element)) }
      return .list(values)
    case .map(let entries):
      var values: [CELValue: CELValue] = [:]
      for entry in entries { values[try evaluate(entry.key)] = try evaluate(entry.value) }
      return .map(values)
    case .macro(let macro, let range, let variable, let body):
      return try self.macro(macro, range, variable, body)
    }
  }

  private mutating func spend(_ cost: Int) throws(CELFailure) {
    budget -= cost
    if budget < 0 { throw .budget }
  }

  // MARK: Members

  /// Declared fields are escaped in expressions, keys of maps are not.
  private static func memberName(_ field: String, of value: CELValue) -> String {
    guard case .object(_, let schema) = value, !schema.schema.properties.isEmpty else {
      return field
    }
    return CELNames.unescape(field)
  }

  private func select(_ field: String, of value: CELValue) throws(CELFailure) -> CELValue {
    if case .optional(let inner) = value {
      return .optional(inner.flatMap { $0.member(Self.memberName(field, of: $0)) })
    }
    guard let member = value.member(Self.memberName(field, of: value)) else {
      throw CELFailure("no such key: \(field)")
    }
    return member
  }

  private func index(_ value: CELValue, _ key: CELValue) throws(CELFailure) -> CELValue {
    switch (value, key) {
    case (.list(let elements), .int(let index)):
      guard index >= 0, index < elements.count else {
        throw CELFailure("index out of bounds: \(index)")
      }
      return elements[Int(index)]
    case (.object, .string(let name)):
      guard let member = value.member(name) else { throw CELFailure("no such key: \(name)") }
      return member
    case (.map(let entries), _):
      guard let found = entries.first(where: { $0.key.isEqual(to: key) }) else {
        throw CELFailure("no such key: \(CELFunction.text(of: key) ?? "")")
      }
      return found.value
    default: throw .noSuchOverload
    }
  }

  // MARK: Calls

  private mutating func call(
    _ function: String, _ target: CELExpression?, _ arguments: [CELExpression]
  ) throws(CELFailure) -> CELValue {
    switch function {
    case "_&&_": return try logic(arguments, decisive: false)
    case "_||_": return try logic(arguments, decisive: true)
    case "_?_:_":
      guard case .bool(let condition) = try evaluate(arguments[0]) else { throw .noSuchOverload }
      return try evaluate(arguments[condition ? 1 : 2])
    case "_[_]": return try index(evaluate(arguments[0]), evaluate(arguments[1]))
    default: break
    }
    if case .identifier(let space)? = target?.node, scope[space] == nil,
      CELFunction.all["\(space).\(function)"] != nil
    {
      return try apply("\(space).\(function)", isMember: false, arguments)
    }
    return try apply(
      function, isMember: target != nil, (target.map { [$0] } ?? []) + arguments)
  }

  private mutating func apply(
    _ name: String, isMember: Bool, _ arguments: [CELExpression]
  ) throws(CELFailure) -> CELValue {
    var values: [CELValue] = []
    for argument in arguments { values.append(try evaluate(argument)) }
    try spend(1 + values.reduce(0) { $0 + ($1.length ?? 0) } / 10)
    for overload in CELFunction.overloads(name, isMember: isMember)
    where overload.parameters.count == values.count {
      let fits = zip(values, overload.parameters).allSatisfy { $0.fits($1) }
      if fits { return try overload.body(values) }
    }
    throw .noSuchOverload
  }

  /// The decisive value of either side wins over an error of the other.
  private mutating func logic(
    _ sides: [CELExpression], decisive: Bool
  ) throws(CELFailure) -> CELValue {
    var failure: CELFailure?
    for side in sides {
      do throws(CELFailure) {
        guard case .bool(let flag) = try evaluate(side) else { throw .noSuchOverload }
        if flag == decisive { return .bool(decisive) }
      } catch {
        if error.isFatal { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .bool(!decisive)
  }

  // MARK: Macros

  private mutating func macro(
    _ macro: CELExpression.Macro, _ range: CELExpression, _ variable: String,
    _ body: [CELExpression]
  ) throws(CELFailure) -> CELValue {
    guard let elements = try evaluate(range).iterated else { throw .noSuchOverload }
    let outer = scope[variable]
    defer { scope[variable] = outer }
    switch macro {
    case .all, .exists: return try quantify(macro == .exists, elements, variable, body[0])
    case .existsOne:
      var count = 0
      for element in elements where try holds(body[0], variable, element) { count += 1 }
      return .bool(count == 1)
    case .filter:
      var kept: [CELValue] = []
      for element in elements where try holds(body[0], variable, element) { kept.append(element) }
      return .list(kept)
    case .map:
      var results: [CELValue] = []
      for element in elements {
        if body.count == 2, try !holds(body[0], variable, element) { continue }
        scope[variable] = element
        results.append(try evaluate(body[body.count - 1]))
      }
      return .list(results)
    }
  }

  private mutating func holds(
    _ body: CELExpression, _ variable: String, _ element: CELValue
  ) throws(CELFailure) -> Bool {
    scope[variable] = element
    guard case .bool(let flag) = try evaluate(body) else { throw .noSuchOverload }
    return flag
  }

  private mutating func quantify(
    _ decisive: Bool, _ elements: [CELValue], _ variable: String, _ body: CELExpression
  ) throws(CELFailure) -> CELValue {
    var failure: CELFailure?
    for element in elements {
      do throws(CELFailure) {
        if try holds(body, variable, element) == decisive { return .bool(decisive) }
      } catch {
        if error.isFatal { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .bool(!decisive)
  }
}

extension CELValue {
  /// Whether the value may be an argument of that type; elements are not looked at.
  func fits(_ type: CELType) -> Bool {
    switch (self, type) {
    case (_, .dyn), (_, .parameter): true
    case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double),
      (.string, .string), (.bytes, .bytes), (.duration, .duration), (.timestamp, .timestamp),
      (.type, .type), (.quantity, .quantity), (.address, .address), (.block, .block),
      (.optional, .optional), (.map, .map), (.object, .map), (.object, .object):
      true
    case (.list(let elements), .list(let wanted)): elements.first?.fits(wanted) ?? true
    default: false
    }
  }
}
