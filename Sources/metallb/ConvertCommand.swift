import ArgumentParser
import ClusterInspection
import Foundation
import KubernetesClient
import LegacyConfiguration

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract:
      "Turn the configuration of the ConfigMap era, and AddressPools, into current objects.",
    discussion: """
      A live cluster moves without a Service changing its address: `metallb convert --from-cluster | kubectl apply -f -`, \
      then `kubectl delete configmap config`. Until then the ConfigMap and the objects that say the same count as one; \
      `metallb plan --delete configmap/config` says whether anything would be missing without it.

      Services in the input that ask for a pool by a name that no object can have are listed.
      """)

  @Option(
    name: [.customShort("f"), .long], help: "A manifest with the ConfigMap; - for standard input.")
  var filename: String?

  @Flag(name: .customLong("only-data"), help: "The file is the text under the ConfigMap's key.")
  var onlyData = false

  @Flag(
    name: .customLong("from-cluster"), help: "Read the ConfigMap and AddressPools of a cluster.")
  var fromCluster = false

  @Option(help: "A kubeconfig, for --from-cluster.")
  var kubeconfig: String?

  @Option(help: "The namespace of all objects; by default the ConfigMap's.")
  var namespace: String?

  @Flag(help: "Put passwords into Secrets.")
  var secrets = false

  @Option(name: [.customShort("o"), .long], help: "Write to this file, not to standard output.")
  var output: String?

  func validate() throws {
    guard (filename != nil) != fromCluster else {
      throw ValidationError("Give either -f FILE or --from-cluster.")
    }
    guard !onlyData || !fromCluster else {
      throw ValidationError("--only-data is about a file.")
    }
  }

  func run() async throws {
    do {
      let input = try await input()
      var options = LegacyConversion.Options()
      options.namespace = namespace ?? input.namespace ?? options.namespace
      options.makesSecrets = secrets
      let result = try input.convert(options)
      for message in result.messages { printToStandardError(message) }
      if let output {
        try writeWhole(result.yaml, to: URL(filePath: output))
      } else {
        print(result.yaml, terminator: "")
      }
    } catch {
      printToStandardError("error: \(error)")
      throw ExitCode.failure
    }
  }

  private func input() async throws -> ConversionInput {
    guard let filename else {
      let client = APIClient(
        configuration: try .automatic(kubeconfig: kubeconfig), userAgent: "metallb-convert")
      return try await ConversionInput(reading: client, namespace: namespace ?? "metallb-system")
    }
    let text = try readText(filename)
    return onlyData ? ConversionInput(data: text) : try ConversionInput(manifests: text)
  }
}

/// Upstream's tool of the same task, under its name and with its flags.
struct ConfigMapToCRsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configmaptocrs",
    abstract: "Convert a ConfigMap below /var/input, as upstream's tool of this name.",
    shouldDisplay: false)

  // Go takes one dash or two.

  /// Where the container of that tool has its files.
  static let folder = URL(filePath: "/var/input", directoryHint: .isDirectory)

  @Option(
    name: [.customLong("source", withSingleDash: true), .customLong("source")],
    help: "The input file, below /var/input.")
  var source = "./config.yaml"

  @Flag(
    name: [.customLong("only-data", withSingleDash: true), .customLong("only-data")],
    help: "The file is the text under the ConfigMap's key.")
  var onlyData = false

  @Flag(
    name: [.customLong("stdout", withSingleDash: true), .customLong("stdout")],
    help: "Write to standard output, not to /var/input/resources.yaml.")
  var stdout = false

  func run() throws {
    do {
      let url = Self.folder.appending(path: source).standardizedFileURL.resolvingSymlinksInPath()
      guard url.pathComponents.starts(with: Self.folder.pathComponents) else {
        throw ValidationError("\(source) is not below \(Self.folder.path)")
      }
      let text = try readText(url.path)
      let input = onlyData ? ConversionInput(data: text) : try ConversionInput(manifests: text)
      var options = LegacyConversion.Options()
      options.namespace = input.namespace ?? options.namespace
      let result = try input.convert(options)
      for message in result.messages { printToStandardError(message) }
      if stdout {
        print(result.yaml, terminator: "")
      } else {
        try writeWhole(result.yaml, to: Self.folder.appending(path: "resources.yaml"))
      }
    } catch {
      printToStandardError("error: \(error)")
      throw ExitCode.failure
    }
  }
}

func printToStandardError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// - Parameter path: `-` for standard input.
func readText(_ path: String) throws -> String {
  guard path == "-" else { return try String(contentsOf: URL(filePath: path), encoding: .utf8) }
  return String(decoding: try FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self)
}

/// Writes beside the file and renames, so that there never is half of it.
func writeWhole(_ text: String, to url: URL) throws {
  try Data(text.utf8).write(to: url, options: .atomic)
}
