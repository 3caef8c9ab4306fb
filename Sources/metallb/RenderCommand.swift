import ArgumentParser
import ChartValues
import Foundation
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering

struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Print what would be installed or applied, as YAML.",
    subcommands: [
      RenderInstallCommand.self, RenderBundleCommand.self, RenderWorkloadsCommand.self,
    ])
}

/// What all of `render` asks: where it is for, and with which images and values.
struct RenderOptions: ParsableArguments {
  @Option(help: "What kind of cluster it is for: kubernetes or openshift.")
  var platform: Platform = .kubernetes

  @Option(help: "The namespace of the operator and of everything that it runs.")
  var namespace: String?

  @Option(help: "The image of operator, controller and speakers.")
  var image: ImageReference?

  @Option(help: "Another image for the controller.") var controllerImage: ImageReference?
  @Option(help: "Another image for the speakers.") var speakerImage: ImageReference?
  @Option(help: "The image with FRR, for the backends that run it.") var frrImage: ImageReference?
  @Option(name: .customLong("frr-k8s-image"), help: "The image of frr-k8s.")
  var frrK8sImage: ImageReference?

  @Option(
    name: .customLong("api-port"),
    help: """
      A port of the API server, for network policies; may be given several times. Without it, operator and webhook \
      server may reach every TCP port, and the operator finds out what the controller needs.
      """)
  var apiPorts: [Int] = []

  @Option(help: "How many operators and webhook servers run; of operators one acts.")
  var replicas = 1

  @Option(help: "Helm values of MetalLB's chart, or of the pack around it.")
  var values: String?

  @Option(name: .shortAndLong, help: "A file with a MetalLB object.")
  var file: String?

  func validate() throws {
    guard apiPorts.allSatisfy({ 1...65535 ~= $0 }) else {
      throw ValidationError("A port is a number from 1 to 65535.")
    }
    guard replicas > 0 else { throw ValidationError("--replicas is a number from 1.") }
  }

  /// The values, if there are any. What they ask for in vain is said on standard error.
  func readValues() throws -> ChartValues? {
    guard let path = values else { return nil }
    let values: ChartValues
    do {
      values = try ChartValues(
        yaml: try text(of: path), namespace: namespace ?? Installation.defaultNamespace)
    } catch let error as any CustomStringConvertible & Error {
      throw ValidationError("\(path): \(error)")
    }
    for problem in values.problems {
      writeToStandardError("\(problem.isError ? "error" : "warning"): \(path): \(problem)")
    }
    guard values.isUsable else { throw ExitCode.failure }
    return values
  }

  /// Flags win over values.
  func installation(_ values: ChartValues?) throws -> Installation {
    let options = values?.options ?? .init()
    var installation = Installation(
      platform: platform,
      namespace: namespace ?? options.namespace ?? Installation.defaultNamespace,
      image: try image ?? ImageReference(Installation.defaultImage))
    installation.overrides.controller = try controllerImage ?? reference(options.controllerImage)
    installation.overrides.speaker = try speakerImage ?? reference(options.speakerImage)
    installation.overrides.frr = try frrImage ?? reference(options.frrImage)
    installation.overrides.frrK8s = try frrK8sImage ?? reference(options.frrK8sImage)
    installation.replicas = replicas
    installation.variables = options.environment
    installation.namespaceLabels = options.namespaceLabels
    if let hasDenyPolicy = options.hasDenyPolicy { installation.hasDenyPolicy = hasDenyPolicy }
    installation.apiServerPorts = apiPorts
    return installation
  }

  /// The MetalLB object of the file, else of the values, else one without any wishes.
  func metalLB(_ values: ChartValues?, namespace: String) throws -> MetalLB {
    var object = values?.metalLB ?? MetalLB(metadata: ObjectMeta(name: MetalLB.singletonName))
    if let path = file {
      do {
        let documents = try JSONValue.documents(yaml: try text(of: path))
        guard let document = documents.first(where: { $0["kind"] == "MetalLB" }) else {
          throw ValidationError("there is no MetalLB object in it")
        }
        object = try document.decode(MetalLB.self)
      } catch let error as any CustomStringConvertible & Error {
        throw ValidationError("\(path): \(error)")
      }
    }
    object.metadata.namespace = namespace
    return object
  }

  private func reference(_ text: String?) throws -> ImageReference? {
    guard let text else { return nil }
    do {
      return try ImageReference(text)
    } catch {
      throw ValidationError("image \"\(text)\": \(error)")
    }
  }

  private func text(of path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ValidationError("cannot read \(path)")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

func writeToStandardError(_ line: String) {
  FileHandle.standardError.write(Data("\(line)\n".utf8))
}

extension Platform: ExpressibleByArgument {}

extension ImageReference: ExpressibleByArgument {
  package init?(argument: String) {
    guard let reference = try? ImageReference(argument) else { return nil }
    self = reference
  }
}
