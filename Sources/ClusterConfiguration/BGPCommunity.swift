/// A BGP community, as configured.
package enum BGPCommunity: Sendable, Hashable {
  /// RFC 1997.
  case standard(UInt16, UInt16)
  /// RFC 8092: global administrator and two local parts.
  case large(UInt32, UInt32, UInt32)
}

extension BGPCommunity {
  /// Why a text is no community.
  package enum ParsingError: Error, Hashable {
    /// Neither two nor four sections: it may be a name.
    case format
    /// A section that is no number in range.
    case section(String)
    /// Four sections that do not begin with `large`.
    case marker
  }

  /// Reads `64512:7` or `large:64512:1:2`.
  package init(_ text: String) throws(ParsingError) {
    let sections = text.split(separator: ":", omittingEmptySubsequences: false)
    switch sections.count {
    case 2:
      self = .standard(try Self.number(sections[0]), try Self.number(sections[1]))
    case 4:
      guard sections[0] == "large" else { throw .marker }
      self = .large(
        try Self.number(sections[1]), try Self.number(sections[2]), try Self.number(sections[3]))
    default: throw .format
    }
  }

  private static func number<Number: FixedWidthInteger>(
    _ text: Substring
  ) throws(ParsingError) -> Number {
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let number = Number(text)
    else { throw .section(String(text)) }
    return number
  }
}

/// Standard communities first, by value; then large ones by their three numbers.
extension BGPCommunity: Comparable {
  package static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.standard(let a, let b), .standard(let c, let d)): (a, b) < (c, d)
    case (.large(let a, let b, let c), .large(let d, let e, let f)): (a, b, c) < (d, e, f)
    case (.standard, .large): true
    case (.large, .standard): false
    }
  }
}

extension BGPCommunity: CustomStringConvertible {
  /// As it is written in objects.
  package var description: String {
    switch self {
    case .standard(let first, let second): "\(first):\(second)"
    case .large(let first, let second, let third): "large:\(first):\(second):\(third)"
    }
  }
}

extension BGPCommunity.ParsingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .format:
      "invalid community format: write two numbers up to 65535, as in 64512:7, or large:64512:1:2"
    case .section(let text):
      "invalid community value: invalid section \"\(text)\": write a number up to 65535, in large communities up to 4294967295"
    case .marker:
      "invalid community value: expected community to be of format large: write large:64512:1:2"
    }
  }
}
