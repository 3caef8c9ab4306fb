/// How far the aliases of a YAML text can make it grow.
///
/// An anchor whose value names the one before it several times, and so on, makes a small text stand for
/// more values than any memory holds ("billion laughs"), and the reader walks them before anybody can
/// count. So anchors and aliases are counted in the text: `a` aliases of `l` anchors grow to at most
/// `(a / l)` to the power of `l`. What looks like one in a comment or a string counts too; that takes
/// many anchors to matter.
package struct YAMLAliases {
  private var anchors = 0
  private var aliases = 0

  private static let growthLimit = 1e7

  package init(_ text: String) {
    var previous = UInt8(ascii: " ")
    var sign: UInt8 = 0
    for byte in text.utf8 {
      if sign != 0, Self.isName(byte) {
        if sign == UInt8(ascii: "&") { anchors += 1 } else { aliases += 1 }
      }
      sign =
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
        ? Self.canStart(previous) ? byte : 0 : 0
      previous = byte
    }
  }

  /// Whether a text with so few can be read.
  package var areFew: Bool {
    // Fewer levels with more aliases each may grow further.
    (1...max(1, min(anchors, aliases))).allSatisfy { levels in
      Self.power(Double(aliases) / Double(levels), min(levels, anchors)) <= Self.growthLimit
    }
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// Values start behind white space, brackets, commas and colons.
  private static func canStart(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","),
      UInt8(ascii: ":"):
      true
    default: false
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}
