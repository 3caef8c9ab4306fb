import ArgumentParser
import DevelopmentCluster
import KubernetesAPI
import LabJourney
import NetworkLab

/// Runs a cluster until it is told to end.
struct LabUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Run a cluster on this machine until SIGINT or SIGTERM.")

  @OptionGroup var lab: LabOptions

  func run() async throws {
    try await requireLab()
    let options = try lab.sessionOptions()
    let logger = lab.logger()
    try await untilSignalled {
      try await withLabSession(options, logger: logger) { session in
        try await session.waitUntilReady()
        standardOutput("\(options.nodes) nodes are ready: \(Self.invitation(session))\n")
        try await Task.sleep(for: .seconds(Int64.max / 1_000_000_000))
      }
    }
  }

  /// How to use a cluster that runs.
  static func invitation(_ session: LabSession) -> String {
    """
    export KUBECONFIG=\(session.kubeconfigPath)
    client host: nsenter --net=\(session.network.client.path)
    free addresses: \(session.topology.loadBalancers)
    """
  }
}

/// Ends clusters that run and removes what interrupted ones left behind.
struct LabDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down",
    abstract: "End the labs of this machine and remove what interrupted ones left behind.")

  func run() async throws {
    if let unmet = LabRequirements.unmet() {
      standardError("Error: \(unmet)")
      throw ExitCode.failure
    }
    let journals = LabJournal.all()
    if journals.isEmpty { print("no lab") }
    for journal in journals {
      let wasRunning = try await journal.end(within: .seconds(30))
      print("\(journal.path): \(wasRunning ? "ended" : "removed what was left")")
    }
  }
}

/// The server behind a lab's Service.
struct LabEchoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab-echo", abstract: "Say which Pod answers.", shouldDisplay: false)

  @Option(help: "The port to serve HTTP on.")
  var port = 8080

  func run() async throws {
    let logger = LogLevel.warn.startLogging(label: "echo")
    let server = EchoServer(
      port: port, node: environment("NODE_NAME"), pod: environment("POD_NAME"), logger: logger)
    try await runUntilSignalled([server], grace: .seconds(1), logger: logger)
  }
}
