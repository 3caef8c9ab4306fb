import SeededRandomness
import Testing

@testable import ControllerRuntime

@Suite struct WorkQueueCoreTests {
  private let start = ContinuousClock.now
  private func queue() -> WorkQueueCore<String> {
    WorkQueueCore(baseDelay: .milliseconds(5), maximumDelay: .seconds(1))
  }

  @Test func `a queued key is handed out once`() {
    var queue = queue()
    for key in ["a", "b", "a", "a"] { queue.add(key, priority: 0) }
    #expect(queue.queuedCount == 2)
    #expect(queue.next() == "a")
    #expect(queue.next() == "b")
    #expect(queue.next() == nil)
    #expect(queue.processingCount == 2)
  }

  @Test func `a key that is processed waits for its end`() {
    var queue = queue()
    queue.add("a", priority: 0)
    #expect(queue.next() == "a")
    queue.add("a", priority: 0)
    queue.add("a", priority: 0)
    #expect(queue.next() == nil)
    queue.done("a")
    #expect(queue.next() == "a")
    queue.done("a")
    #expect(queue.next() == nil)
    #expect(queue.processingCount == 0)
  }

  @Test func `keys leave by priority, equal ones in order`() {
    var queue = queue()
    queue.add("low", priority: -1)
    queue.add("a", priority: 0)
    queue.add("b", priority: 0)
    queue.add("high", priority: 5)
    #expect([queue.next(), queue.next(), queue.next(), queue.next()] == ["high", "a", "b", "low"])
  }

  @Test func `a queued key rises to a higher priority and never falls`() {
    var queue = queue()
    for key in ["a", "b", "c"] { queue.add(key, priority: 0) }
    queue.add("c", priority: 1)
    queue.add("c", priority: -1)
    #expect(queue.queuedCount == 3)
    #expect([queue.next(), queue.next(), queue.next(), queue.next()] == ["c", "a", "b", nil])
  }

  @Test func `a key that was added while it was processed keeps its highest priority`() {
    var queue = queue()
    queue.add("a", priority: 0)
    _ = queue.next()
    queue.add("a", priority: 3)
    queue.add("a", priority: 1)
    queue.add("b", priority: 2)
    queue.done("a")
    #expect(queue.next() == "a")
  }

  @Test func `delayed keys come at their time, in its order`() {
    var queue = queue()
    queue.add("late", due: start.advanced(by: .seconds(2)), priority: 0)
    queue.add("early", due: start.advanced(by: .seconds(1)), priority: 0)
    #expect(queue.advance(to: start) == start.advanced(by: .seconds(1)))
    #expect(queue.next() == nil)
    #expect(queue.delayedCount == 2)
    #expect(queue.advance(to: start.advanced(by: .seconds(1))) == start.advanced(by: .seconds(2)))
    #expect(queue.next() == "early")
    #expect(queue.advance(to: start.advanced(by: .seconds(5))) == nil)
    #expect(queue.next() == "late")
    #expect(queue.delayedCount == 0)
  }

  @Test func `of two delayed additions the earlier one counts`() {
    var queue = queue()
    queue.add("a", due: start.advanced(by: .seconds(5)), priority: 0)
    queue.add("a", due: start.advanced(by: .seconds(1)), priority: 0)
    queue.add("a", due: start.advanced(by: .seconds(3)), priority: 0)
    #expect(queue.delayedCount == 1)
    #expect(queue.advance(to: start.advanced(by: .seconds(1))) == nil)
    #expect(queue.next() == "a")
    queue.done("a")
    #expect(queue.advance(to: start.advanced(by: .seconds(10))) == nil)
    #expect(queue.next() == nil)
  }

  @Test func `a delayed key that comes due while it is processed runs again`() {
    var queue = queue()
    queue.add("a", priority: 0)
    _ = queue.next()
    queue.add("a", due: start, priority: 0)
    _ = queue.advance(to: start)
    #expect(queue.next() == nil)
    queue.done("a")
    #expect(queue.next() == "a")
  }

  @Test func `failures double the delay up to the maximum, each key for itself`() {
    var queue = queue()
    let delays = (0..<10).map { _ in queue.nextDelay("a") }
    let expected = [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000].map {
      Duration.milliseconds($0)
    }
    #expect(delays == expected)
    #expect(queue.nextDelay("b") == .milliseconds(5))
    queue.forget("a")
    #expect(queue.nextDelay("a") == .milliseconds(5))
    for _ in 0..<100 { _ = queue.nextDelay("a") }
    #expect(queue.nextDelay("a") == .seconds(1))
  }

  /// Against a slow model: random operations from a seeded generator, the same answers.
  @Test(arguments: 0..<20) func `random operations keep the rules`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = queue()
    var waiting: [String] = []
    var processing: Set<String> = []
    var again: Set<String> = []
    for _ in 0..<2000 {
      let key = ["a", "b", "c", "d", "e", "f"][Int.random(in: 0..<6, using: &random)]
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        queue.add(key, priority: 0)
        if processing.contains(key) {
          again.insert(key)
        } else if !waiting.contains(key) {
          waiting.append(key)
        }
      case 1:
        let expected = waiting.isEmpty ? nil : waiting.removeFirst()
        if let expected { processing.insert(expected) }
        #expect(queue.next() == expected)
      default:
        guard processing.remove(key) != nil else { continue }
        queue.done(key)
        if again.remove(key) != nil { waiting.append(key) }
      }
      #expect(queue.queuedCount == waiting.count)
      #expect(queue.processingCount == processing.count)
    }
  }
}
