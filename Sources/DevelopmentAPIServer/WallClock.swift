import FoundationEssentials
import KubernetesAPI

/// The machine's clock and source of chance, in the forms that objects carry.
enum WallClock {
  static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}

enum Names {
  /// A random UUID (RFC 9562 §5.4, version 4).
  static func uid() -> String {
    var high = UInt64.random(in: .min ... .max)
    var low = UInt64.random(in: .min ... .max)
    high = high & ~0xF000 | 0x4000
    low = low & ~(0xC << 60) | (0x8 << 60)
    func hex(_ value: UInt64, _ digits: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: digits - text.count) + text
    }
    return [
      hex(high >> 32, 8), hex(high >> 16 & 0xFFFF, 4), hex(high & 0xFFFF, 4),
      hex(low >> 48, 4), hex(low & 0xFFFF_FFFF_FFFF, 12),
    ].joined(separator: "-")
  }

  /// Five characters without vowels or look-alikes, as the API appends to `generateName`.
  static func suffix(_ count: Int = 5) -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices)] })
  }

  /// `generateName` with its suffix; the base is cut so that the name stays within 63 bytes.
  static func generate(_ base: String) -> String { String(base.prefix(58)) + suffix() }
}
