import KubernetesAPI

extension CELFunction {
  private static func text(_ value: CELValue) throws(CELFailure) -> String {
    guard case .string(let text) = value else { throw .noSuchOverload }
    return text
  }

  private static func number(_ value: CELValue) throws(CELFailure) -> Int {
    guard case .int(let number) = value, let number = Int(exactly: number) else {
      throw .noSuchOverload
    }
    return number
  }

  private static func predicate(
    _ name: String, _ holds: @escaping @Sendable (String, String) -> Bool
  ) -> CELFunction {
    .member(name, [.string, .string], .bool) { arguments throws(CELFailure) in
      .bool(holds(try text(arguments[0]), try text(arguments[1])))
    }
  }

  private static func change(
    _ name: String, _ convert: @escaping @Sendable (String) -> String
  ) -> CELFunction {
    .member(name, [.string], .string) { arguments throws(CELFailure) in
      .string(convert(try text(arguments[0])))
    }
  }

  static let strings: [CELFunction] =
    [
      predicate("contains") { $1.isEmpty || $0.contains($1) },
      predicate("startsWith") { $0.hasPrefix($1) }, predicate("endsWith") { $0.hasSuffix($1) },
      change("lowerAscii") { ascii($0, lower: true) },
      change("upperAscii") { ascii($0, lower: false) },
      change("reverse") { String($0.reversed()) },
      change("trim") { text in
        let start = text.drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
      },
    ] + matching + positions + pieces

  private static func ascii(_ text: String, lower: Bool) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let isUpper = ("A"..."Z").contains(scalar)
          let isLower = ("a"..."z").contains(scalar)
          if lower, isUpper { return Unicode.Scalar(UInt8(scalar.value + 32)) }
          if !lower, isLower { return Unicode.Scalar(UInt8(scalar.value - 32)) }
          return scalar
        }))
  }

  private static func expression(_ value: CELValue) throws(CELFailure) -> RegularExpression {
    let pattern = try text(value)
    do throws(RegularExpression.Malformed) {
      return try RegularExpression(pattern)
    } catch {
      throw CELFailure(error.description)
    }
  }

  private static let matching: [CELFunction] =
    [false, true].map { isMember in
      CELFunction("matches", isMember: isMember, [.string, .string], .bool) {
        arguments throws(CELFailure) in
        .bool(try expression(arguments[1]).matches(try text(arguments[0])))
      }
    } + [
      .member("find", [.string, .string], .string) { arguments throws(CELFailure) in
        let scalars = Array(try text(arguments[0]).unicodeScalars)
        let match = try expression(arguments[1]).firstMatch(in: scalars, from: 0)
        return .string(match.map { slice(scalars, $0) } ?? "")
      },
      .member("findAll", [.string, .string], .list(.string)) { arguments throws(CELFailure) in
        .list(try findAll(arguments, limit: .max))
      },
      .member("findAll", [.string, .string, .int], .list(.string)) {
        arguments throws(CELFailure) in
        let limit = try number(arguments[2])
        return .list(try findAll(arguments, limit: limit < 0 ? .max : limit))
      },
    ]

  private static func slice(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(scalars[range]))
  }

  private static func findAll(
    _ arguments: [CELValue], limit: Int
  ) throws(CELFailure) -> [CELValue] {
    let scalars = Array(try text(arguments[0]).unicodeScalars)
    let expression = try expression(arguments[1])
    var found: [CELValue] = []
    var start = 0
    while found.count < limit, start <= scalars.count,
      let match = expression.firstMatch(in: scalars, from: start)
    {
      found.append(.string(slice(scalars, match)))
      start = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
    return found
  }

  private static func position(
    _ name: String, _ parameters: [CELType], isLast: Bool
  ) -> CELFunction {
    .member(name, parameters, .int) { arguments throws(CELFailure) in
      let scalars = Array(try text(arguments[0]).unicodeScalars)
      let wanted = Array(try text(arguments[1]).unicodeScalars)
      let places = (0...max(0, scalars.count - wanted.count)).filter { place in
        place + wanted.count <= scalars.count
          && scalars[place..<place + wanted.count].elementsEqual(wanted)
      }
      guard arguments.count == 3 else {
        return .int(Int64((isLast ? places.last : places.first) ?? -1))
      }
      let offset = try number(arguments[2])
      guard (0...scalars.count).contains(offset) else {
        throw CELFailure("index out of range: \(offset)")
      }
      let place =
        isLast ? places.last { $0 <= offset } : places.first { $0 >= offset }
      return .int(Int64(place ?? -1))
    }
  }

  private static let positions: [CELFunction] = [
    position("indexOf", [.string, .string], isLast: false),
    position("indexOf", [.string, .string, .int], isLast: false),
    position("lastIndexOf", [.string, .string], isLast: true),
    position("lastIndexOf", [.string, .string, .int], isLast: true),
    .member("charAt", [.string, .int], .string) { arguments throws(CELFailure) in
      let scalars = Array(try text(arguments[0]).unicodeScalars)
      let index = try number(arguments[1])
      guard (0...scalars.count).contains(index) else {
        throw CELFailure("index out of range: \(index)")
      }
      return .string(index == scalars.count ? "" : slice(scalars, index..<index + 1))
    },
    .member("substring", [.string, .int], .string) { arguments throws(CELFailure) in
      try substring(arguments, until: nil)
    },
    .member("substring", [.string, .int, .int], .string) { arguments throws(CELFailure) in
      try substring(arguments, until: try number(arguments[2]))
    },
  ]

  private static func substring(
    _ arguments: [CELValue], until end: Int?
  ) throws(CELFailure) -> CELValue {
    let scalars = Array(try text(arguments[0]).unicodeScalars)
    let start = try number(arguments[1])
    let end = end ?? scalars.count
    guard start >= 0, end <= scalars.count else {
      throw CELFailure("index out of range: \(start < 0 ? start : end)")
    }
    guard start <= end else {
      throw CELFailure("invalid substring range. start: \(start), end: \(end)")
    }
    return .string(slice(scalars, start..<end))
  }

  private static let pieces: [CELFunction] = [
    .member("replace", [.string, .string, .string], .string) { arguments throws(CELFailure) in
      .string(
        try text(arguments[0]).replacing(try text(arguments[1]), with: try text(arguments[2])))
    },
    .member("replace", [.string, .string, .string, .int], .string) { arguments throws(CELFailure) in
      let limit = try number(arguments[3])
      return .string(
        try text(arguments[0]).replacing(
          try text(arguments[1]), with: try text(arguments[2]),
          maxReplacements: limit < 0 ? .max : limit))
    },
    .member("split", [.string, .string], .list(.string)) { arguments throws(CELFailure) in
      .list(split(try text(arguments[0]), try text(arguments[1]), limit: -1))
    },
    .member("split", [.string, .string, .int], .list(.string)) { arguments throws(CELFailure) in
      .list(
        split(try text(arguments[0]), try text(arguments[1]), limit: try number(arguments[2])))
    },
    .member("join", [.list(.string)], .string) { arguments throws(CELFailure) in
      try join(arguments[0], separator: "")
    },
    .member("join", [.list(.string), .string], .string) { arguments throws(CELFailure) in
      try join(arguments[0], separator: try text(arguments[1]))
    },
  ]

  private static func split(_ text: String, _ separator: String, limit: Int) -> [CELValue] {
    if limit == 0 { return [] }
    if separator.isEmpty {
      let characters = text.map { String($0) }
      guard limit > 0, characters.count > limit else { return characters.map { .string($0) } }
      return (characters.prefix(limit - 1) + [characters.dropFirst(limit - 1).joined()])
        .map { .string($0) }
    }
    var parts: [CELValue] = []
    var rest = Substring(text)
    while limit < 0 || parts.count < limit - 1, let range = rest.firstRange(of: separator) {
      parts.append(.string(String(rest[..<range.lowerBound])))
      rest = rest[range.upperBound...]
    }
    return parts + [.string(String(rest))]
  }

  private static func join(
    _ list: CELValue, separator: String
  ) throws(CELFailure) -> CELValue {
    guard case .list(let elements) = list else { throw .noSuchOverload }
    var texts: [String] = []
    for element in elements { texts.append(try text(element)) }
    return .string(texts.joined(separator: separator))
  }
}
