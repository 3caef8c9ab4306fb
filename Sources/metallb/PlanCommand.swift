import ArgumentParser
import ClusterInspection
import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesYAML

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say which Services a change of the configuration would touch, before it is made.",
    discussion: """
      Exits with 0 when no Service loses or changes an address, with 2 when some do or an object would not be taken, \
      and with 1 when that cannot be told.

      After `metallb convert | kubectl apply`, --delete configmap/config says whether the ConfigMap can go.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, wide, json, yaml
  }

  @Option(
    name: [.customShort("f"), .long], parsing: .singleValue,
    help: "A manifest of changed objects; - for standard input; may be given several times.")
  var filename: [String] = []

  @Option(
    parsing: .singleValue,
    help: "An object that would be deleted, as KIND/NAME; may be given several times.")
  var delete: [String] = []

  @Option(help: "MetalLB's namespace.")
  var namespace = "metallb-system"

  @Option(help: "A kubeconfig.")
  var kubeconfig: String?

  @Option(name: .shortAndLong, help: "table, wide, json or yaml.")
  var output = Format.table

  func validate() throws {
    guard !filename.isEmpty || !delete.isEmpty else {
      throw ValidationError("Give a change: -f FILE or --delete KIND/NAME.")
    }
    guard delete.allSatisfy({ $0.split(separator: "/").count == 2 }) else {
      throw ValidationError("--delete takes KIND/NAME, as in ipaddresspool/gold.")
    }
  }

  func run() async throws {
    let report: PlanReport
    do {
      let changes = try changes()
      let client = APIClient(
        configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-plan")
      let state = try await ClusterState(reading: client, namespace: namespace)
      report = try PlanReport(changes, to: state, namespace: namespace)
    } catch {
      printToStandardError("error: \(error)")
      throw ExitCode(1)
    }
    switch output {
    case .table: print(report.text, terminator: "")
    case .wide: print(report.wideText, terminator: "")
    case .json: print(report.json.jsonText)
    case .yaml: print(try report.json.yamlText(), terminator: "")
    }
    if report.isDisruptive { throw ExitCode(2) }
  }

  private func changes() throws -> [ConfigurationChange] {
    var changes: [ConfigurationChange] = []
    for path in filename {
      changes += try JSONValue.documents(yaml: readText(path)).map { .put($0) }
    }
    for word in delete {
      let parts = word.split(separator: "/").map(String.init)
      changes.append(.delete(kind: parts[0], name: parts[1]))
    }
    return changes
  }
}
