import KubernetesAPI

/// Which nodes lists of selectors choose, to tell whether two of them meet on some node.
struct NodeSelection {
  /// The labels of every node; nil when nodes are not known.
  private let nodes: [[String: String]]?
  private var selected: [[LabelSelector]: Set<Int>] = [:]

  init(nodes: [[String: String]]?) { self.nodes = nodes }

  /// Whether some node is chosen by both lists. Without any node the answer is yes: one may come. Nil when nodes are
  /// not known and the lists alone do not say.
  mutating func meet(_ left: [LabelSelector], _ right: [LabelSelector]) -> Bool? {
    if left.isEmpty || right.isEmpty || left == right { return true }
    guard let nodes else { return nil }
    return nodes.isEmpty || !indices(left).isDisjoint(with: indices(right))
  }

  /// Whether there are nodes, and the list chooses none of them.
  mutating func isEmpty(_ selectors: [LabelSelector]) -> Bool {
    guard !selectors.isEmpty, nodes?.isEmpty == false else { return false }
    return indices(selectors).isEmpty
  }

  private mutating func indices(_ selectors: [LabelSelector]) -> Set<Int> {
    if let known = selected[selectors] { return known }
    let found = Set(
      (nodes ?? []).indices.filter { index in
        selectors.contains { $0.matches((nodes ?? [])[index]) }
      })
    selected[selectors] = found
    return found
  }
}
