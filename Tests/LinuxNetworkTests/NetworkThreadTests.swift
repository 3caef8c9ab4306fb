import Foundation
import LinuxNetwork
import NamespaceTesting
import Testing

@Suite(.timeLimit(.minutes(1)))
struct NetworkThreadTests {
  @Test func `A thread returns its value`() async throws {
    #expect(try await NetworkThread.run(name: "value") { 42 } == 42)
  }

  @Test func `A thread's error reaches the caller`() async {
    await #expect(throws: LinuxError("probe", code: 5)) {
      try await NetworkThread.run(name: "error") { throw LinuxError("probe", code: 5) }
    }
  }

  @Test func `Work runs on a thread of its own that carries the name`() async throws {
    let name = try await NetworkThread.run(name: "metallb-layer2-long") {
      try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    }
    #expect(name == "metallb-layer2-\n")
  }

  @Test func `Cancelling the task stops the thread`() async throws {
    let signal = try ThreadSignal()
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await NetworkThread.run(name: "loop", signal: signal) {
        let poller = try Poller()
        try poller.add(signal.descriptor, token: 9)
        continuation.finish()
        var tokens: [UInt64] = []
        // The cancellation may come before the first wait, which then returns at once.
        repeat { try poller.wait(timeout: nil, into: &tokens) } while !signal.isStopped
        return tokens
      }
    }
    for await _ in started {}
    task.cancel()
    #expect(try await task.value == [9])
  }

  @Test func `A wake-up is seen once, however often it was asked for`() throws {
    let signal = try ThreadSignal()
    let poller = try Poller()
    try poller.add(signal.descriptor, token: 1)
    var tokens: [UInt64] = []
    try poller.wait(timeout: .zero, into: &tokens)
    #expect(tokens.isEmpty)
    signal.wake()
    signal.wake()
    try poller.wait(timeout: nil, into: &tokens)
    #expect(tokens == [1])
    signal.clear()
    try poller.wait(timeout: .zero, into: &tokens)
    #expect(tokens.isEmpty)
    #expect(!signal.isStopped)
  }

  @Test(arguments: [
    (Duration?.none, Int32(-1)),
    (.zero, 0), (.milliseconds(-5), 0), (.nanoseconds(1), 1), (.milliseconds(1), 1),
    (.microseconds(1_100_001), 1_101), (.seconds(3), 3_000), (.seconds(1 << 40), 2_000_000_000),
  ])
  func `A wait is rounded up to whole milliseconds`(timeout: Duration?, expected: Int32) {
    #expect(Poller.milliseconds(timeout) == expected)
  }

  @Test func `A missing namespace is named in the error`() async throws {
    let error = await #expect(throws: LinuxError.self) {
      try await NetworkThread.run(name: "x", in: .named("mlb-no-such")) {}
    }
    #expect(error?.isNotFound == true)
    #expect(
      error?.description == "open namespace /run/netns/mlb-no-such: No such file or directory")
  }
}

@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct NetworkThreadNamespaceTests {
  @Test func `Only the thread enters a namespace`() async throws {
    try await TestNamespace.with { namespaces in
      let current = { @Sendable in
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
      }
      let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
      let entered = try await NetworkThread.run(
        name: "entered", in: namespaces[0].networkNamespace, current)
      #expect(entered != own)
      #expect(try await NetworkThread.run(name: "after", current) == own)
      let file = try #require(
        FileHandle(forReadingAtPath: namespaces[0].networkNamespace.path))
      #expect(
        try await NetworkThread.run(
          name: "fd", in: .descriptor(file.fileDescriptor), current) == entered)
      try file.close()
    }
  }
}
