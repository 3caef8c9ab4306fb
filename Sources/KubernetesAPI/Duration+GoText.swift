/// Durations as Go writes them, the text of `metav1.Duration` and of the ConfigMap's timers: `1m30s`, `150ms`, `1.5h`.
extension Duration {
  /// Reads a sequence of decimal numbers, each with a unit (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), with an optional
  /// sign in front; a bare `0` needs no unit. Nil for anything else, and for what does not fit 64 bits of nanoseconds.
  package init?(goText text: some StringProtocol) {
    var rest = Substring(text)
    let negative = rest.first == "-"
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    if rest == "0" {
      self = .zero
      return
    }
    var nanoseconds: Int64 = 0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isDecimalDigit || $0 == "." }
      rest.removeFirst(number.count)
      let unit = rest.prefix { !$0.isDecimalDigit && $0 != "." }
      rest.removeFirst(unit.count)
      guard let scale = Self.nanosecondsPerUnit[String(unit)],
        let part = Self.nanoseconds(decimal: number, scale: scale)
      else { return nil }
      let (sum, overflow) = nanoseconds.addingReportingOverflow(part)
      guard !overflow else { return nil }
      nanoseconds = sum
    }
    self = .nanoseconds(negative ? -nanoseconds : nanoseconds)
  }

  /// The shortest text that Go prints: hours, minutes and seconds, or one smaller unit below a second; `0s` for zero.
  package var goText: String {
    let (seconds, attoseconds) = components
    let sign = seconds < 0 || attoseconds < 0 ? "-" : ""
    let fraction = attoseconds.magnitude / 1_000_000_000
    let total = seconds.magnitude
    guard total > 0 else {
      guard fraction > 0 else { return "0s" }
      let (scale, unit): (UInt64, String) =
        fraction >= 1_000_000 ? (1_000_000, "ms") : fraction >= 1000 ? (1000, "µs") : (1, "ns")
      return sign + Self.decimal(fraction, scale: scale) + unit
    }
    let (hours, minutes) = (total / 3600, total / 60 % 60)
    var text = sign
    if hours > 0 { text += "\(hours)h" }
    if hours > 0 || minutes > 0 { text += "\(minutes)m" }
    return text + Self.decimal(total % 60 * 1_000_000_000 + fraction, scale: 1_000_000_000) + "s"
  }

  private static let nanosecondsPerUnit: [String: Int64] = [
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
  ]

  /// `1.5` with a scale of 1000 is 1500; digits below a nanosecond are dropped.
  private static func nanoseconds(decimal text: Substring, scale: Int64) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.contains(where: { !$0.isEmpty }) else { return nil }
    guard let units = whole.isEmpty ? 0 : Int64(whole) else { return nil }
    var (value, overflow) = units.multipliedReportingOverflow(by: scale)
    guard !overflow else { return nil }
    var digitScale = scale
    for digit in parts.dropFirst().first ?? "" {
      guard let digit = digit.wholeNumberValue, digit < 10 else { return nil }
      digitScale /= 10
      (value, overflow) = value.addingReportingOverflow(Int64(digit) * digitScale)
      guard !overflow else { return nil }
    }
    return value
  }

  /// `value / scale` without trailing zeros after the point; `scale` is a power of ten.
  private static func decimal(_ value: UInt64, scale: UInt64) -> String {
    let remainder = value % scale
    guard remainder > 0 else { return "\(value / scale)" }
    var digits = String(remainder + scale).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(value / scale).\(digits)"
  }
}

extension Character {
  fileprivate var isDecimalDigit: Bool { "0"..."9" ~= self }
}
