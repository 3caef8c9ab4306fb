import ArgumentParser
import KubernetesClient
import OperatorRendering

@main
struct MetalLBCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metallb",
    abstract: "A load balancer for bare-metal Kubernetes clusters.",
    version: ProductVersion.current,
    subcommands: [
      OperatorCommand.self, ControllerCommand.self, SpeakerCommand.self, RenderCommand.self,
      ConvertCommand.self, ConfigMapToCRsCommand.self, PlanCommand.self, ApiserverCommand.self,
      LabCommand.self, LabEchoCommand.self, CpToolCommand.self, FRRReloadCommand.self,
      FRRMetricsCommand.self,
    ]
  )

  /// Container images call the parts by upstream's command paths, so the name that the program is
  /// called by picks the subcommand (design D1). As `kubectl-metallb`, kubectl's plugin, it takes subcommands like
  /// under its own name.
  static let commandsByProgramName = [
    "controller": "controller", "speaker": "speaker", "manager": "operator",
    "metallb-operator": "operator", "configmaptocrs": "configmaptocrs", "cp-tool": "cp-tool",
    "frr-metrics": "frr-metrics", "frr-reloader.sh": "frr-reload",
  ]

  static func main() async {
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    var arguments = Array(CommandLine.arguments.dropFirst())
    let implied =
      program == "metallb"
      ? ImpliedCommand.command(arguments: arguments, environment: processEnvironment()) : nil
    if let command = commandsByProgramName[program] ?? implied { arguments.insert(command, at: 0) }
    do {
      var command = try await asyncParseAsRoot(arguments.compactMap(withoutBooleanValue))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(by: error, command: arguments.first ?? "")
    }
  }

  /// What containers run ends with 1 after every error, also of the command line, as upstream's processes do.
  private static func end(by error: any Error, command: String) -> Never {
    let daemons: [any ParsableCommand.Type] = [
      OperatorCommand.self, ControllerCommand.self, SpeakerCommand.self,
    ]
    guard exitCode(for: error) == .validationFailure,
      daemons.contains(where: { $0.configuration.commandName == command })
    else { exit(withError: error) }
    standardError(fullMessage(for: error))
    exit(withError: ExitCode.failure)
  }

  /// Go's flags take `--name=true` and `--name=false` for booleans, and manifests use that.
  private static func withoutBooleanValue(_ argument: String) -> String? {
    for flag in booleanFlags
    where argument.hasPrefix("--\(flag)=") || argument.hasPrefix("-\(flag)=") {
      return argument.hasSuffix("=false") ? nil : "--\(flag)"
    }
    return argument
  }

  private static let booleanFlags = [
    "enable-leader-election", "disable-cert-rotation", "webhook-http2",
    "external-metallb-webhook-server", "ignore-exclude-lb", "ml-wan-config",
    "frrk8s-secret-passthrough", "only-data", "stdout",
  ]
}
