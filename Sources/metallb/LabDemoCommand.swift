import ArgumentParser
import KubernetesAPI
import LabJourney
import NetworkLab
import OperatorRendering

/// Walks a user's way through MetalLB and measures each step.
struct LabDemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Install, use, break and uninstall MetalLB on a cluster of this machine.")

  @OptionGroup var lab: LabOptions

  @Option(help: "Where to write every step with its figures, as JSON.")
  var json: String?

  @Option(help: "The installation to apply, instead of the one that is shipped.")
  var manifest: String?

  @Flag(help: "Leave the cluster running after the last step, until a signal.")
  var keep = false

  func run() async throws {
    try await requireLab()
    let manifest = try self.manifest.map(LabFiles.read) ?? Self.shippedManifest()
    let options = try lab.sessionOptions()
    let logger = lab.logger()
    let style = TerminalStyle.standardOutput()
    let timeline = Timeline(style: style, write: standardOutput)
    try await untilSignalled {
      let summary = try await withLabSession(options, logger: logger) { session in
        do {
          let journey = try Journey(session: session, timeline: timeline, manifest: manifest)
          let summary = try await journey.walk()
          try report(timeline, summary, isComplete: true)
          standardOutput("\n\(style.strong(summary.text))\n")
          if keep { try await stayUp(session) }
          return summary
        } catch {
          try report(timeline, JourneySummary(), isComplete: false)
          if !Task.isCancelled { standardError(await session.diagnosis()) }
          throw error
        }
      }
      _ = summary
    }
  }

  static func shippedManifest() throws -> String {
    try Installation(
      platform: .kubernetes, image: ImageReference(Installation.defaultImage)
    ).manifest()
  }

  private func stayUp(_ session: LabSession) async throws {
    standardOutput("\nThe cluster stays up: \(LabUpCommand.invitation(session))\n")
    try await Task.sleep(for: .seconds(Int64.max / 1_000_000_000))
  }

  private func report(_ timeline: Timeline, _ summary: JourneySummary, isComplete: Bool) throws {
    guard let json else { return }
    let document: JSONValue = [
      "ok": .bool(isComplete), "steps": timeline.json, "summary": summary.json,
    ]
    try LabFiles.write(document.prettyText() + "\n", to: json)
  }
}
