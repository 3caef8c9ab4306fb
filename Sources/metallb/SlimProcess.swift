import LinuxNetwork
import ServiceLifecycle

/// Keeps the process small: starting (TLS, decoding, the command line) touches three times as much code as running does, and
/// a large change touches it again.
struct SlimProcess: Service {
  /// Once the command line is read and connections are made.
  private static let afterStart = Duration.seconds(1)
  /// What an idle process uses comes back in less than a millisecond.
  private static let interval = Duration.seconds(10)

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        var delay = Self.afterStart
        while true {
          try await Task.sleep(for: delay)
          ProgramCode.release()
          delay = Self.interval
        }
      }
    } catch is CancellationError {
      return
    }
  }
}
