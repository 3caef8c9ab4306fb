/// What is to happen in a simulation, the earliest first; what was planned first among things at the same time.
struct Agenda<Entry> {
  private var heap: [(time: ContinuousClock.Instant, number: Int, entry: Entry)] = []
  private var lastNumber = 0

  var nextTime: ContinuousClock.Instant? { heap.first?.time }

  mutating func insert(_ entry: Entry, at time: ContinuousClock.Instant) {
    lastNumber += 1
    heap.append((time, lastNumber, entry))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> (time: ContinuousClock.Instant, entry: Entry)? {
    guard let first = heap.first else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, precedes(child + 1, child) { child += 1 }
      guard precedes(child, parent) else { break }
      heap.swapAt(parent, child)
      parent = child
    }
    return (first.time, first.entry)
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
  }
}

/// SplitMix64: the same seed gives the same run.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
