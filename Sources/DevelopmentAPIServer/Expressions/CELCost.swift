import KubernetesAPI
import OrderedCollections

/// How much an expression may cost at most, before it ever runs: sizes come from the schema's limits,
/// or from what fits in one request where it sets none.
struct CELCost {
  /// Of one expression.
  static let expressionLimit = 10_000_000.0
  /// Of all expressions of one schema.
  static let schemaLimit = 100_000_000.0
  /// As many bytes as a request may have.
  static let requestSize = 3.0 * 1024 * 1024

  /// Up to this many characters, bytes, elements or entries.
  private struct Size {
    var own: Double
    /// Of elements or values.
    var schema: ObjectSchema?
  }

  private var scope: [String: Size]

  static func estimate(_ expression: CELExpression, self schema: ObjectSchema) -> Double {
    let size = Size(own: limit(of: schema), schema: schema)
    var cost = CELCost(scope: ["self": size, "oldSelf": size])
    return cost.visit(expression).cost
  }

  private init(scope: [String: Size]) { self.scope = scope }

  /// The largest size of a value of a schema.
  static func limit(of schema: ObjectSchema) -> Double {
    let assertions = schema.assertions?.value
    switch schema.type {
    case .string:
      if let values = assertions?.enumeration, !values.isEmpty {
        return Double(values.map { ($0.stringValue ?? "").utf8.count }.max() ?? 0)
      }
      switch schema.format {
      case "date-time": return 29
      case "date": return 10
      case "duration": return 32
      default: break
      }
      // Four bytes a character at most.
      return assertions?.maxLength.map { Double($0) * 4 } ?? requestSize - 2
    case .array:
      return assertions?.maxItems.map(Double.init)
        ?? (requestSize - 2) / (smallest(schema.items?.value) + 1)
    case .object:
      guard let values = schema.additionalProperties?.value else { return 1 }
      return assertions?.maxProperties.map(Double.init)
        ?? (requestSize - 2) / (smallest(values) + 6)
    case .integer, .number, .boolean: return 1
    case nil: return requestSize
    }
  }

  /// The least bytes that a value takes in a request.
  private static func smallest(_ schema: ObjectSchema?) -> Double {
    guard let schema else { return 1 }
    switch schema.type {
    case .string: return 2 + Double(schema.assertions?.value.minLength ?? 0)
    case .array, .object:
      var size = 2.0
      for name in schema.assertions?.value.required ?? [] {
        size += Double(name.utf8.count) + 4 + smallest(schema.properties[name])
      }
      return size
    case .boolean: return 4
    case .integer, .number, nil: return 1
    }
  }

  private static func size(of schema: ObjectSchema?) -> Size {
    Size(own: schema.map(limit) ?? requestSize, schema: schema)
  }

  private mutating func visit(_ expression: CELExpression) -> (cost: Double, size: Size) {
    switch expression.node {
    case .literal(let value):
      return (0, Size(own: Double(value.length ?? 1), schema: nil))
    case .identifier(let name): return (1, scope[name] ?? Size(own: 1, schema: nil))
    case .select(let operand, let field):
      let (cost, size) = visit(operand)
      return (cost + 1, Self.size(of: size.schema?.member(CELNames.unescape(field))))
    case .has(let operand, _): return (visit(operand).cost + 1, Size(own: 1, schema: nil))
    case .list(let elements):
      let cost = elements.reduce(10.0) { $0 + visit($1).cost }
      return (cost, Size(own: Double(elements.count), schema: nil))
    case .map(let entries):
      let cost = entries.reduce(30.0) { $0 + visit($1.key).cost + visit($1.value).cost }
      return (cost, Size(own: Double(entries.count), schema: nil))
    case .call(let function, let target, let arguments):
      return call(function, target, arguments)
    case .macro(let macro, let range, let variable, let body):
      return self.macro(macro, range, variable, body)
    }
  }

  private mutating func call(
    _ function: String, _ target: CELExpression?, _ arguments: [CELExpression]
  ) -> (cost: Double, size: Size) {
    var parts: [(cost: Double, size: Size)] = []
    for part in (target.map { [$0] } ?? []) + arguments { parts.append(visit(part)) }
    let costs = parts.reduce(0) { $0 + $1.cost }
    func size(_ index: Int) -> Double { index < parts.count ? parts[index].size.own : 1 }
    let one = Size(own: 1, schema: nil)
    func unknown() -> Size { Size(own: .greatestFiniteMagnitude.squareRoot(), schema: nil) }
    switch function {
    case "_?_:_":
      let branch = max(parts[1].cost, parts[2].cost)
      return (
        parts[0].cost + branch,
        parts[1].size.own >= parts[2].size.own ? parts[1].size : parts[2].size
      )
    case "_[_]":
      let container = parts[0].size.schema
      return (
        costs + 1,
        Self.size(of: container?.items?.value ?? container?.additionalProperties?.value)
      )
    case "_+_":
      let length = size(0) + size(1)
      return (costs + max(1, length * 0.1), Size(own: length, schema: parts[0].size.schema))
    case "startsWith", "endsWith": return (costs + max(1, size(1) * 0.1), one)
    case "contains": return (costs + max(1, size(0) * 0.1 * max(1, size(1) * 0.1)), one)
    case "matches":
      return (costs + max(1, (size(0) + 1) * 0.1 * max(1, size(1) * 0.25)), one)
    case "find", "findAll", "split", "replace", "trim", "lowerAscii", "upperAscii", "substring",
      "join", "reverse", "distinct", "slice":
      return (costs + max(1, size(0) * 0.1), Size(own: size(0), schema: parts.first?.size.schema))
    case "indexOf", "lastIndexOf": return (costs + max(1, size(0) * size(1) * 0.1), one)
    case "isSorted", "sum", "min", "max": return (costs + size(0), one)
    case "@in": return (costs + max(1, size(1)), one)
    case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
      return (costs + max(1, min(size(0), size(1)) * 0.1), one)
    case "sets.contains", "sets.equivalent", "sets.intersects":
      return (costs + max(1, size(0) * size(1)), one)
    case "ip", "isIP", "cidr", "isCIDR", "quantity", "isQuantity":
      return (costs + max(1, size(0) * 0.1), one)
    case "string", "bytes":
      // The length of a text that is made is not known.
      return (costs + 1, parts.first?.size.schema?.type == .string ? parts[0].size : unknown())
    default: return (costs + 1, one)
    }
  }

  private mutating func macro(
    _ macro: CELExpression.Macro, _ range: CELExpression, _ variable: String,
    _ body: [CELExpression]
  ) -> (cost: Double, size: Size) {
    let (rangeCost, size) = visit(range)
    let outer = scope[variable]
    let element: Size
    if let items = size.schema?.items?.value {
      element = Self.size(of: items)
    } else if size.schema?.additionalProperties != nil {
      element = Size(own: Self.requestSize, schema: nil)
    } else {
      element = Size(own: 1, schema: nil)
    }
    scope[variable] = element
    // Each turn tests the loop, evaluates the bodies and joins the result.
    let turn = body.reduce(3.0) { $0 + visit($1).cost }
    scope[variable] = outer
    return (rangeCost + 1 + size.own * turn, Size(own: size.own, schema: size.schema))
  }

  /// By how much a cost exceeds its limit, in the words of a real server.
  static func message(_ name: String, _ cost: Double, _ limit: Double) -> String {
    let factor = cost / limit
    let text: String
    if factor > 100 {
      text = "more than 100x"
    } else {
      let decimals = factor < 1.5 ? 6 : 1
      text = "\(fixed(factor, decimals))x"
    }
    return "\(name) exceeds budget by factor of \(text) (try simplifying the rule, or adding "
      + "maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let digits = String(Int((value * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }
}
