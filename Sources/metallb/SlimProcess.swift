import LinuxNetwork
import ServiceLifecycle

/// Keeps the process small: starting (TLS, decoding, the command line) touches three times as much code as running does, and
/// a large change touches it again.
struct SlimProcess: Service {
  /// Once the command line is read and connections are made, and when work that waited for the start is done.
  private static let afterStart = [Duration.seconds(1), .seconds(9)]
  private static let interval = Duration.seconds(300)

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        for delay in Self.afterStart {
          try await Task.sleep(for: delay)
          ProgramCode.release()
        }
        while true {
          try await Task.sleep(for: Self.interval)
          ProgramCode.release()
        }
      }
    } catch is CancellationError {
      return
    }
  }
}
