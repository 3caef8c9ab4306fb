import KubernetesAPI

/// Where the elements of a list go that a strategic merge patch has touched.
///
/// Elements that the patch names keep its order, elements that only the server has keep theirs, and
/// the latter move in front of the first patched element that followed them in the live list. So an
/// element that is new to the server comes first.
struct ElementOrder: Sendable {
  /// The member that identifies an object; `nil` where elements are scalars.
  let mergeKey: String?

  func areSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    guard let mergeKey else { return left == right }
    return left[mergeKey] != nil && left[mergeKey] == right[mergeKey]
  }

  func arrange(
    _ elements: [JSONValue], patchOrder: [JSONValue], liveOrder: [JSONValue]
  ) -> [JSONValue] {
    func place(_ element: JSONValue, in order: [JSONValue]) -> Int? {
      order.firstIndex { areSame($0, element) }
    }
    let patched = sorted(elements.filter { place($0, in: patchOrder) != nil }, by: patchOrder)
    let serverOnly = sorted(elements.filter { place($0, in: patchOrder) == nil }, by: liveOrder)
    var result: [JSONValue] = []
    var next = serverOnly.startIndex
    for element in patched {
      if let bound = place(element, in: liveOrder) {
        while next < serverOnly.endIndex, let own = place(serverOnly[next], in: liveOrder),
          own < bound
        {
          result.append(serverOnly[next])
          next += 1
        }
      }
      result.append(element)
    }
    return result + serverOnly[next...]
  }

  /// A stable sort by place in `order`; elements that are not in it go last.
  private func sorted(_ elements: [JSONValue], by order: [JSONValue]) -> [JSONValue] {
    elements.enumerated()
      .map { index, element in
        (order.firstIndex { areSame($0, element) } ?? order.count, index, element)
      }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      .map(\.2)
  }
}
