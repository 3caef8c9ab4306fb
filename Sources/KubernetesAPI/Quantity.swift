/// `resource.Quantity`: a decimal number with a suffix, and its canonical text.
///
/// Canonical is the shortest text with an integral mantissa: `0.1` is `100m`, `1000m` is `1`,
/// `1024Mi` is `1Gi`. Numbers are kept to a thousandth of a thousandth of a millionth (nano), as the
/// API does, rounding up.
package struct Quantity: Sendable, Hashable, Comparable {
  package enum Format: Sendable, Hashable { case decimalSI, binarySI, decimalExponent }

  /// In units of 10⁻⁹.
  package private(set) var nanos: Int128
  package var format: Format

  package static let malformed =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

  package static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
  package func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
  package static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }

  private static let decimalSuffixes: [(String, Int)] = [
    ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15),
    ("E", 18),
  ]
  private static let binarySuffixes: [(String, Int)] = [
    ("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60),
  ]

  package init?(_ text: some StringProtocol) {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    let mantissa = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    rest = rest[mantissa.endIndex...]
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }), mantissa.count <= 24 else {
      return nil
    }
    let whole = parts[0]
    let fraction = parts.count == 2 ? parts[1] : ""
    guard let digits = Int128(String(whole + fraction)) else { return nil }
    guard let (scale, format) = Self.scale(String(rest)) else { return nil }
    self.format = format
    guard let nanos = Self.nanos(digits, tens: -fraction.count, scale) else { return nil }
    self.nanos = isNegative ? -nanos : nanos
  }

  private enum Scale { case tens(Int), twos(Int) }

  private static func scale(_ suffix: String) -> (Scale, Format)? {
    if let (_, power) = decimalSuffixes.first(where: { $0.0 == suffix }) {
      return (.tens(power), .decimalSI)
    }
    if let (_, power) = binarySuffixes.first(where: { $0.0 == suffix }) {
      return (.twos(power), .binarySI)
    }
    guard suffix.first == "e" || suffix.first == "E", let power = Int(suffix.dropFirst()),
      abs(power) <= 24
    else { return nil }
    return (.tens(power), .decimalExponent)
  }

  /// `digits` × 10^`tens` × scale, rounded up to a nano; `nil` beyond what fits.
  private static func nanos(_ digits: Int128, tens: Int, _ scale: Scale) -> Int128? {
    var value = digits
    var power = tens + 9
    switch scale {
    case .tens(let more): power += more
    case .twos(let bits):
      let (product, overflow) = value.multipliedReportingOverflow(by: Int128(1) << Int128(bits))
      if overflow { return nil }
      value = product
    }
    while power > 0 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
      power -= 1
    }
    while power < 0 {
      let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
      value = remainder == 0 ? quotient : quotient + 1
      power += 1
    }
    return value
  }

  /// The integral value, rounded up.
  package var roundedUp: Int128 {
    let (quotient, remainder) = nanos.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder > 0 ? quotient + 1 : quotient
  }
}

extension Quantity: CustomStringConvertible {
  package var description: String {
    if nanos == 0 { return "0" }
    switch format {
    case .binarySI where nanos % 1_000_000_000 == 0 && abs(nanos) >= 1024 * 1_000_000_000:
      var value = nanos / 1_000_000_000
      var suffix = ""
      for (name, _) in Self.binarySuffixes where value % 1024 == 0 {
        // Only whole powers count: 1536Ki stays, 2048Ki is 2Mi.
        value /= 1024
        suffix = name
      }
      return "\(value)\(suffix)"
    case .binarySI, .decimalSI, .decimalExponent:
      var value = nanos
      var index = 0
      while value % 1000 == 0, index < Self.decimalSuffixes.count - 1 {
        value /= 1000
        index += 1
      }
      let (suffix, power) = Self.decimalSuffixes[index]
      if format == .decimalExponent { return power == 0 ? "\(value)" : "\(value)e\(power)" }
      return "\(value)\(suffix)"
    }
  }
}
