import KubernetesAPI

extension CELFunction {
  static let operators: [CELFunction] =
    arithmetic + comparisons + [
      CELFunction("!_", [.bool], .bool) { arguments throws(CELFailure) in
        guard case .bool(let flag) = arguments[0] else { throw .noSuchOverload }
        return .bool(!flag)
      },
      CELFunction("-_", [.int], .int) { arguments throws(CELFailure) in
        guard case .int(let number) = arguments[0], number != .min else { throw .overflow }
        return .int(-number)
      },
      CELFunction("-_", [.double], .double) { arguments throws(CELFailure) in
        guard case .double(let number) = arguments[0] else { throw .noSuchOverload }
        return .double(-number)
      },
      CELFunction("@in", [.parameter("A"), .list(.parameter("A"))], .bool) { arguments in
        guard case .list(let elements) = arguments[1] else { return .bool(false) }
        return .bool(elements.contains { $0.isEqual(to: arguments[0]) })
      },
      CELFunction("@in", [.parameter("A"), .map(.parameter("A"), .dyn)], .bool) { arguments in
        guard let keys = arguments[1].iterated else { return .bool(false) }
        return .bool(keys.contains { $0.isEqual(to: arguments[0]) })
      },
    ]

  private static let comparisons: [CELFunction] =
    equality + order("_<_") { $0 < 0 } + order("_<=_") { $0 <= 0 } + order("_>_") { $0 > 0 }
    + order("_>=_") { $0 >= 0 }

  private static let equality: [CELFunction] = [
    CELFunction("_==_", [.parameter("A"), .parameter("A")], .bool) {
      .bool($0[0].isEqual(to: $0[1]))
    },
    CELFunction("_!=_", [.parameter("A"), .parameter("A")], .bool) {
      .bool(!$0[0].isEqual(to: $0[1]))
    },
  ]

  private static func order(
    _ name: String, _ holds: @escaping @Sendable (Int) -> Bool
  ) -> [CELFunction] {
    orderedTypes.map { left, right in
      CELFunction(name, [left, right], .bool) { arguments throws(CELFailure) in
        guard let order = arguments[0].compare(to: arguments[1]) else { throw .noSuchOverload }
        return .bool(holds(order))
      }
    }
  }

  /// Numbers compare across their types.
  private static let orderedTypes: [(CELType, CELType)] = [
    (.int, .int), (.int, .uint), (.int, .double), (.uint, .int), (.uint, .uint), (.uint, .double),
    (.double, .int), (.double, .uint), (.double, .double), (.string, .string), (.bytes, .bytes),
    (.bool, .bool), (.duration, .duration), (.timestamp, .timestamp),
  ]

  private static func integers(
    _ name: String, _ operation: @escaping @Sendable (Int64, Int64) -> (Int64, Bool)
  ) -> CELFunction {
    CELFunction(name, [.int, .int], .int) { arguments throws(CELFailure) in
      guard case .int(let a) = arguments[0], case .int(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      if b == 0, name == "_/_" { throw CELFailure("division by zero") }
      if b == 0, name == "_%_" { throw CELFailure("modulus by zero") }
      let (result, overflow) = operation(a, b)
      if overflow { throw .overflow }
      return .int(result)
    }
  }

  private static func unsigned(
    _ name: String, _ operation: @escaping @Sendable (UInt64, UInt64) -> (UInt64, Bool)
  ) -> CELFunction {
    CELFunction(name, [.uint, .uint], .uint) { arguments throws(CELFailure) in
      guard case .uint(let a) = arguments[0], case .uint(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      if b == 0, name == "_/_" { throw CELFailure("division by zero") }
      if b == 0, name == "_%_" { throw CELFailure("modulus by zero") }
      let (result, overflow) = operation(a, b)
      if overflow { throw CELFailure("unsigned integer overflow") }
      return .uint(result)
    }
  }

  private static func doubles(
    _ name: String, _ operation: @escaping @Sendable (Double, Double) -> Double
  ) -> CELFunction {
    CELFunction(name, [.double, .double], .double) { arguments throws(CELFailure) in
      guard case .double(let a) = arguments[0], case .double(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .double(operation(a, b))
    }
  }

  private static let arithmetic: [CELFunction] = [
    integers("_+_") { $0.addingReportingOverflow($1) },
    integers("_-_") { $0.subtractingReportingOverflow($1) },
    integers("_*_") { $0.multipliedReportingOverflow(by: $1) },
    integers("_/_") { $0.dividedReportingOverflow(by: $1) },
    integers("_%_") { $0.remainderReportingOverflow(dividingBy: $1) },
    unsigned("_+_") { $0.addingReportingOverflow($1) },
    unsigned("_-_") { $0.subtractingReportingOverflow($1) },
    unsigned("_*_") { $0.multipliedReportingOverflow(by: $1) },
    unsigned("_/_") { $0.dividedReportingOverflow(by: $1) },
    unsigned("_%_") { $0.remainderReportingOverflow(dividingBy: $1) }, doubles("_+_", +),
    doubles("_-_", -), doubles("_*_", *), doubles("_/_", /),
    CELFunction("_+_", [.string, .string], .string) { arguments throws(CELFailure) in
      guard case .string(let a) = arguments[0], case .string(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .string(a + b)
    },
    CELFunction("_+_", [.bytes, .bytes], .bytes) { arguments throws(CELFailure) in
      guard case .bytes(let a) = arguments[0], case .bytes(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .bytes(a + b)
    },
    CELFunction("_+_", [.list(.parameter("A")), .list(.parameter("A"))], .list(.parameter("A"))) {
      arguments throws(CELFailure) in
      guard case .list(let a) = arguments[0], case .list(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .list(a + b)
    },
    CELFunction("_+_", [.duration, .duration], .duration) { arguments throws(CELFailure) in
      guard case .duration(let a) = arguments[0], case .duration(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .duration(GoDuration(nanoseconds: a.nanoseconds &+ b.nanoseconds))
    },
    CELFunction("_-_", [.duration, .duration], .duration) { arguments throws(CELFailure) in
      guard case .duration(let a) = arguments[0], case .duration(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .duration(GoDuration(nanoseconds: a.nanoseconds &- b.nanoseconds))
    },
    CELFunction("_+_", [.timestamp, .duration], .timestamp) { arguments throws(CELFailure) in
      try shift(arguments[0], by: arguments[1], sign: 1)
    },
    CELFunction("_+_", [.duration, .timestamp], .timestamp) { arguments throws(CELFailure) in
      try shift(arguments[1], by: arguments[0], sign: 1)
    },
    CELFunction("_-_", [.timestamp, .duration], .timestamp) { arguments throws(CELFailure) in
      try shift(arguments[0], by: arguments[1], sign: -1)
    },
    CELFunction("_-_", [.timestamp, .timestamp], .duration) { arguments throws(CELFailure) in
      guard case .timestamp(let a) = arguments[0], case .timestamp(let b) = arguments[1] else {
        throw .noSuchOverload
      }
      return .duration(GoDuration(nanoseconds: (a.microseconds - b.microseconds) &* 1000))
    },
  ]

  private static func shift(
    _ time: CELValue, by duration: CELValue, sign: Int64
  ) throws(CELFailure) -> CELValue {
    guard case .timestamp(let time) = time, case .duration(let duration) = duration else {
      throw .noSuchOverload
    }
    return .timestamp(
      Timestamp(microseconds: time.microseconds &+ sign &* (duration.nanoseconds / 1000)))
  }
}
