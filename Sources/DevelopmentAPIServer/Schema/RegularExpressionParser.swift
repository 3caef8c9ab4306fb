/// The grammar of regular expressions, and their translation to a program.
indirect enum RegularExpressionNode: Sendable, Hashable {
  case empty
  case scalars(ScalarSet)
  case assertion(RegularExpression.Assertion)
  case sequence([RegularExpressionNode])
  case alternatives([RegularExpressionNode])
  case repetition(RegularExpressionNode, min: Int, max: Int?, isLazy: Bool)
}

struct RegularExpressionParser {
  private let pattern: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var dotMatchesNewline = false
  private var anchorsMatchLines = false

  /// As many copies of a part as RE2 allows.
  private static let repetitionLimit = 1000
  /// As deep as groups may nest.
  private static let depthLimit = 200
  /// As many instructions as a program may have.
  private static let sizeLimit = 100_000
  private var depth = 0

  init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

  typealias Malformed = RegularExpression.Malformed

  private func error(_ text: String, _ part: some Sequence<Unicode.Scalar>) -> Malformed {
    var quoted = ""
    quoted.unicodeScalars.append(contentsOf: part)
    return Malformed(description: "error parsing regexp: \(text): `\(quoted)`")
  }

  private var peek: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    position += 1
    return true
  }

  mutating func parse() throws(Malformed) -> RegularExpressionNode {
    let node = try alternatives()
    if peek == ")" { throw error("unexpected )", pattern) }
    guard node.size(limit: Self.sizeLimit) <= Self.sizeLimit else {
      throw error("expression too large", pattern)
    }
    return node
  }

  private mutating func alternatives() throws(Malformed) -> RegularExpressionNode {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func sequence() throws(Malformed) -> RegularExpressionNode {
    var parts: [RegularExpressionNode] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      let start = position
      let part = try atom()
      parts.append(try repeated(part, from: start))
    }
    return parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func repeated(
    _ atom: RegularExpressionNode, from start: Int
  ) throws(Malformed) -> RegularExpressionNode {
    var node = atom
    var isRepeated = false
    while true {
      let operatorStart = position
      let bounds: (Int, Int?)
      if take("*") {
        bounds = (0, nil)
      } else if take("+") {
        bounds = (1, nil)
      } else if take("?") {
        bounds = (0, 1)
      } else if let counted = try counts() {
        bounds = counted
      } else {
        return node
      }
      if isRepeated {
        throw error("invalid nested repetition operator", pattern[operatorStart - 1..<position])
      }
      isRepeated = true
      node = .repetition(node, min: bounds.0, max: bounds.1, isLazy: take("?"))
    }
  }

  /// `{2}`, `{2,}` or `{2,5}`; anything else behind a brace is the brace itself.
  private mutating func counts() throws(Malformed) -> (Int, Int?)? {
    guard peek == "{" else { return nil }
    let start = position
    position += 1
    guard let low = number() else {
      position = start
      return nil
    }
    var high: Int? = low
    if take(",") { high = number() }
    guard take("}") else {
      position = start
      return nil
    }
    if low > Self.repetitionLimit || high ?? 0 > Self.repetitionLimit || low > high ?? low {
      throw error("invalid repeat count", pattern[start..<position])
    }
    return (low, high)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = peek, ("0"..."9").contains(scalar), value ?? 0 < 100_000 {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(Malformed) -> RegularExpressionNode {
    let start = position
    guard let scalar = peek else { return .empty }
    position += 1
    switch scalar {
    case "(": return try group(from: start)
    case "[": return .scalars(try characterClass(from: start))
    case ".": return .scalars(dotMatchesNewline ? .any : .anyButNewline)
    case "^": return .assertion(anchorsMatchLines ? .lineStart : .textStart)
    case "$": return .assertion(anchorsMatchLines ? .lineEnd : .textEnd)
    case "*", "+", "?":
      throw error("missing argument to repetition operator", [scalar])
    case "\\": return try escape(from: start)
    default: return .scalars(literal(scalar))
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
    ignoresCase ? ScalarSet.only(scalar).ignoringCase : .only(scalar)
  }

  private mutating func group(from start: Int) throws(Malformed) -> RegularExpressionNode {
    let flags = (ignoresCase, dotMatchesNewline, anchorsMatchLines)
    if take("?") {
      if take("P") || peek == "<" {
        guard take("<"), let end = pattern[position...].firstIndex(of: ">") else {
          throw error("invalid named capture", pattern[start...])
        }
        position = end + 1
      } else if try setFlags(from: start) {
        return .empty  // `(?i)` holds to the end of the enclosing group
      }
    }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw error("expression nests too deeply", pattern) }
    let node = try alternatives()
    guard take(")") else { throw error("missing closing )", pattern) }
    (ignoresCase, dotMatchesNewline, anchorsMatchLines) = flags
    return node
  }

  /// Reads `i`, `s`, `m`, `U` up to `)` or `:`. Whether the group ends here.
  private mutating func setFlags(from start: Int) throws(Malformed) -> Bool {
    var isOn = true
    while let scalar = peek {
      position += 1
      switch scalar {
      case "i": ignoresCase = isOn
      case "s": dotMatchesNewline = isOn
      case "m": anchorsMatchLines = isOn
      case "U": break
      case "-": isOn = false
      case ":": return false
      case ")": return true
      default:
        throw error("invalid or unsupported Perl syntax", pattern[start..<position])
      }
    }
    throw error("missing closing )", pattern)
  }

  private mutating func escape(from start: Int) throws(Malformed) -> RegularExpressionNode {
    guard let scalar = peek else {
      throw error("trailing backslash at end of expression", [])
    }
    switch scalar {
    case "b": position += 1; return .assertion(.wordBoundary)
    case "B": position += 1; return .assertion(.notWordBoundary)
    case "A": position += 1; return .assertion(.textStart)
    case "z": position += 1; return .assertion(.textEnd)
    default: return .scalars(try escapedSet(from: start))
    }
  }

  /// What follows a backslash, inside of a class or not.
  private mutating func escapedSet(from start: Int) throws(Malformed) -> ScalarSet {
    guard let scalar = peek else {
      throw error("trailing backslash at end of expression", [])
    }
    position += 1
    switch scalar {
    case "d": return .digit
    case "D": return ScalarSet.digit.inverted
    case "w": return .word
    case "W": return ScalarSet.word.inverted
    case "s": return .space
    case "S": return ScalarSet.space.inverted
    case "n": return .only("\n")
    case "t": return .only("\t")
    case "r": return .only("\r")
    case "f": return .only("\u{0C}")
    case "v": return .only("\u{0B}")
    case "a": return .only("\u{07}")
    case "x": return .only(try hexadecimal(from: start))
    case "p", "P": return try unicodeClass(isInverted: scalar == "P", from: start)
    default:
      let isLetterOrDigit = ScalarSet.word.contains(scalar) && scalar != "_"
      if isLetterOrDigit { throw error("invalid escape sequence", pattern[start..<position]) }
      return literal(scalar)
    }
  }

  private mutating func hexadecimal(from start: Int) throws(Malformed) -> Unicode.Scalar {
    var digits = ""
    if take("{") {
      while let scalar = peek, scalar != "}" {
        digits.unicodeScalars.append(scalar)
        position += 1
      }
      _ = take("}")
    } else {
      for _ in 0..<2 {
        if let scalar = peek {
          digits.unicodeScalars.append(scalar)
          position += 1
        }
      }
    }
    guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw error("invalid escape sequence", pattern[start..<position])
    }
    return scalar
  }

  private mutating func unicodeClass(
    isInverted: Bool, from start: Int
  ) throws(Malformed) -> ScalarSet {
    var name = ""
    if take("{") {
      while let scalar = peek, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      _ = take("}")
    } else if let scalar = peek {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    let letters = ScalarSet.range("A", "Z").union(.range("a", "z")).union(
      .range("\u{C0}", "\u{24F}"))
    let sets: [String: ScalarSet] = [
      "L": letters, "Lu": .range("A", "Z"), "Ll": .range("a", "z"), "N": .digit, "Nd": .digit,
    ]
    guard let set = sets[name] else {
      throw error("invalid character class range", pattern[start..<position])
    }
    return isInverted ? set.inverted : set
  }

  private static let posixClasses: [(String, ScalarSet)] = [
    ("[:alnum:]", ScalarSet.digit.union(.range("A", "Z")).union(.range("a", "z"))),
    ("[:alpha:]", ScalarSet.range("A", "Z").union(.range("a", "z"))), ("[:digit:]", .digit),
    ("[:lower:]", .range("a", "z")), ("[:upper:]", .range("A", "Z")), ("[:space:]", .space),
    ("[:word:]", .word),
    ("[:xdigit:]", ScalarSet.digit.union(.range("A", "F")).union(.range("a", "f"))),
    (
      "[:punct:]",
      ScalarSet.range("!", "/").union(.range(":", "@")).union(.range("[", "`")).union(
        .range("{", "~"))
    ),
  ]

  private mutating func characterClass(from start: Int) throws(Malformed) -> ScalarSet {
    let isInverted = take("^")
    var set = ScalarSet()
    var isFirst = true
    while let scalar = peek, scalar != "]" || isFirst {
      isFirst = false
      if let (name, posix) = Self.posixClasses.first(where: {
        pattern[position...].starts(with: $0.0.unicodeScalars)
      }) {
        position += name.unicodeScalars.count
        set = set.union(posix)
        continue
      }
      let itemStart = position
      let low = try classItem()
      guard low.ranges.count == 1, !low.isInverted, let first = low.ranges.first,
        first.count == 1, peek == "-", position + 1 < pattern.count, pattern[position + 1] != "]"
      else {
        set = set.union(low)
        continue
      }
      position += 1
      let high = try classItem()
      guard let last = high.ranges.first, first.lowerBound <= last.upperBound else {
        throw error("invalid character class range", pattern[itemStart..<position])
      }
      set.ranges.append(first.lowerBound...last.upperBound)
    }
    guard take("]") else { throw error("missing closing ]", pattern[start...]) }
    if ignoresCase { set = set.ignoringCase }
    return isInverted ? set.inverted : set
  }

  private mutating func classItem() throws(Malformed) -> ScalarSet {
    guard let scalar = peek else { return ScalarSet() }
    let start = position
    position += 1
    return scalar == "\\" ? try escapedSet(from: start) : .only(scalar)
  }
}

extension RegularExpressionNode {
  /// How many instructions it becomes; more than `limit` where repetitions multiply beyond that.
  func size(limit: Int) -> Int {
    switch self {
    case .empty: return 0
    case .scalars, .assertion: return 1
    case .sequence(let parts), .alternatives(let parts):
      return parts.reduce(0) { min(limit + 1, $0 + $1.size(limit: limit) + 2) }
    case .repetition(let part, let low, let high, _):
      let copies = Swift.max(1, low + 1, high ?? 0)
      return min(limit + 1, copies * (part.size(limit: limit) + 1))
    }
  }
}

enum RegularExpressionCompiler {
  static func compile(_ node: RegularExpressionNode) -> [RegularExpression.Instruction] {
    var program: [RegularExpression.Instruction] = []
    emit(node, into: &program)
    program.append(.match)
    return program
  }

  private static func emit(
    _ node: RegularExpressionNode, into program: inout [RegularExpression.Instruction]
  ) {
    switch node {
    case .empty: break
    case .scalars(let set): program.append(.scalars(set))
    case .assertion(let assertion): program.append(.assert(assertion))
    case .sequence(let parts): for part in parts { emit(part, into: &program) }
    case .alternatives(let parts):
      var jumps: [Int] = []
      for (index, part) in parts.enumerated() {
        guard index < parts.count - 1 else {
          emit(part, into: &program)
          break
        }
        let split = program.count
        program.append(.jump(0))
        emit(part, into: &program)
        jumps.append(program.count)
        program.append(.jump(0))
        program[split] = .split(split + 1, program.count)
      }
      for jump in jumps { program[jump] = .jump(program.count) }
    case .repetition(let part, let min, let max, let isLazy):
      for _ in 0..<min { emit(part, into: &program) }
      if let max {
        var splits: [Int] = []
        for _ in 0..<Swift.max(0, max - min) {
          splits.append(program.count)
          program.append(.jump(0))
          emit(part, into: &program)
        }
        for split in splits {
          program[split] =
            isLazy ? .split(program.count, split + 1) : .split(split + 1, program.count)
        }
      } else {
        let split = program.count
        program.append(.jump(0))
        emit(part, into: &program)
        program.append(.jump(split))
        program[split] =
          isLazy ? .split(program.count, split + 1) : .split(split + 1, program.count)
      }
    }
  }
}
