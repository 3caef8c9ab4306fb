import KubernetesAPI

/// What is wrong with one field of an object, in the API's own words (`field.Error`).
struct FieldError: Error, Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case required, invalid, typeInvalid, duplicate, notSupported, notFound, forbidden
    case tooLong, tooMany, internalError
  }

  var kind: Kind
  /// A path such as `spec.ports[0].port` or `metadata.labels`.
  var field: String
  /// What was found there; `nil` where the message does not quote it.
  var value: JSONValue?
  var detail: String

  init(_ kind: Kind, _ field: String, value: JSONValue? = nil, detail: String = "") {
    self.kind = kind
    self.field = field
    self.value = value
    self.detail = detail
  }

  static func required(_ field: String, _ detail: String = "") -> FieldError {
    FieldError(.required, field, detail: detail)
  }

  static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
    FieldError(.invalid, field, value: value, detail: detail)
  }

  static func invalidCIDR(_ field: String, _ text: String) -> FieldError {
    .invalid(
      field, .string(text), "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
  }

  static func duplicate(_ field: String, _ value: JSONValue) -> FieldError {
    FieldError(.duplicate, field, value: value)
  }

  /// The supported values are listed in the order given; the API sorts most of its lists.
  static func notSupported(
    _ field: String, _ value: JSONValue, supported: [String]
  ) -> FieldError {
    let list = supported.map { JSONValue.string($0).jsonText }.joined(separator: ", ")
    return FieldError(
      .notSupported, field, value: value,
      detail: supported.isEmpty ? "" : "supported values: \(list)")
  }

  static func forbidden(_ field: String, _ detail: String) -> FieldError {
    FieldError(.forbidden, field, detail: detail)
  }

  /// `StatusCause.reason`
  var reason: String {
    switch kind {
    case .required: "FieldValueRequired"
    case .invalid: "FieldValueInvalid"
    case .typeInvalid: "FieldValueTypeInvalid"
    case .duplicate: "FieldValueDuplicate"
    case .notSupported: "FieldValueNotSupported"
    case .notFound: "FieldValueNotFound"
    case .forbidden: "FieldValueForbidden"
    case .tooLong: "FieldValueTooLong"
    case .tooMany: "FieldValueTooMany"
    case .internalError: "InternalError"
    }
  }

  /// `Invalid value: "x": detail`, without the field.
  var message: String {
    var text =
      switch kind {
      case .required: "Required value"
      case .invalid, .typeInvalid: "Invalid value"
      case .duplicate: "Duplicate value"
      case .notSupported: "Unsupported value"
      case .notFound: "Not found"
      case .forbidden: "Forbidden"
      case .tooLong: "Too long"
      case .tooMany: "Too many"
      case .internalError: "Internal error"
      }
    switch kind {
    case .invalid, .typeInvalid, .duplicate, .notSupported, .notFound, .tooMany:
      if let value { text += ": \(GoText.quoted(value))" }
    case .required, .forbidden, .tooLong, .internalError: break
    }
    return detail.isEmpty ? text : "\(text): \(detail)"
  }
}

extension FieldError: CustomStringConvertible {
  var description: String { field.isEmpty ? message : "\(field): \(message)" }
}
