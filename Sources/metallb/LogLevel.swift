import ArgumentParser
import Glibc
import Logging

/// The values of `--log-level` (spec/controller 4.6).
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
  case all, debug, info, warn, error, none

  private var level: Logger.Level {
    switch self {
    case .all: .trace
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    case .none: .critical
    }
  }

  /// Makes JSON lines on standard output, or another file, the log of this process.
  func startLogging(label: String, descriptor: Int32 = STDOUT_FILENO) -> Logger {
    let (level, isSilent) = (level, self == .none)
    LoggingSystem.bootstrap { _ in
      if isSilent {
        SwiftLogNoOpLogHandler()
      } else {
        JSONLogHandler(level: level, descriptor: descriptor)
      }
    }
    return Logger(label: label)
  }
}
