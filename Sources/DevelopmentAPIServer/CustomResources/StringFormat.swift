import KubernetesAPI
import NetworkAddresses

/// The formats of strings that a real server checks; it ignores all others.
enum StringFormat {
  /// `nil` for formats that are not checked.
  static func isValid(_ text: String, _ format: String) -> Bool? {
    switch format {
    case "date-time", "datetime": Timestamp(text) != nil
    case "date": Timestamp("\(text)T00:00:00Z") != nil && text.count == 10
    case "duration": GoDuration(text) != nil
    case "ipv4": if case .v4? = IPAddress(text) { true } else { false }
    case "ipv6": if case .v6? = IPAddress(text) { true } else { false }
    case "cidr": text.contains("/") && CIDRBlock(text) != nil
    case "mac": MACAddress(text) != nil
    case "uuid", "uuid3", "uuid4", "uuid5":
      matches(text, #"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"#)
    case "byte": Base64.firstInvalidByte(text) == nil
    case "hostname": isHostname(text)
    case "email": matches(text, #"^[^@\s]+@[^@\s]+$"#)
    case "uri": matches(text, #"^(?i)[a-z][a-z0-9+.-]*:.+$"#)
    case "bsonobjectid": matches(text, "^(?i)[0-9a-f]{24}$")
    case "hexcolor": matches(text, "^#?(?i)([0-9a-f]{3}|[0-9a-f]{6})$")
    case "k8s-short-name": NameRules.label(text).isEmpty
    case "k8s-long-name": NameRules.subdomain(text).isEmpty
    default: nil
    }
  }

  private static func matches(_ text: String, _ pattern: String) -> Bool {
    (try? RegularExpression(pattern))?.matches(text) ?? true
  }

  private static func isHostname(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 255
      && matches(
        text,
        #"^(?i)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$"#)
  }
}

/// A length of time as Go writes it: `1h30m`, `1.5s`, `300ms`.
struct GoDuration: Sendable, Hashable {
  var nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  private static let units: [(String, Int64)] = [
    ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000),
    ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
  ]

  init?(_ text: String) {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    if rest == "0" {
      nanoseconds = 0
      return
    }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0 == "." || $0.isASCII && $0.isNumber }
      rest = rest[number.endIndex...]
      let unit = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
      rest = rest[unit.endIndex...]
      guard let value = Double(number), let factor = Self.units.first(where: { $0.0 == unit })?.1
      else { return nil }
      total += value * Double(factor)
    }
    guard total < 9.2e18 else { return nil }
    nanoseconds = Int64(total.rounded()) * (isNegative ? -1 : 1)
  }

  var seconds: Double { Double(nanoseconds) / 1e9 }
}
