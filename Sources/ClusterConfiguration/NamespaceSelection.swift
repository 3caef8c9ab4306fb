import KubernetesAPI

/// Which Namespaces lists of selectors choose. Many pools have the same list.
struct NamespaceSelection {
  private let namespaces: [(name: String, labels: [String: String])]
  private var selected: [[LabelSelector]: Set<String>] = [:]

  init(_ namespaces: [Namespace]) {
    self.namespaces = namespaces.map { ($0.metadata.name, $0.metadata.labels) }
  }

  /// The names of those that one of the selectors matches.
  mutating func names(_ selectors: [LabelSelector]) -> Set<String> {
    if let known = selected[selectors] { return known }
    var names: Set<String> = []
    for (name, labels) in namespaces where selectors.contains(where: { $0.matches(labels) }) {
      names.insert(name)
    }
    selected[selectors] = names
    return names
  }
}
