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

  let node: Node
  /// Where the text of errors points, counted in characters from 0.
  let offset: Int
  /// How many nodes are on the longest way down: whoever walks the tree recurses so often.
  let height: Int

  init(node: Node, offset: Int) {
    self.node = node
    self.offset = offset
    height = 1 + node.childHeight
  }
}

extension CELExpression.Node {
  fileprivate var childHeight: Int {
    func highest(_ expressions: [CELExpression]) -> Int { expressions.map(\.height).max() ?? 0 }
    switch self {
    case .literal, .identifier: return 0
    case .select(let operand, _), .has(let operand, _): return operand.height
    case .call(_, let target, let arguments):
      return max(target?.height ?? 0, highest(arguments))
    case .list(let elements): return highest(elements)
    case .map(let entries): return entries.map { max($0.key.height, $0.value.height) }.max() ?? 0
    case .macro(_, let range, _, let body): return max(range.height, highest(body))
    }
  }
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
