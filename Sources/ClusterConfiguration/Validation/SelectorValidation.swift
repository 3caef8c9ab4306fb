import KubernetesAPI

/// Checks label selectors as the API server would: the CRDs cannot.
enum SelectorValidation {
  /// Checks a list of selectors that are ORed.
  /// - Throws: `invalidSelector` for a selector that cannot be evaluated, `duplicateSelector` for one that stands there
  ///   twice.
  static func check(
    _ selectors: [LabelSelector]?, field: String
  ) throws(ConfigurationFault) {
    var seen: Set<LabelSelector> = []
    for (index, selector) in (selectors ?? []).enumerated() {
      let place = "\(field)[\(index)]"
      try check(selector, field: place)
      guard seen.insert(selector.normalized).inserted else {
        throw ConfigurationFault(
          .duplicateSelector, field: place,
          "duplicate definition of the label selector: remove one of them")
      }
    }
  }

  static func check(_ selector: LabelSelector, field: String) throws(ConfigurationFault) {
    for (key, value) in (selector.matchLabels ?? [:]).sorted(by: { $0.key < $1.key }) {
      try checkKey(key, field: "\(field).matchLabels")
      try checkValue(value, field: "\(field).matchLabels[\(key)]")
    }
    var seen: Set<LabelSelector.Requirement> = []
    for (index, requirement) in (selector.matchExpressions ?? []).enumerated() {
      let place = "\(field).matchExpressions[\(index)]"
      try check(requirement, field: place)
      guard seen.insert(requirement.normalized).inserted else {
        throw ConfigurationFault(
          .duplicateSelector, field: place,
          "duplicate definition of the match expression for \"\(requirement.key)\": remove one of them"
        )
      }
    }
  }

  private static func check(
    _ requirement: LabelSelector.Requirement, field: String
  ) throws(ConfigurationFault) {
    try checkKey(requirement.key, field: "\(field).key")
    let values = requirement.values ?? []
    switch requirement.operator {
    case "In", "NotIn":
      guard !values.isEmpty else {
        throw ConfigurationFault(
          .invalidSelector, field: "\(field).values",
          "operator \(requirement.operator) needs values: add at least one")
      }
    case "Exists", "DoesNotExist":
      guard values.isEmpty else {
        throw ConfigurationFault(
          .invalidSelector, field: "\(field).values",
          "operator \(requirement.operator) takes no values: remove them")
      }
    default:
      throw ConfigurationFault(
        .invalidSelector, field: "\(field).operator",
        "\"\(requirement.operator)\" is not an operator: write In, NotIn, Exists or DoesNotExist")
    }
    for (index, value) in values.enumerated() {
      try checkValue(value, field: "\(field).values[\(index)]")
    }
    guard Set(values).count == values.count else {
      throw ConfigurationFault(
        .duplicateSelector, field: "\(field).values",
        "duplicate definition of a value for \"\(requirement.key)\": remove one of them")
    }
  }

  /// A qualified name: `name` or `prefix/name`.
  private static func checkKey(_ key: String, field: String) throws(ConfigurationFault) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    let isValid =
      switch parts.count {
      case 1: isName(parts[0])
      case 2: isSubdomain(parts[0]) && isName(parts[1])
      default: false
      }
    guard isValid else {
      throw ConfigurationFault(
        .invalidSelector, field: field,
        "\"\(key)\" is not a label key: write up to 63 letters, digits, - _ or . that begin and end with a letter or digit, after an optional DNS prefix and a slash"
      )
    }
  }

  private static func checkValue(_ value: String, field: String) throws(ConfigurationFault) {
    guard value.isEmpty || isName(value[...]) else {
      throw ConfigurationFault(
        .invalidSelector, field: field,
        "\"\(value)\" is not a label value: write up to 63 letters, digits, - _ or . that begin and end with a letter or digit"
      )
    }
  }

  private static func isName(_ text: Substring) -> Bool {
    let bytes = text.utf8
    guard 1...63 ~= bytes.count, let first = bytes.first, let last = bytes.last else {
      return false
    }
    return first.isLetterOrDigit && last.isLetterOrDigit
      && bytes.allSatisfy { $0.isLetterOrDigit || "-_.".utf8.contains($0) }
  }

  /// RFC 1123 §2.1, in lower case.
  private static func isSubdomain(_ text: Substring) -> Bool {
    guard text.utf8.count <= 253 else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      let bytes = label.utf8
      guard let first = bytes.first, let last = bytes.last else { return false }
      return first.isLowercaseOrDigit && last.isLowercaseOrDigit
        && bytes.allSatisfy { $0.isLowercaseOrDigit || $0 == UInt8(ascii: "-") }
    }
  }
}

extension LabelSelector {
  /// The same selector in one spelling: expressions and their values sorted, nothing empty.
  var normalized: LabelSelector {
    let expressions = (matchExpressions ?? []).map(\.normalized).sorted {
      $0.sortKey.lexicographicallyPrecedes($1.sortKey)
    }
    return LabelSelector(
      matchLabels: (matchLabels ?? [:]).isEmpty ? nil : matchLabels,
      matchExpressions: expressions.isEmpty ? nil : expressions)
  }
}

extension LabelSelector.Requirement {
  fileprivate var sortKey: [String] { [key, `operator`] + (values ?? []) }

  fileprivate var normalized: LabelSelector.Requirement {
    let values = (values ?? []).sorted()
    return LabelSelector.Requirement(
      key: key, operator: `operator`, values: values.isEmpty ? nil : values)
  }
}

extension UInt8 {
  fileprivate var isLowercaseOrDigit: Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "0")...UInt8(ascii: "9") ~= self
  }

  fileprivate var isLetterOrDigit: Bool {
    isLowercaseOrDigit || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self
  }
}
