import KubernetesAPI

extension CELFunction {
  private static func elements(_ value: CELValue) throws(CELFailure) -> [CELValue] {
    guard case .list(let elements) = value else { throw .noSuchOverload }
    return elements
  }

  private static func extremum(_ name: String, wanted: Int) -> [CELFunction] {
    ordered.map { type in
      .member(name, [.list(type)], type) { arguments throws(CELFailure) in
        let list = try elements(arguments[0])
        guard var best = list.first else {
          throw CELFailure("\(name) called on empty list")
        }
        for element in list.dropFirst() where element.compare(to: best) == wanted { best = element }
        return best
      }
    }
  }

  private static let ordered: [CELType] = [
    .int, .uint, .double, .string, .bool, .bytes, .duration, .timestamp,
  ]

  private static func set(
    _ name: String, _ holds: @escaping @Sendable ([CELValue], [CELValue]) -> Bool
  ) -> CELFunction {
    CELFunction(name, [.list(.parameter("A")), .list(.parameter("A"))], .bool) {
      arguments throws(CELFailure) in
      .bool(holds(try elements(arguments[0]), try elements(arguments[1])))
    }
  }

  private static func isSubset(_ part: [CELValue], of whole: [CELValue]) -> Bool {
    part.allSatisfy { element in whole.contains { $0.isEqual(to: element) } }
  }

  static let lists: [CELFunction] =
    extremum("min", wanted: -1) + extremum("max", wanted: 1)
    + ordered.map { type in
      .member("isSorted", [.list(type)], .bool) { arguments throws(CELFailure) in
        let list = try elements(arguments[0])
        return .bool(zip(list, list.dropFirst()).allSatisfy { ($0.compare(to: $1) ?? 1) <= 0 })
      }
    }
    + [
      .member("sum", [.list(.int)], .int) { arguments throws(CELFailure) in
        var total: Int64 = 0
        for element in try elements(arguments[0]) {
          guard case .int(let number) = element else { throw .noSuchOverload }
          let (sum, overflow) = total.addingReportingOverflow(number)
          if overflow { throw .overflow }
          total = sum
        }
        return .int(total)
      },
      .member("sum", [.list(.double)], .double) { arguments throws(CELFailure) in
        var total = 0.0
        for element in try elements(arguments[0]) {
          guard case .double(let number) = element else { throw .noSuchOverload }
          total += number
        }
        return .double(total)
      },
      .member("indexOf", [.list(.parameter("A")), .parameter("A")], .int) {
        arguments throws(CELFailure) in
        let index = try elements(arguments[0]).firstIndex { $0.isEqual(to: arguments[1]) }
        return .int(Int64(index ?? -1))
      },
      .member("lastIndexOf", [.list(.parameter("A")), .parameter("A")], .int) {
        arguments throws(CELFailure) in
        let index = try elements(arguments[0]).lastIndex { $0.isEqual(to: arguments[1]) }
        return .int(Int64(index ?? -1))
      },
      .member("distinct", [.list(.parameter("A"))], .list(.parameter("A"))) {
        arguments throws(CELFailure) in
        var kept: [CELValue] = []
        for element in try elements(arguments[0])
        where !kept.contains(where: { $0.isEqual(to: element) }) {
          kept.append(element)
        }
        return .list(kept)
      },
      .member("slice", [.list(.parameter("A")), .int, .int], .list(.parameter("A"))) {
        arguments throws(CELFailure) in
        let list = try elements(arguments[0])
        guard case .int(let start) = arguments[1], case .int(let end) = arguments[2], start >= 0,
          start <= end, end <= list.count
        else { throw CELFailure("cannot slice: index out of range") }
        return .list(Array(list[Int(start)..<Int(end)]))
      }, set("sets.contains") { isSubset($1, of: $0) },
      set("sets.equivalent") { isSubset($0, of: $1) && isSubset($1, of: $0) },
      set("sets.intersects") { a, b in a.contains { isSubset([$0], of: b) } },
    ]
}
