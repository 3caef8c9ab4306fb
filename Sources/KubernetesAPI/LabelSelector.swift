/// `metav1.LabelSelector`. All requirements must hold; an empty selector matches everything.
package struct LabelSelector: Codable, Sendable, Hashable {
  package var matchLabels: [String: String]?
  package var matchExpressions: [Requirement]?

  package struct Requirement: Codable, Sendable, Hashable {
    package var key: String
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    package var `operator`: String
    package var values: [String]?

    package init(key: String, operator: String, values: [String]? = nil) {
      self.key = key
      self.operator = `operator`
      self.values = values
    }
  }

  package init(matchLabels: [String: String]? = nil, matchExpressions: [Requirement]? = nil) {
    self.matchLabels = matchLabels
    self.matchExpressions = matchExpressions
  }

  package var isEmpty: Bool {
    (matchLabels ?? [:]).isEmpty && (matchExpressions ?? []).isEmpty
  }

  /// Whether the labels satisfy every requirement. A requirement with an operator that does not
  /// exist matches nothing; validation refuses it before.
  package func matches(_ labels: [String: String]) -> Bool {
    for (key, value) in matchLabels ?? [:] where labels[key] != value { return false }
    for requirement in matchExpressions ?? [] where !requirement.matches(labels) { return false }
    return true
  }
}

extension LabelSelector.Requirement {
  func matches(_ labels: [String: String]) -> Bool {
    let value = labels[key]
    switch `operator` {
    case "In": return value.map { (values ?? []).contains($0) } ?? false
    case "NotIn": return value.map { !(values ?? []).contains($0) } ?? true
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    default: return false
    }
  }
}
