/// A point in time as Kubernetes writes it: `metav1.Time` (RFC 3339 in UTC, whole seconds) or
/// `metav1.MicroTime` (six decimals).
package struct Timestamp: Sendable, Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z.
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }
  package init(seconds: Int64) { microseconds = seconds * 1_000_000 }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// `self` + `duration`, to the microsecond.
  package func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    return Timestamp(
      microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }

  package func duration(since earlier: Timestamp) -> Duration {
    .microseconds(microseconds - earlier.microseconds)
  }

  /// `2026-01-31T23:59:59Z`
  package var rfc3339: String { text(decimals: false) }

  /// `2026-01-31T23:59:59.000000Z`
  package var rfc3339Micro: String { text(decimals: true) }

  private func text(decimals: Bool) -> String {
    let (seconds, micros) = microseconds.flooredQuotientAndRemainder(dividingBy: 1_000_000)
    let (days, secondOfDay) = seconds.flooredQuotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = Self.civil(fromDays: days)
    var text: [UInt8] = []
    text.reserveCapacity(27)
    func add(_ value: Int64, digits: Int, then separator: Unicode.Scalar) {
      // There is no year before 0 in RFC 3339.
      var rest = max(0, value)
      let start = text.count
      while rest > 0 || text.count - start < digits {
        text.append(UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
      }
      text[start...].reverse()
      text.append(UInt8(ascii: separator))
    }
    add(year, digits: 4, then: "-")
    add(month, digits: 2, then: "-")
    add(day, digits: 2, then: "T")
    add(secondOfDay / 3600, digits: 2, then: ":")
    add(secondOfDay / 60 % 60, digits: 2, then: ":")
    add(secondOfDay % 60, digits: 2, then: decimals ? "." : "Z")
    if decimals { add(micros, digits: 6, then: "Z") }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads RFC 3339 with any offset and any number of decimals; digits past the sixth are dropped.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    var offset = 0
    func number(_ width: Int) -> Int64? {
      guard offset + width <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[offset..<offset + width] {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      offset += width
      return value
    }
    func skip(_ allowed: String) -> Bool {
      guard offset < bytes.count, allowed.utf8.contains(bytes[offset]) else { return false }
      offset += 1
      return true
    }
    guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
      skip("Tt "), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
      let second = number(2), 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 61
    else { return nil }
    var micros: Int64 = 0
    if skip(".") {
      var weight: Int64 = 100_000
      let start = offset
      while let digit = number(1) {
        micros += digit * weight
        weight /= 10
      }
      guard offset > start else { return nil }
    }
    var zone: Int64 = 0
    if !skip("Zz") {
      let negative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
      guard skip("+-"), let hours = number(2), skip(":"), let minutes = number(2) else {
        return nil
      }
      zone = (hours * 3600 + minutes * 60) * (negative ? -1 : 1)
    }
    guard offset == bytes.count else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zone
    microseconds = seconds * 1_000_000 + micros
  }

  /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in eras of
  /// 400 years that begin on March 1st, so that the leap day comes last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = year.flooredQuotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension Int64 {
  fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

/// Decodes both forms and encodes whole seconds; `MicroTime` encodes six decimals.
extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(text)\" is no RFC 3339 time")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rfc3339)
  }
}

/// `metav1.MicroTime`, as Leases and events.k8s.io use it.
package struct MicroTime: Sendable, Hashable, Codable {
  package var time: Timestamp

  package init(_ time: Timestamp) { self.time = time }
  package init(from decoder: any Decoder) throws { time = try Timestamp(from: decoder) }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(time.rfc3339Micro)
  }
}
