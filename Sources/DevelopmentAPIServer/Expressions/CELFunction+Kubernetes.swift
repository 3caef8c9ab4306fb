import KubernetesAPI
import NetworkAddresses

/// Times, and what Kubernetes adds to CEL: addresses, quantities, optional values.
extension CELFunction {
  // MARK: Times

  private static func part(
    _ name: String, _ value: @escaping @Sendable (TimeParts) -> Int
  ) -> CELFunction {
    .member(name, [.timestamp], .int) { arguments throws(CELFailure) in
      guard case .timestamp(let time) = arguments[0] else { throw .noSuchOverload }
      return .int(Int64(value(TimeParts(time))))
    }
  }

  private static func length(_ name: String, _ nanoseconds: Int64) -> CELFunction {
    .member(name, [.duration], .int) { arguments throws(CELFailure) in
      guard case .duration(let duration) = arguments[0] else { throw .noSuchOverload }
      return .int(duration.nanoseconds / nanoseconds)
    }
  }

  static let times: [CELFunction] = [
    part("getFullYear") { $0.year }, part("getMonth") { $0.month - 1 },
    part("getDate") { $0.day }, part("getDayOfMonth") { $0.day - 1 },
    part("getDayOfWeek") { $0.dayOfWeek }, part("getHours") { $0.hour },
    part("getMinutes") { $0.minute }, part("getSeconds") { $0.second },
    part("getMilliseconds") { $0.millisecond }, length("getHours", 3_600_000_000_000),
    length("getMinutes", 60_000_000_000), length("getSeconds", 1_000_000_000),
    length("getMilliseconds", 1_000_000),
  ]

  /// A point in time, in UTC, cut from its text.
  private struct TimeParts {
    var year, month, day, hour, minute, second, millisecond, dayOfWeek: Int

    init(_ time: Timestamp) {
      let numbers = time.rfc3339.split { !$0.isNumber }.map { Int($0) ?? 0 }
      (year, month, day) = (numbers[0], numbers[1], numbers[2])
      (hour, minute, second) = (numbers[3], numbers[4], numbers[5])
      millisecond = Int((time.microseconds / 1000) % 1000)
      let days = (Double(time.microseconds) / 86_400_000_000).rounded(.down)
      // 1970-01-01 was a Thursday; Sunday is 0.
      dayOfWeek = (((Int(days) + 4) % 7) + 7) % 7
    }
  }

  // MARK: Addresses

  private static func address(_ text: CELValue) -> IPAddress? {
    guard case .string(let text) = text else { return nil }
    return IPAddress(text)
  }

  /// Networks keep the address they were written with; host bits must be zero.
  private static func block(_ text: CELValue) -> CELValue? {
    guard case .string(let text) = text, let block = CIDRBlock(text) else { return nil }
    let parts = text.split(separator: "/")
    guard let address = IPAddress(parts[0]) else { return nil }
    return .block(block, address)
  }

  private static func property(
    _ name: String, _ holds: @escaping @Sendable (IPAddress) -> Bool
  ) -> CELFunction {
    .member(name, [.address], .bool) { arguments throws(CELFailure) in
      guard case .address(let address) = arguments[0] else { throw .noSuchOverload }
      return .bool(holds(address))
    }
  }

  private static func family(_ address: IPAddress) -> CELValue {
    .int(address.family == .ipv4 ? 4 : 6)
  }

  static let networks: [CELFunction] = [
    CELFunction("isIP", [.string], .bool) { .bool(address($0[0]) != nil) },
    CELFunction("ip", [.string], .address) { arguments throws(CELFailure) in
      guard let address = address(arguments[0]) else {
        throw CELFailure(
          "IP Address \(GoText.quoted(.string(text(of: arguments[0]) ?? ""))) parse error during conversion from string"
        )
      }
      return .address(address)
    },
    CELFunction("ip.isCanonical", [.string], .bool) { arguments throws(CELFailure) in
      guard let address = address(arguments[0]) else {
        throw CELFailure("IP Address parse error during conversion from string")
      }
      return .bool(text(of: arguments[0]) == address.description)
    },
    .member("family", [.address], .int) { arguments throws(CELFailure) in
      guard case .address(let address) = arguments[0] else { throw .noSuchOverload }
      return family(address)
    }, property("isUnspecified") { $0.isUnspecified }, property("isLoopback") { $0.isLoopback },
    property("isLinkLocalUnicast") { $0.isLinkLocal },
    property("isLinkLocalMulticast") { address in
      ["224.0.0.0/24", "ff02::/16"].compactMap { CIDRBlock($0) }.contains { $0.contains(address) }
    },
    property("isGlobalUnicast") {
      !$0.isUnspecified && !$0.isLoopback && !$0.isLinkLocal && !$0.isMulticast
        && $0.description != "255.255.255.255"
    }, CELFunction("isCIDR", [.string], .bool) { .bool(block($0[0]) != nil) },
    CELFunction("cidr", [.string], .block) { arguments throws(CELFailure) in
      guard let block = block(arguments[0]) else {
        throw CELFailure("network address parse error during conversion from string")
      }
      return block
    },
    .member("containsIP", [.block, .address], .bool) { arguments throws(CELFailure) in
      guard case .block(let block, _) = arguments[0], case .address(let address) = arguments[1]
      else { throw .noSuchOverload }
      return .bool(block.contains(address))
    },
    .member("containsIP", [.block, .string], .bool) { arguments throws(CELFailure) in
      guard case .block(let block, _) = arguments[0] else { throw .noSuchOverload }
      guard let address = address(arguments[1]) else {
        throw CELFailure("IP Address parse error during conversion from string")
      }
      return .bool(block.contains(address))
    },
    .member("containsCIDR", [.block, .block], .bool) { arguments throws(CELFailure) in
      guard case .block(let block, _) = arguments[0], case .block(let other, _) = arguments[1]
      else { throw .noSuchOverload }
      return .bool(block.contains(other))
    },
    .member("containsCIDR", [.block, .string], .bool) { arguments throws(CELFailure) in
      guard case .block(let outer, _) = arguments[0] else { throw .noSuchOverload }
      guard case .block(let other, _)? = block(arguments[1]) else {
        throw CELFailure("network address parse error during conversion from string")
      }
      return .bool(outer.contains(other))
    },
    .member("ip", [.block], .address) { arguments throws(CELFailure) in
      guard case .block(_, let address) = arguments[0] else { throw .noSuchOverload }
      return .address(address)
    },
    .member("masked", [.block], .block) { arguments throws(CELFailure) in
      guard case .block(let block, _) = arguments[0] else { throw .noSuchOverload }
      return .block(block, block.first)
    },
    .member("prefixLength", [.block], .int) { arguments throws(CELFailure) in
      guard case .block(let block, _) = arguments[0] else { throw .noSuchOverload }
      return .int(Int64(block.prefixLength))
    },
  ]

  // MARK: Quantities

  private static func compare(
    _ name: String, _ holds: @escaping @Sendable (Quantity, Quantity) -> Bool
  ) -> CELFunction {
    .member(name, [.quantity, .quantity], .bool) { arguments throws(CELFailure) in
      guard case .quantity(let a) = arguments[0], case .quantity(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .bool(holds(a, b))
    }
  }

  static let quantities: [CELFunction] = [
    CELFunction("isQuantity", [.string], .bool) { arguments in
      guard case .string(let text) = arguments[0] else { return .bool(false) }
      return .bool(Quantity(text) != nil)
    },
    CELFunction("quantity", [.string], .quantity) { arguments throws(CELFailure) in
      guard case .string(let text) = arguments[0], let quantity = Quantity(text) else {
        throw CELFailure(Quantity.malformed)
      }
      return .quantity(quantity)
    }, compare("isGreaterThan") { $0 > $1 }, compare("isLessThan") { $0 < $1 },
    .member("compareTo", [.quantity, .quantity], .int) { arguments throws(CELFailure) in
      guard let order = arguments[0].compare(to: arguments[1]) else { throw .noSuchOverload }
      return .int(Int64(order))
    },
    .member("sign", [.quantity], .int) { arguments throws(CELFailure) in
      guard case .quantity(let quantity) = arguments[0] else { throw .noSuchOverload }
      return .int(quantity.nanos.signum() < 0 ? -1 : quantity.nanos == 0 ? 0 : 1)
    },
    .member("isInteger", [.quantity], .bool) { arguments throws(CELFailure) in
      guard case .quantity(let quantity) = arguments[0] else { throw .noSuchOverload }
      return .bool(quantity.nanos % 1_000_000_000 == 0)
    },
    .member("asInteger", [.quantity], .int) { arguments throws(CELFailure) in
      guard case .quantity(let quantity) = arguments[0],
        quantity.nanos % 1_000_000_000 == 0,
        let number = Int64(exactly: quantity.nanos / 1_000_000_000)
      else { throw CELFailure("cannot convert value to integer") }
      return .int(number)
    },
    .member("asApproximateFloat", [.quantity], .double) { arguments throws(CELFailure) in
      guard case .quantity(let quantity) = arguments[0] else { throw .noSuchOverload }
      return .double(Double(quantity.nanos) / 1e9)
    },
  ]

  // MARK: Optional values

  static let optionals: [CELFunction] = [
    CELFunction("optional.of", [.parameter("A")], .optional(.parameter("A"))) {
      .optional($0[0])
    }, CELFunction("optional.none", [], .optional(.dyn)) { _ in .optional(nil) },
    .member("hasValue", [.optional(.parameter("A"))], .bool) { arguments throws(CELFailure) in
      guard case .optional(let value) = arguments[0] else { throw .noSuchOverload }
      return .bool(value != nil)
    },
    .member("value", [.optional(.parameter("A"))], .parameter("A")) {
      arguments throws(CELFailure) in
      guard case .optional(let value?) = arguments[0] else {
        throw CELFailure("optional.none() dereference")
      }
      return value
    },
    .member("orValue", [.optional(.parameter("A")), .parameter("A")], .parameter("A")) {
      arguments throws(CELFailure) in
      guard case .optional(let value) = arguments[0] else { throw .noSuchOverload }
      return value ?? arguments[1]
    },
    .member(
      "or", [.optional(.parameter("A")), .optional(.parameter("A"))], .optional(.parameter("A"))
    ) { arguments throws(CELFailure) in
      guard case .optional(let value) = arguments[0] else { throw .noSuchOverload }
      return value == nil ? arguments[1] : arguments[0]
    },
  ]
}
