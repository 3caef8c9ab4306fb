import KubernetesAPI
import NetworkAddresses

extension CELFunction {
  static let conversions: [CELFunction] =
    sizes + toInt + toUInt + toDouble + toString + [
      CELFunction("bool", [.bool], .bool) { $0[0] },
      CELFunction("bool", [.string], .bool) { arguments throws(CELFailure) in
        guard case .string(let text) = arguments[0] else { throw .noSuchOverload }
        switch text {
        case "true", "True", "TRUE", "t", "1": return .bool(true)
        case "false", "False", "FALSE", "f", "0": return .bool(false)
        default: throw CELFailure("type conversion error from 'string' to 'bool'")
        }
      }, CELFunction("bytes", [.bytes], .bytes) { $0[0] },
      CELFunction("bytes", [.string], .bytes) { arguments throws(CELFailure) in
        guard case .string(let text) = arguments[0] else { throw .noSuchOverload }
        return .bytes(Array(text.utf8))
      }, CELFunction("dyn", [.parameter("A")], .dyn) { $0[0] },
      CELFunction("type", [.dyn], .type) { .type($0[0].typeName) },
      CELFunction("duration", [.duration], .duration) { $0[0] },
      CELFunction("duration", [.string], .duration) { arguments throws(CELFailure) in
        guard case .string(let text) = arguments[0], let duration = GoDuration(text) else {
          throw CELFailure("type conversion error from 'string' to 'google.protobuf.Duration'")
        }
        return .duration(duration)
      }, CELFunction("timestamp", [.timestamp], .timestamp) { $0[0] },
      CELFunction("timestamp", [.string], .timestamp) { arguments throws(CELFailure) in
        guard case .string(let text) = arguments[0], let time = Timestamp(text) else {
          throw CELFailure("type conversion error from 'string' to 'google.protobuf.Timestamp'")
        }
        return .timestamp(time)
      },
      CELFunction("timestamp", [.int], .timestamp) { arguments throws(CELFailure) in
        guard case .int(let seconds) = arguments[0] else { throw .noSuchOverload }
        return .timestamp(Timestamp(microseconds: seconds &* 1_000_000))
      },
    ]

  private static let sizes: [CELFunction] =
    ([.string, .bytes, .list(.parameter("A")), .map(.parameter("A"), .parameter("B"))] as [CELType])
    .flatMap { type in
      [false, true].map { isMember in
        CELFunction("size", isMember: isMember, [type], .int) { arguments throws(CELFailure) in
          guard let length = arguments[0].length else { throw .noSuchOverload }
          return .int(Int64(length))
        }
      }
    }

  private static func conversion(
    _ name: String, from type: CELType, to result: CELType,
    _ convert: @escaping @Sendable (CELValue) -> CELValue?
  ) -> CELFunction {
    CELFunction(name, [type], result) { arguments throws(CELFailure) in
      guard let value = convert(arguments[0]) else {
        throw CELFailure("type conversion error from '\(type)' to '\(result)'")
      }
      return value
    }
  }

  private static let toInt: [CELFunction] = [
    conversion("int", from: .int, to: .int) { $0 },
    conversion("int", from: .uint, to: .int) { value in
      guard case .uint(let number) = value else { return nil }
      return Int64(exactly: number).map { .int($0) }
    },
    conversion("int", from: .double, to: .int) { value in
      guard case .double(let number) = value, number.isFinite, abs(number) < 9.2e18 else {
        return nil
      }
      return .int(Int64(number))
    },
    conversion("int", from: .string, to: .int) { value in
      guard case .string(let text) = value else { return nil }
      return Int64(text).map { .int($0) }
    },
    conversion("int", from: .timestamp, to: .int) { value in
      guard case .timestamp(let time) = value else { return nil }
      return .int(time.microseconds / 1_000_000)
    },
  ]

  private static let toUInt: [CELFunction] = [
    conversion("uint", from: .uint, to: .uint) { $0 },
    conversion("uint", from: .int, to: .uint) { value in
      guard case .int(let number) = value else { return nil }
      return UInt64(exactly: number).map { .uint($0) }
    },
    conversion("uint", from: .string, to: .uint) { value in
      guard case .string(let text) = value else { return nil }
      return UInt64(text).map { .uint($0) }
    },
  ]

  private static let toDouble: [CELFunction] = [
    conversion("double", from: .double, to: .double) { $0 },
    conversion("double", from: .int, to: .double) { value in
      guard case .int(let number) = value else { return nil }
      return .double(Double(number))
    },
    conversion("double", from: .uint, to: .double) { value in
      guard case .uint(let number) = value else { return nil }
      return .double(Double(number))
    },
    conversion("double", from: .string, to: .double) { value in
      guard case .string(let text) = value else { return nil }
      return Double(text).map { .double($0) }
    },
  ]

  private static let toString: [CELFunction] =
    ([.string, .int, .uint, .double, .bool, .bytes, .timestamp, .duration, .address, .block]
    as [CELType])
    .map { type in
      conversion("string", from: type, to: .string) { text(of: $0).map { .string($0) } }
    }

  static func text(of value: CELValue) -> String? {
    switch value {
    case .string(let text): text
    case .int(let number): String(number)
    case .uint(let number): String(number)
    case .double(let number): JSONValue.double(number).jsonText
    case .bool(let flag): flag ? "true" : "false"
    case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
    case .timestamp(let time): time.rfc3339
    case .duration(let duration): "\(JSONValue.double(duration.seconds).jsonText)s"
    case .address(let address): address.description
    case .block(let block, let address): "\(address)/\(block.prefixLength)"
    default: nil
    }
  }
}
