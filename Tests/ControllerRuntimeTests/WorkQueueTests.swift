import KubernetesClient
import ManualTime
import Testing

@testable import ControllerRuntime

@Suite(.timeLimit(.minutes(1))) struct WorkQueueTests {
  @Test func `a worker gets a key that is added later`() async {
    let queue = WorkQueue<String>()
    async let key = queue.next()
    queue.add("a")
    #expect(await key == "a")
    #expect(!queue.isIdle)
    queue.done("a")
    #expect(queue.isIdle)
  }

  @Test func `delayed keys arrive when the clock gets there`() async {
    let clock = ManualClock()
    let queue = WorkQueue<String>(time: TimeSource(clock: clock))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await queue.run() }
      queue.add("late", after: .seconds(10))
      await clock.waitForSleepers()
      queue.add("early", after: .seconds(5))
      // The earlier key wakes the queue, which then sleeps for it.
      while clock.deadlines != [clock.start.advanced(by: .seconds(5))] { await Task.yield() }
      clock.advance(by: .seconds(5))
      #expect(await queue.next() == "early")
      await clock.waitForSleepers()
      #expect(clock.deadlines == [clock.start.advanced(by: .seconds(10))])
      clock.advance(by: .seconds(5))
      #expect(await queue.next() == "late")
      group.cancelAll()
    }
  }

  @Test func `failures wait longer and longer`() async {
    let clock = ManualClock()
    let queue = WorkQueue<String>(
      baseDelay: .seconds(1), maximumDelay: .seconds(3), time: TimeSource(clock: clock))
    #expect(queue.addRateLimited("a") == .seconds(1))
    #expect(queue.failureCount("a") == 1)
    #expect(queue.addRateLimited("a") == .seconds(2))
    #expect(queue.addRateLimited("a") == .seconds(3))
    queue.forget("a")
    #expect(queue.addRateLimited("a") == .seconds(1))
  }

  @Test func `shutting down and cancelling end the waiting`() async {
    let queue = WorkQueue<String>()
    await withTaskGroup(of: String?.self) { group in
      group.addTask { await queue.next() }
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
    async let key = queue.next()
    queue.shutDown()
    #expect(await key == nil)
    queue.add("a")
    #expect(await queue.next() == nil)
  }

  @Test func `many workers share the keys without loss or repetition`() async {
    let queue = WorkQueue<Int>()
    let keys = 0..<1000
    let seen = await withTaskGroup(of: [Int].self) { group in
      for _ in 0..<8 {
        group.addTask {
          var mine: [Int] = []
          while let key = await queue.next() {
            mine.append(key)
            queue.done(key)
            if queue.isIdle { queue.shutDown() }
          }
          return mine
        }
      }
      for key in keys { queue.add(key) }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(seen).isSubset(of: Set(keys)))
    #expect(Set(seen).count == seen.count)
  }
}
