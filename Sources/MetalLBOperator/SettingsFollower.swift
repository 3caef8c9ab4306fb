internal import ControllerRuntime
package import Logging
package import ServiceLifecycle

/// Services that read their settings when they start, as servers read what they may negotiate. A change ends them as the
/// process's shutdown would, and starts others.
package struct SettingsFollower<Settings: Sendable>: ServiceLifecycle.Service {
  private let settings: AsyncStream<Settings>
  private let logger: Logger
  private let makeServices: @Sendable (Settings) throws -> [any ServiceLifecycle.Service]

  /// - Parameters:
  ///   - settings: the first ones start the services; for this reader alone.
  ///   - makeServices: at least one, which run until graceful shutdown.
  package init(
    _ settings: AsyncStream<Settings>, logger: Logger,
    makeServices: @escaping @Sendable (Settings) throws -> [any ServiceLifecycle.Service]
  ) {
    self.settings = settings
    self.logger = logger
    self.makeServices = makeServices
  }

  /// Runs until graceful shutdown or cancellation; throws what the services throw.
  package func run() async throws {
    var next = await nextSettings()
    while let settings = next { next = try await serve(settings) }
  }

  /// - Returns: other settings; `nil` when it is time to end.
  private func serve(_ settings: Settings) async throws -> Settings? {
    let started = Gate()
    let group = ServiceGroup(
      services: [Starter(started: started)] + (try makeServices(settings)), logger: logger)
    return try await withThrowingTaskGroup(of: Settings?.self) { tasks in
      tasks.addTask {
        try await group.run()
        return nil
      }
      tasks.addTask {
        guard let next = await nextSettings() else { return nil }
        // A group that has not begun cannot be ended.
        try await started.wait()
        logger.info("starting servers anew, with other settings")
        await group.triggerGracefulShutdown()
        return next
      }
      var next: Settings?
      for try await found in tasks { next = found ?? next }
      return next
    }
  }

  private func nextSettings() async -> Settings? {
    await cancelWhenGracefulShutdown { [settings] in
      for await next in settings { return next }
      return nil
    }
  }

  /// Tells that its group runs.
  private struct Starter: ServiceLifecycle.Service {
    let started: Gate

    func run() async throws {
      started.open()
      try? await gracefulShutdown()
    }
  }
}
