import ArgumentParser

@main
struct MetalLBCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metallb",
    abstract: "A load balancer for bare-metal Kubernetes clusters.",
    subcommands: [ApiserverCommand.self, RenderCommand.self]
  )

  /// Container images call the parts by upstream's command paths, so the name that the program is
  /// called by picks the subcommand (design D1).
  static let commandsByProgramName = [
    "controller": "controller", "speaker": "speaker", "manager": "operator",
    "metallb-operator": "operator",
  ]

  static func main() async {
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let command = commandsByProgramName[program] { arguments.insert(command, at: 0) }
    await main(arguments)
  }
}
