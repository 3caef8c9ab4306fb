/// The labels of a series, sorted by name; the later of two equal names wins.
struct LabelSet: Hashable, Sendable {
  private struct Label: Hashable, Comparable {
    var name: String
    var value: String

    static func < (left: Self, right: Self) -> Bool {
      (left.name, left.value) < (right.name, right.value)
    }
  }

  private var labels: [Label]

  init(_ dimensions: [(String, String)]) {
    let pairs = dimensions.map { (sanitized($0.0, allowingColons: false), $0.1) }
    labels = Dictionary(pairs) { $1 }.map { Label(name: $0.key, value: $0.value) }.sorted()
  }

  /// These labels and one more at the end, where histograms have `le`.
  func adding(_ name: String, _ value: String) -> LabelSet {
    var copy = self
    copy.labels.append(Label(name: name, value: value))
    return copy
  }
}

extension LabelSet: Comparable {
  static func < (left: Self, right: Self) -> Bool {
    left.labels.lexicographicallyPrecedes(right.labels)
  }
}

extension LabelSet: CustomStringConvertible {
  /// `{name="value",…}`, or nothing without labels.
  var description: String {
    guard !labels.isEmpty else { return "" }
    let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
    return "{\(pairs.joined(separator: ","))}"
  }
}

/// Escapes backslash and line feed, and in label values the double quote.
func escaped(_ text: String, quotes: Bool) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\"" where quotes: result += "\\\""
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The name with every character that the format forbids replaced by `_`; valid names come back unchanged.
func sanitized(_ name: String, allowingColons: Bool) -> String {
  var result = ""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
    case "0"..."9" where !result.isEmpty: result.unicodeScalars.append(scalar)
    case ":" where allowingColons: result.unicodeScalars.append(scalar)
    default: result += "_"
    }
  }
  return result.isEmpty ? "_" : result
}

/// A sample value: whole numbers without a fraction, and the format's spelling of the special values.
func numberText(_ value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
  if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
  return String(value)
}
