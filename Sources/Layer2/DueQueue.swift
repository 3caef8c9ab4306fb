/// Things to do at certain times, the earliest first; at equal times, the one that came first.
///
/// Times mostly come in order, because each kind of wait has one length: then adding and taking cost nothing much. A time
/// out of order is put in its place.
struct DueQueue<Element: Sendable>: Sendable {
  private var entries: [(due: ContinuousClock.Instant, element: Element)] = []
  private var head = 0

  var first: (due: ContinuousClock.Instant, element: Element)? {
    head < entries.count ? entries[head] : nil
  }

  mutating func insert(_ element: Element, due: ContinuousClock.Instant) {
    guard let last = entries.last, head < entries.count, due < last.due else {
      entries.append((due, element))
      return
    }
    var (low, high) = (head, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].due <= due { low = middle + 1 } else { high = middle }
    }
    entries.insert((due, element), at: low)
  }

  @discardableResult
  mutating func popFirst() -> Element? {
    guard let entry = first else { return nil }
    head += 1
    if head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return entry.element
  }
}
