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

  /// What this program calls itself to others.
  static let version = "metallb-swift"

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
    await main(arguments.compactMap(withoutBooleanValue))
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
