import ArgumentParser
import OperatorRendering

struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Print what would be installed or applied, as YAML.",
    subcommands: [RenderInstallCommand.self])
}

struct RenderInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Print the operator's installation, for kubectl apply -f -.")

  @Option(help: "What kind of cluster it is for: kubernetes or openshift.")
  var platform: Platform = .kubernetes

  @Option(help: "The namespace of the operator and of everything that it runs.")
  var namespace: String = Installation.defaultNamespace

  @Option(help: "The image of operator, controller and speakers.")
  var image: ImageReference?

  @Option(
    name: .customLong("api-port"),
    help: "A port of the API server, for network policies; may be given several times.")
  var apiPorts: [Int] = []

  func validate() throws {
    guard apiPorts.allSatisfy({ 1...65535 ~= $0 }) else {
      throw ValidationError("A port is a number from 1 to 65535.")
    }
  }

  func run() throws {
    var installation = Installation(
      platform: platform, namespace: namespace,
      image: try image ?? ImageReference(Installation.defaultImage))
    if !apiPorts.isEmpty { installation.apiServerPorts = apiPorts }
    print(try installation.manifest(), terminator: "")
  }
}

extension Platform: ExpressibleByArgument {}

extension ImageReference: ExpressibleByArgument {
  package init?(argument: String) {
    guard let reference = try? ImageReference(argument) else { return nil }
    self = reference
  }
}
