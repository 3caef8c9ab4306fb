import ArgumentParser
import KubernetesAPI
import LabJourney
import NetworkLab
import OperatorRendering

/// Measures how long an address is away when its node loses it.
struct LabFailoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "failover",
    abstract: "Crash nodes, end and pause speakers again and again; measure from packets.")

  @OptionGroup var lab: LabOptions

  @Option(help: "How many times each cause.")
  var rounds = 50

  @Option(help: "Only this cause: crash, termination or pause.")
  var cause: String?

  @Option(help: "Where to write every step with its figures, as JSON.")
  var json: String?

  func validate() throws {
    guard 1...1000 ~= rounds else { throw ValidationError("--rounds must be 1 to 1000.") }
    guard cause.map({ FailoverFigures.Cause(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--cause must be crash, termination or pause.")
    }
  }

  func run() async throws {
    try await requireLab()
    let manifest = try LabDemoCommand.shippedManifest()
    let options = try lab.sessionOptions()
    let logger = lab.logger()
    let style = TerminalStyle.standardOutput()
    let timeline = Timeline(style: style, write: standardOutput)
    let causes = cause.flatMap { FailoverFigures.Cause(rawValue: $0) }.map { [$0] }
    try await untilSignalled {
      let figures = try await withLabSession(options, logger: logger) { session in
        let journey = try Journey(session: session, timeline: timeline, manifest: manifest)
        do {
          return try await journey.measureFailovers(
            rounds: rounds, causes: causes ?? FailoverFigures.Cause.allCases)
        } catch {
          if !Task.isCancelled { standardError(await session.diagnosis()) }
          throw error
        }
      }
      standardOutput("\n\(style.strong(figures.text))\n")
      guard let json else { return }
      let document: JSONValue = ["steps": timeline.json, "summary": figures.json]
      try LabFiles.write(document.prettyText() + "\n", to: json)
    }
  }
}
