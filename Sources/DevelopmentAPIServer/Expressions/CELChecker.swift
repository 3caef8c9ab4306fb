import KubernetesAPI
import OrderedCollections

/// Finds the type of an expression, and what in it cannot work: unknown names, missing fields,
/// functions that do not take such arguments.
struct CELChecker {
  private(set) var issues: [CELIssue] = []
  private var scope: [String: CELType]

  /// - Parameter variables: what the expression may name, `self` among them.
  /// - Returns: the type of the expression, or everything that is wrong with it.
  static func check(
    _ expression: CELExpression, variables: [String: CELType]
  ) -> Result<CELType, CELIssues> {
    var checker = CELChecker(scope: variables)
    let type = checker.type(of: expression)
    return checker.issues.isEmpty ? .success(type) : .failure(CELIssues(issues: checker.issues))
  }

  private init(scope: [String: CELType]) { self.scope = scope }

  private mutating func fail(_ message: String, at offset: Int) -> CELType {
    issues.append(CELIssue(message: message, offset: offset))
    return .dyn
  }

  private static let typeNames: Set<String> = [
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
  ]

  private mutating func type(of expression: CELExpression) -> CELType {
    let offset = expression.offset
    switch expression.node {
    case .literal(let value): return Self.literalType(value)
    case .identifier(let name):
      if let type = scope[name] { return type }
      if Self.typeNames.contains(name) { return .type }
      return fail("undeclared reference to '\(name)' (in container '')", at: offset)
    case .select(let operand, let field), .has(let operand, let field):
      return select(field, of: operand, at: offset, isTest: expression.isTest)
    case .call(let function, let target, let arguments):
      return call(function, target, arguments, at: offset)
    case .list(let elements):
      guard let first = elements.first else { return .list(.dyn) }
      var element = type(of: first)
      for other in elements.dropFirst() { element = element.joined(with: type(of: other)) }
      return .list(element)
    case .map(let entries):
      guard let first = entries.first else { return .map(.dyn, .dyn) }
      var (key, value) = (type(of: first.key), type(of: first.value))
      for entry in entries.dropFirst() {
        key = key.joined(with: type(of: entry.key))
        value = value.joined(with: type(of: entry.value))
      }
      return .map(key, value)
    case .macro(let macro, let range, let variable, let body):
      return self.macro(macro, range, variable, body, at: offset)
    }
  }

  private static func literalType(_ value: CELValue) -> CELType {
    switch value {
    case .null: .null
    case .bool: .bool
    case .int: .int
    case .uint: .uint
    case .double: .double
    case .string: .string
    case .bytes: .bytes
    default: .dyn
    }
  }

  private mutating func select(
    _ field: String, of operand: CELExpression, at offset: Int, isTest: Bool
  ) -> CELType {
    let found: CELType
    let type = type(of: operand)
    switch type {
    case .dyn: found = .dyn
    case .map(_, let value): found = value
    case .optional(let inner): found = .optional(member(field, of: inner, at: offset))
    case .object: found = member(field, of: type, at: offset)
    default:
      return fail("type '\(type)' does not support field selection", at: offset)
    }
    return isTest ? .bool : found
  }

  private mutating func member(_ field: String, of type: CELType, at offset: Int) -> CELType {
    switch type {
    case .object(let schema):
      return CELType.field(field, of: schema.schema)
        ?? fail("undefined field '\(field)'", at: offset)
    case .map(_, let value): return value
    case .dyn: return .dyn
    default: return fail("type '\(type)' does not support field selection", at: offset)
    }
  }

  private mutating func call(
    _ function: String, _ target: CELExpression?, _ arguments: [CELExpression], at offset: Int
  ) -> CELType {
    // `optional.of(x)`, `sets.contains(a, b)`: a namespace, not a value.
    if case .identifier(let space)? = target?.node, scope[space] == nil,
      CELFunction.all["\(space).\(function)"] != nil
    {
      return call("\(space).\(function)", nil, arguments, at: offset)
    }
    let types = ((target.map { [$0] } ?? []) + arguments).map { type(of: $0) }
    switch function {
    case "_&&_", "_||_": return logic(function, types, at: offset)
    case "_?_:_":
      var bindings: [String: CELType] = [:]
      guard types[0].fits(.bool, &bindings) else { return noOverload(function, types, at: offset) }
      var joined: [String: CELType] = [:]
      guard types[2].fits(types[1], &joined) || types[1].fits(types[2], &joined) else {
        return noOverload(function, types, at: offset)
      }
      if case .null = types[1] { return types[2] }
      return types[1]
    case "_[_]": return index(types, at: offset)
    default: break
    }
    let overloads = CELFunction.overloads(function, isMember: target != nil)
    guard !overloads.isEmpty else {
      return fail("undeclared reference to '\(function)' (in container '')", at: offset)
    }
    var results: [CELType] = []
    for overload in overloads where overload.parameters.count == types.count {
      var bindings: [String: CELType] = [:]
      let fits = zip(types, overload.parameters).allSatisfy { $0.fits($1, &bindings) }
      if fits { results.append(overload.result.substituting(bindings)) }
    }
    guard let first = results.first else { return noOverload(function, types, at: offset) }
    return results.dropFirst().reduce(first) { $0.joined(with: $1) }
  }

  private mutating func logic(_ name: String, _ types: [CELType], at offset: Int) -> CELType {
    for type in types {
      var bindings: [String: CELType] = [:]
      if !type.fits(.bool, &bindings) {
        return fail("expected type 'bool' but found '\(type)'", at: offset)
      }
    }
    return .bool
  }

  private mutating func index(_ types: [CELType], at offset: Int) -> CELType {
    var bindings: [String: CELType] = [:]
    switch types[0] {
    case .dyn: return .dyn
    case .list(let element) where types[1].fits(.int, &bindings): return element
    case .map(let key, let value) where types[1].fits(key, &bindings): return value
    default: return noOverload("_[_]", types, at: offset)
    }
  }

  private mutating func noOverload(
    _ name: String, _ types: [CELType], at offset: Int
  ) -> CELType {
    let list = types.map(\.description).joined(separator: ", ")
    return fail("found no matching overload for '\(name)' applied to '(\(list))'", at: offset)
  }

  private mutating func macro(
    _ macro: CELExpression.Macro, _ range: CELExpression, _ variable: String,
    _ body: [CELExpression], at offset: Int
  ) -> CELType {
    let element: CELType
    let rangeType = type(of: range)
    switch rangeType {
    case .list(let type): element = type
    case .map(let key, _): element = key
    case .dyn: element = .dyn
    default:
      return fail(
        "expression of type '\(rangeType)' cannot be range of a comprehension (must be list, map, or dynamic)",
        at: range.offset)
    }
    let outer = scope[variable]
    scope[variable] = element
    let types = body.map { type(of: $0) }
    scope[variable] = outer
    // All but the last body of `map` are predicates.
    let predicates = macro == .map ? types.dropLast() : types[...]
    for (type, expression) in zip(predicates, body) {
      var bindings: [String: CELType] = [:]
      if !type.fits(.bool, &bindings) {
        return fail("expected type 'bool' but found '\(type)'", at: expression.offset)
      }
    }
    switch macro {
    case .all, .exists, .existsOne: return .bool
    case .filter: return .list(element)
    case .map: return .list(types.last ?? .dyn)
    }
  }
}

struct CELIssues: Error, Hashable, Sendable {
  var issues: [CELIssue]

  func description(in source: String) -> String {
    issues.map { $0.description(in: source) }.joined(separator: "\n")
  }
}

extension CELExpression {
  fileprivate var isTest: Bool { if case .has = node { true } else { false } }

  /// Whether the expression names a variable.
  func mentions(_ name: String) -> Bool {
    switch node {
    case .literal: false
    case .identifier(let found): found == name
    case .select(let operand, _), .has(let operand, _): operand.mentions(name)
    case .call(_, let target, let arguments):
      target?.mentions(name) ?? false || arguments.contains { $0.mentions(name) }
    case .list(let elements): elements.contains { $0.mentions(name) }
    case .map(let entries):
      entries.contains { $0.key.mentions(name) || $0.value.mentions(name) }
    case .macro(_, let range, let variable, let body):
      range.mentions(name) || variable != name && body.contains { $0.mentions(name) }
    }
  }
}
