import KubernetesClient
import Logging
import ManualTime
import ServiceLifecycle
import Synchronization
import Testing

@testable import ControllerRuntime

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct ControllerTests {
  private struct Failure: Error {}

  /// Runs the controller while `body` runs.
  private func running<Key>(
    _ controller: Controller<Key>, _ body: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await controller.run() }
      try await body()
      group.cancelAll()
    }
  }

  @Test func `keys are reconciled, failures come back later and later`() async throws {
    let clock = ManualClock()
    let (runs, run) = AsyncStream.makeStream(of: String.self)
    let attempts = Mutex(0)
    let queue = WorkQueue<String>(
      baseDelay: .seconds(1), maximumDelay: .seconds(60), time: TimeSource(clock: clock))
    let controller = Controller(name: "test", queue: queue, logger: silent) { key in
      let attempt = attempts.withLock { attempts in
        attempts += 1
        return attempts
      }
      run.yield(key)
      if attempt < 3 { throw Failure() }
      return .done
    }
    try await running(controller) {
      var seen = runs.makeAsyncIterator()
      queue.add("a")
      #expect(await seen.next() == "a")
      for seconds in [1, 2] {
        let due = clock.now.advanced(by: .seconds(seconds))
        while clock.deadlines != [due] { await Task.yield() }
        clock.advance(to: due)
        #expect(await seen.next() == "a")
      }
      while !queue.isIdle { await Task.yield() }
      #expect(queue.failureCount("a") == 0)
    }
  }

  @Test func `a key asks to be looked at again`() async throws {
    let clock = ManualClock()
    let (runs, run) = AsyncStream.makeStream(of: Void.self)
    let queue = WorkQueue<String>(time: TimeSource(clock: clock))
    let controller = Controller(name: "test", queue: queue, logger: silent) { _ in
      run.yield()
      return .requeue(after: .seconds(30))
    }
    try await running(controller) {
      var seen = runs.makeAsyncIterator()
      queue.add("a")
      await seen.next()
      for _ in 0..<3 {
        await clock.waitForSleepers()
        clock.advance(by: .seconds(30))
        await seen.next()
      }
    }
  }

  @Test func `one key never runs twice at once, different keys do`() async throws {
    let running = Mutex<[String: Int]>([:])
    let gate = Gate()
    let (starts, started) = AsyncStream.makeStream(of: String.self)
    let controller = Controller<String>(name: "test", workers: 4, logger: silent) { key in
      running.withLock { $0[key, default: 0] += 1 }
      #expect(running.withLock { $0[key] } == 1)
      started.yield(key)
      try await gate.wait()
      running.withLock { $0[key, default: 0] -= 1 }
      return .done
    }
    try await self.running(controller) {
      var starts = starts.makeAsyncIterator()
      controller.queue.add("a")
      controller.queue.add("b")
      #expect(Set([await starts.next(), await starts.next()]) == ["a", "b"])
      controller.queue.add("a")
      gate.open()
      #expect(await starts.next() == "a")
      while !controller.queue.isIdle { await Task.yield() }
    }
  }

  @Test func `nothing runs before it is ready`() async throws {
    let gate = Gate()
    let (runs, run) = AsyncStream.makeStream(of: Bool.self)
    let controller = Controller<String>(
      name: "test", logger: silent, ready: { try await gate.wait() }
    ) { _ in
      run.yield(gate.isOpen)
      return .done
    }
    try await running(controller) {
      controller.queue.add("a")
      gate.open()
      var runs = runs.makeAsyncIterator()
      #expect(await runs.next() == true)
    }
  }

  @Test func `graceful shutdown lets the present work finish`() async throws {
    let gate = Gate()
    let (starts, started) = AsyncStream.makeStream(of: Void.self)
    let finished = Mutex<[String]>([])
    let controller = Controller<String>(name: "test", logger: silent) { key in
      started.yield()
      try await gate.wait()
      finished.withLock { $0.append(key) }
      return .done
    }
    let group = ServiceGroup(services: [controller], logger: silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      controller.queue.add("a")
      controller.queue.add("b")
      var starts = starts.makeAsyncIterator()
      await starts.next()
      await group.triggerGracefulShutdown()
      while !controller.queue.isShutDown { await Task.yield() }
      gate.open()
      try await tasks.waitForAll()
    }
    #expect(finished.withLock { $0 } == ["a"])
  }

  @Test func `graceful shutdown ends one that is not ready yet`() async throws {
    let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
    let never = Gate()
    let controller = Controller<String>(
      name: "test", logger: silent,
      ready: {
        waiting.yield()
        try await never.wait()
      }
    ) { _ in .done }
    let group = ServiceGroup(services: [controller], logger: silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await _ in waits { break }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }
}
