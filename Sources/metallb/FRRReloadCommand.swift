import ArgumentParser
import FRRControl
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// The `reloader` container of FRR mode: hands each configuration that the speaker writes to FRR (spec/speaker 5.2).
/// One reload at a time; what is asked for during one is done after it.
struct FRRReloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frr-reload",
    abstract: "Make FRR take up its configuration file each time SIGHUP arrives.")

  @Option(help: "The directory that is shared with the speaker.")
  var directory = "/etc/frr_reloader"

  @Option(help: .init("What FRR is asked with, instead of its own tool.", visibility: .hidden))
  var tool: String?

  func run() async throws {
    let logger = LogLevel.info.startLogging(label: "frr-reload")
    var reload = FRRReload(directory: directory)
    if let tool { reload.command = [tool] }
    // Before anybody knows whom to signal.
    let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
    try reload.write("\(getpid())", to: reload.pidFile)
    defer { try? FileManager.default.removeItem(atPath: reload.pidFile) }
    logger.info("waiting for SIGHUP", metadata: ["pid": "\(getpid())"])
    for await signal in signals {
      guard signal == .sighup else { return }
      let outcome = try await reload.run(now: Int64(time(nil)))
      if outcome.isSuccess {
        logger.info("FRR has taken up its configuration")
      } else {
        logger.error("FRR refuses its configuration", metadata: ["output": "\(outcome.output)"])
      }
    }
  }
}
