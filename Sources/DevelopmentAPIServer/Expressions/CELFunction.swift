/// One overload of a function or operator.
struct CELFunction: Sendable {
  typealias Body = @Sendable ([CELValue]) throws(CELFailure) -> CELValue

  var name: String
  /// Called as `target.name(…)`; the target is the first parameter.
  var isMember: Bool
  var parameters: [CELType]
  var result: CELType
  var body: Body

  init(
    _ name: String, isMember: Bool = false, _ parameters: [CELType], _ result: CELType,
    _ body: @escaping Body
  ) {
    self.name = name
    self.isMember = isMember
    self.parameters = parameters
    self.result = result
    self.body = body
  }

  static func member(
    _ name: String, _ parameters: [CELType], _ result: CELType, _ body: @escaping Body
  ) -> CELFunction {
    CELFunction(name, isMember: true, parameters, result, body)
  }

  /// All overloads, by name.
  static let all: [String: [CELFunction]] = Dictionary(
    grouping: operators + conversions + strings + lists + times + networks + quantities + optionals,
    by: \.name)

  static func overloads(_ name: String, isMember: Bool) -> [CELFunction] {
    (all[name] ?? []).filter { $0.isMember == isMember }
  }
}

/// What went wrong while an expression was evaluated.
struct CELFailure: Error, Hashable, Sendable {
  var message: String
  /// The budget ran out: nothing absorbs that.
  var isFatal = false

  init(_ message: String, isFatal: Bool = false) {
    self.message = message
    self.isFatal = isFatal
  }

  static let noSuchOverload = CELFailure("no such overload")
  static let overflow = CELFailure("integer overflow")
  static let budget = CELFailure(
    "operation cancelled: actual cost limit exceeded", isFatal: true)
}
