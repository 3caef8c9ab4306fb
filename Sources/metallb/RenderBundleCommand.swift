import ArgumentParser
import Foundation
import OperatorRendering

struct RenderBundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Print the bundle for the Operator Lifecycle Manager, or write it into a folder.")

  @OptionGroup var options: RenderOptions

  @Option(help: "The folder to write the files into; without one they are printed.")
  var output: String?

  func run() throws {
    let files = try OperatorBundle.files(options.installation(options.readValues()))
    for file in files {
      guard let output else {
        print("# \(file.path)\n---\n\(file.text)", terminator: "")
        continue
      }
      let url = URL(filePath: output).appending(path: file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.text.utf8).write(to: url)
    }
  }
}
