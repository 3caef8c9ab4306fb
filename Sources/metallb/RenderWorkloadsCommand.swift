import ArgumentParser
import ChartValues
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering

struct RenderWorkloadsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workloads",
    abstract: "Print what the operator would apply for a MetalLB object.",
    discussion: "Owners are left out: only a cluster knows them.")

  @OptionGroup var options: RenderOptions

  func run() throws {
    let values = try options.readValues()
    let installation = try options.installation(values)
    let metalLB = try options.metalLB(values, namespace: installation.namespace)
    let environment: OperatorEnvironment
    do {
      environment = try OperatorEnvironment(variables: installation.operatorVariables)
    } catch {
      throw ValidationError("\(error)")
    }
    let problems = MetalLBValidation.problems(
      in: metalLB.spec ?? .init(), environment: environment)
    guard problems.isEmpty else {
      throw ValidationError(problems.map(\.description).joined(separator: "\n"))
    }
    let backend = BGPBackend.effective(for: metalLB, environment: environment, speaker: nil)
    let ports =
      installation.apiServerPorts.isEmpty
      ? environment.apiServerPorts(found: []) : installation.apiServerPorts
    let objects = try Workloads.render(
      RenderingInput(
        metalLB: metalLB, environment: environment, platform: installation.platform,
        backend: backend, apiServerPorts: ports))
    for object in objects {
      var value = object.value
      value[path: ["metadata", "ownerReferences"]] = nil
      print("---\n\(try value.yamlText())", terminator: "")
    }
  }
}
