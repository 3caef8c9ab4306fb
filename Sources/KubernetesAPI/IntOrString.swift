/// `intstr.IntOrString`: a port by number or by name.
package enum IntOrString: Sendable, Hashable, CustomStringConvertible {
  case int(Int)
  case string(String)

  package var description: String {
    switch self {
    case .int(let value): String(value)
    case .string(let value): value
    }
  }
}

extension IntOrString: Codable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(stringLiteral value: String) { self = .string(value) }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .int(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    }
  }
}
