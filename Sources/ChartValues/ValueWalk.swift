import KubernetesAPI

/// One value that a chart documents, by its path, and what becomes of it.
struct ChartValueRow: Sendable {
  /// Throws the message for people.
  typealias Reader =
    @Sendable (inout ChartReading, JSONValue, _ path: String) throws(ValueFault) -> Void

  enum Effect: Sendable {
    case read(Reader)
    /// Nothing here does what it says; the default needs no mention. Says what is so instead.
    case none(default: JSONValue, String)
  }

  /// `["speaker", "frr", "enabled"]`; a value below it belongs to it.
  var path: [String]
  var effect: Effect

  init(_ path: String, _ effect: Effect) {
    self.path = path.split(separator: ".").map(String.init)
    self.effect = effect
  }
}

/// A value of the wrong form.
struct ValueFault: Error {
  var message: String

  init(_ message: String) { self.message = message }
}

/// Goes through a tree of values along the table of those that are known.
struct ValueWalk {
  private let rows: [[String]: ChartValueRow.Effect]
  /// All beginnings of paths, so that unknown values are told from those on the way to known ones.
  private let branches: Set<[String]>
  /// Groups of values that ask for nothing unless their member `enabled` is true.
  private let switches: Set<[String]>
  /// Charts inside the chart, of which the rows know what has an effect, and what is so for the rest of them.
  private let subcharts: [String: String]

  init(
    _ rows: [ChartValueRow], switches: [String] = [], subcharts: [String: String] = [:]
  ) {
    self.switches = Set(switches.map { $0.split(separator: ".").map(String.init) })
    self.subcharts = subcharts
    self.rows = Dictionary(rows.map { ($0.path, $0.effect) }, uniquingKeysWith: { $1 })
    branches = Set(rows.flatMap { row in row.path.indices.map { Array(row.path[..<$0]) } })
  }

  /// - Parameter prefix: where in the file the tree stands.
  func walk(_ values: JSONValue, prefix: [String], into reading: inout ChartReading) {
    visit(values, [], prefix, &reading)
  }

  private func visit(
    _ value: JSONValue, _ path: [String], _ prefix: [String], _ reading: inout ChartReading
  ) {
    guard !value.isNull else { return }
    let place = (prefix + path).joined(separator: ".")
    if let effect = rows[path] {
      apply(effect, value, place, &reading)
    } else if branches.contains(path) {
      guard let members = value.objectValue else {
        reading.note(.invalid, place, "expected keys and values below it")
        return
      }
      let known = reading.problems.count
      for (key, member) in members { visit(member, path + [key], prefix, &reading) }
      if switches.contains(path), members["enabled"] != true {
        let said = reading.problems[known...].filter { $0.reason != .withoutEffect }
        reading.problems.replaceSubrange(known..., with: said)
      }
    } else if let subchart = path.first, let reason = subcharts[subchart] {
      if value.asksForSomething { reading.note(.withoutEffect, place, reason) }
    } else {
      reading.note(.unknown, place)
    }
  }

  private func apply(
    _ effect: ChartValueRow.Effect, _ value: JSONValue, _ place: String,
    _ reading: inout ChartReading
  ) {
    switch effect {
    case .none(let standard, let reason):
      guard value != standard, !value.isHollow else { return }
      reading.note(.withoutEffect, place, reason)
    case .read(let reader):
      do throws(ValueFault) {
        try reader(&reading, value, place)
      } catch {
        reading.note(.invalid, place, error.message)
      }
    }
  }
}

extension JSONValue {
  /// What charts write for "nothing".
  var isEmptyValue: Bool {
    switch self {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let items): items.isEmpty
    case .object(let members): members.isEmpty
    case .bool, .integer, .double: false
    }
  }

  /// Whether there is nothing but empty values in it.
  var isHollow: Bool {
    guard let members = objectValue else { return isEmptyValue }
    return members.allSatisfy { $0.value.isHollow }
  }

  /// Whether anything in it is more than empty or off.
  var asksForSomething: Bool {
    switch self {
    case .bool(let isOn): isOn
    case .array(let items): items.contains(where: \.asksForSomething)
    case .object(let members): members.contains { $0.value.asksForSomething }
    case .null, .string, .integer, .double: !isEmptyValue
    }
  }

  func text() throws(ValueFault) -> String {
    switch self {
    case .string(let text): return text
    case .integer, .double: return jsonText
    case .null, .bool, .array, .object: throw ValueFault("expected a text")
    }
  }

  func flag() throws(ValueFault) -> Bool {
    guard let value = boolValue else { throw ValueFault("expected true or false") }
    return value
  }

  func port() throws(ValueFault) -> Int {
    guard let number = integerValue ?? stringValue.flatMap({ Int64($0) }), 1...65535 ~= number
    else {
      throw ValueFault("expected a port, a number from 1 to 65535")
    }
    return Int(number)
  }

  func typed<Value: Decodable>(_ type: Value.Type, _ expected: String) throws(ValueFault) -> Value {
    do {
      return try decode(type)
    } catch {
      throw ValueFault("expected \(expected)")
    }
  }

  /// A list, or a text with commas.
  func texts() throws(ValueFault) -> [String] {
    if let text = stringValue {
      return text.split(separator: ",").map { String($0.filter { $0 != " " }) }
    }
    return try typed([String].self, "a list of texts")
  }
}
