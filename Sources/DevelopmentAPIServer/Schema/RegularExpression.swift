/// Regular expressions in RE2's syntax, as `pattern` in schemas and `matches` in CEL use them.
///
/// Matching simulates all alternatives at once (Pike), so time grows with the text and the expression
/// and never with their combinations. What schemas have no use for is missing: captures by name or
/// number, Unicode classes beyond letters and digits.
struct RegularExpression: Sendable, Hashable {
  /// Why an expression cannot be read, in Go's words.
  struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }

  enum Instruction: Sendable, Hashable {
    case scalars(ScalarSet)
    /// Tries the first way before the second.
    case split(Int, Int)
    case jump(Int)
    case assert(Assertion)
    case match
  }

  enum Assertion: Sendable, Hashable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
  }

  let pattern: String
  private let program: [Instruction]

  init(_ pattern: String) throws(Malformed) {
    self.pattern = pattern
    var parser = RegularExpressionParser(pattern)
    program = RegularExpressionCompiler.compile(try parser.parse())
  }

  /// Whether the expression matches somewhere in the text.
  func matches(_ text: String) -> Bool {
    firstMatch(in: Array(text.unicodeScalars), from: 0) != nil
  }

  /// The leftmost match, the first alternative first.
  func firstMatch(in text: [Unicode.Scalar], from start: Int) -> Range<Int>? {
    var current = ThreadList(count: program.count)
    var next = ThreadList(count: program.count)
    var found: Range<Int>?
    var position = start
    while position <= text.count {
      if found == nil { add(0, start: position, at: position, text, to: &current) }
      if current.isEmpty { break }
      for thread in current.threads {
        switch program[thread.instruction] {
        case .scalars(let set):
          if position < text.count, set.contains(text[position]) {
            add(
              thread.instruction + 1, start: thread.start, at: position + 1, text, to: &next)
          }
        case .match:
          found = thread.start..<position
        case .split, .jump, .assert: break
        }
        // Threads behind a match are worse alternatives.
        if case .match = program[thread.instruction] { break }
      }
      swap(&current, &next)
      next.removeAll()
      position += 1
    }
    return found
  }

  private struct ThreadList {
    struct Thread {
      var instruction: Int
      var start: Int
    }

    private(set) var threads: [Thread] = []
    private var isPresent: [Bool]

    init(count: Int) { isPresent = Array(repeating: false, count: count) }

    var isEmpty: Bool { threads.isEmpty }

    /// Whether the instruction is new to the list.
    mutating func visit(_ instruction: Int) -> Bool {
      if isPresent[instruction] { return false }
      isPresent[instruction] = true
      return true
    }

    mutating func append(_ instruction: Int, start: Int) {
      threads.append(Thread(instruction: instruction, start: start))
    }

    mutating func removeAll() {
      threads.removeAll(keepingCapacity: true)
      for index in isPresent.indices { isPresent[index] = false }
    }
  }

  private func add(
    _ instruction: Int, start: Int, at position: Int, _ text: [Unicode.Scalar],
    to list: inout ThreadList
  ) {
    var pending = [instruction]
    while let instruction = pending.popLast() {
      guard list.visit(instruction) else { continue }
      switch program[instruction] {
      case .jump(let target): pending.append(target)
      case .split(let first, let second):
        pending.append(second)
        pending.append(first)
      case .assert(let assertion):
        if holds(assertion, at: position, text) { pending.append(instruction + 1) }
      case .scalars, .match: list.append(instruction, start: start)
      }
    }
  }

  private func holds(
    _ assertion: Assertion, at position: Int, _ text: [Unicode.Scalar]
  ) -> Bool {
    func isWord(_ index: Int) -> Bool {
      text.indices.contains(index) && ScalarSet.word.contains(text[index])
    }
    switch assertion {
    case .textStart: return position == 0
    case .textEnd: return position == text.count
    case .lineStart: return position == 0 || text[position - 1] == "\n"
    case .lineEnd: return position == text.count || text[position] == "\n"
    case .wordBoundary: return isWord(position - 1) != isWord(position)
    case .notWordBoundary: return isWord(position - 1) == isWord(position)
    }
  }
}

/// A class of characters: ranges, or everything else.
struct ScalarSet: Sendable, Hashable {
  var ranges: [ClosedRange<UInt32>] = []
  var isInverted = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) } != isInverted
  }

  static func only(_ scalar: Unicode.Scalar) -> ScalarSet {
    ScalarSet(ranges: [scalar.value...scalar.value])
  }

  static func range(_ first: Unicode.Scalar, _ last: Unicode.Scalar) -> ScalarSet {
    ScalarSet(ranges: [first.value...max(first.value, last.value)])
  }

  func union(_ other: ScalarSet) -> ScalarSet {
    ScalarSet(ranges: positiveRanges + other.positiveRanges)
  }

  var inverted: ScalarSet { ScalarSet(ranges: ranges, isInverted: !isInverted) }

  /// The same set without inversion, so that sets can be joined.
  private var positiveRanges: [ClosedRange<UInt32>] {
    guard isInverted else { return ranges }
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return result
  }

  /// Both cases of every ASCII letter in the set.
  var ignoringCase: ScalarSet {
    var set = self
    for range in ranges {
      for value in range where value < 128 {
        let scalar = Unicode.Scalar(UInt8(truncatingIfNeeded: value))
        if ("a"..."z").contains(scalar) { set.ranges.append(value - 32...value - 32) }
        if ("A"..."Z").contains(scalar) { set.ranges.append(value + 32...value + 32) }
      }
    }
    return set
  }

  static let digit = range("0", "9")
  static let word = digit.union(range("A", "Z")).union(range("a", "z")).union(only("_"))
  static let space = only(" ").union(only("\t")).union(only("\n")).union(only("\r"))
    .union(only("\u{0C}"))
  static let any = ScalarSet(isInverted: true)
  static let anyButNewline = only("\n").inverted
}
