/// What is to happen in a simulation, the earliest first; what was planned first among things at the same time.
struct Agenda<Entry> {
  private struct Place: Comparable {
    var time: ContinuousClock.Instant
    var number: Int

    static func < (left: Self, right: Self) -> Bool {
      left.time == right.time ? left.number < right.number : left.time < right.time
    }
  }

  /// Apart from the entries, which cost more to move.
  private var heap: [Place] = []
  private var entries: [Int: Entry] = [:]
  private var lastNumber = 0

  var nextTime: ContinuousClock.Instant? { heap.first?.time }

  mutating func insert(_ entry: Entry, at time: ContinuousClock.Instant) {
    lastNumber += 1
    entries[lastNumber] = entry
    heap.append(Place(time: time, number: lastNumber))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> (time: ContinuousClock.Instant, entry: Entry)? {
    guard let first = heap.first, let entry = entries.removeValue(forKey: first.number) else {
      return nil
    }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { break }
      heap.swapAt(parent, child)
      parent = child
    }
    return (first.time, entry)
  }
}
