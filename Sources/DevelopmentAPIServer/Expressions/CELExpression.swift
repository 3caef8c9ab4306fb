/// An expression of the Common Expression Language, as parsed; macros are nodes of their own.
struct CELExpression: Sendable {
  indirect enum Node: Sendable {
    case literal(CELValue)
    case identifier(String)
    case select(CELExpression, field: String)
    /// `has(operand.field)`
    case has(CELExpression, field: String)
    /// Operators are functions too, under CEL's names for them: `_+_`, `_[_]`, `!_`.
    case call(String, target: CELExpression?, arguments: [CELExpression])
    case list([CELExpression])
    case map([(key: CELExpression, value: CELExpression)])
    case macro(Macro, range: CELExpression, variable: String, body: [CELExpression])
  }

  enum Macro: String, Sendable {
    case all, exists, existsOne = "exists_one", filter
    /// Of one body, or of a filter and a body.
    case map
  }

  var node: Node
  /// Where the text of errors points, counted in characters from 0.
  var offset: Int
}

/// Why an expression does not compile, in the shape of cel-go's messages.
struct CELIssue: Error, Hashable, Sendable {
  var message: String
  var offset: Int

  /// `ERROR: <input>:1:5: message`, the line and an arrow below the place.
  func description(in source: String) -> String {
    let before = source.prefix(offset)
    let line = before.count { $0 == "\n" } + 1
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let column = before.reversed().prefix { $0 != "\n" }.count
    let text = lines.indices.contains(line - 1) ? String(lines[line - 1]) : ""
    let dots = String(repeating: ".", count: column)
    return "ERROR: <input>:\(line):\(column + 1): \(message)\n | \(text)\n | \(dots)^"
  }
}
