import Logging
import MetalLBOperator
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1))) struct SettingsFollowerTests {
  private struct Failure: Error {}

  private struct Server: Service {
    var settings: Int
    var tell: @Sendable (String) -> Void

    func run() async throws {
      if settings < 0 { throw Failure() }
      tell("start \(settings)")
      try? await gracefulShutdown()
      tell("stop \(settings)")
    }
  }

  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  @Test func `Each change ends what runs before it starts the next`() async throws {
    let (settings, change) = AsyncStream.makeStream(of: Int.self)
    let (events, tell) = AsyncStream.makeStream(of: String.self)
    let follower = SettingsFollower(settings, logger: logger) { settings in
      [Server(settings: settings) { tell.yield($0) }]
    }
    let group = ServiceGroup(services: [follower], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await group.run()
        tell.finish()
      }
      // Two at once, before the first has started.
      change.yield(1)
      change.yield(2)
      var seen: [String] = []
      for await event in events {
        seen.append(event)
        if event == "start 2" { change.yield(3) }
        if event == "start 3" { await group.triggerGracefulShutdown() }
      }
      #expect(
        seen.filter { $0 != "start 1" && $0 != "stop 1" } == [
          "start 2", "stop 2", "start 3", "stop 3",
        ])
      try await tasks.waitForAll()
    }
  }

  @Test func `It ends without ever having had settings`() async throws {
    let (settings, change) = AsyncStream.makeStream(of: Int.self)
    defer { change.finish() }
    let (events, tell) = AsyncStream.makeStream(of: String.self)
    let follower = SettingsFollower(settings, logger: logger) { settings in
      [Server(settings: settings) { tell.yield($0) }]
    }
    let other = Server(settings: 0) { tell.yield($0) }
    let group = ServiceGroup(services: [follower, other], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await _ in events { break }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  @Test func `What fails ends it`() async throws {
    let (settings, change) = AsyncStream.makeStream(of: Int.self)
    change.yield(-1)
    let follower = SettingsFollower(settings, logger: logger) { settings in
      [Server(settings: settings) { _ in }]
    }
    await #expect(throws: Failure.self) { try await follower.run() }
  }
}
