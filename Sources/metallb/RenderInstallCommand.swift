import ArgumentParser
import ChartValues
import KubernetesAPI
import KubernetesYAML
import MetalLBAPI
import OperatorRendering

struct RenderInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Print the operator's installation, for kubectl apply -f -.",
    discussion: """
      With --values or --file, the MetalLB object and the objects of the values come last: API \
      servers take them once the rest is in place, so apply the output a second time.
      """)

  @OptionGroup var options: RenderOptions

  func run() throws {
    let values = try options.readValues()
    let installation = try options.installation(values)
    print(try installation.manifest(), terminator: "")
    guard values != nil || options.file != nil else { return }
    let metalLB = try options.metalLB(values, namespace: installation.namespace)
    for object in [try metalLB.jsonValue()] + (values?.objects ?? []) {
      print("---\n\(try object.yamlText())", terminator: "")
    }
  }
}
