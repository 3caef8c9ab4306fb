import ArgumentParser
import Foundation

/// Copies a file of the image into a volume: init containers of FRR mode do it with programs for the FRR container, whose
/// image does not have them (spec/operator 4.5).
struct CpToolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cp-tool", abstract: "Copy a program of the image to a place that others see.",
    shouldDisplay: false)

  @Argument(help: "What to copy; links are followed.") var source: String
  @Argument(help: "Where to, with the name of the copy.") var destination: String

  func run() throws {
    let source = URL(filePath: source).resolvingSymlinksInPath()
    let destination = URL(filePath: destination)
    let partial = destination.appendingPathExtension("part")
    do {
      try? FileManager.default.removeItem(at: partial)
      try FileManager.default.copyItem(at: source, to: partial)
    } catch {
      throw ValidationError("cannot copy \(self.source) to \(self.destination): \(error)")
    }
    // A container that starts again finds the earlier copy, perhaps in use: it is replaced in one step.
    guard rename(partial.path, destination.path) == 0 else {
      throw ValidationError(
        "cannot write \(self.destination): \(String(cString: strerror(errno)))")
    }
  }
}
