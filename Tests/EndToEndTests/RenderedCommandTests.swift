import KubernetesAPI
import MetalLBAPI
import OperatorRendering
import Subprocess
import Testing

/// The program understands every command line that the operator and the installation render for it.
@Suite(.timeLimit(.minutes(3))) struct RenderedCommandTests {
  /// How a container of ours is started: the program's name, its arguments, and the plain part of its environment.
  struct CommandLine: Hashable, Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    var variables: [String: String]
    var testDescription: String { ([name] + arguments).joined(separator: " ") }
  }

  private static let ours = try? ImageReference("example.org/metallb:v1")

  /// The settings that OpenShift's profiles and the environment can amount to.
  private static let tlsOptions: [OperatorEnvironment.TLSOptions] = {
    var options = ["Old", "Intermediate", "Modern"].map { type in
      TLSProfile.options(["spec": ["tlsSecurityProfile": ["type": .string(type)]]])
    }
    var curves = OperatorEnvironment.TLSOptions()
    curves.curvePreferences = "4588,4587,29,23"
    options += [OperatorEnvironment.TLSOptions(), curves]
    return options
  }()

  /// Every different one.
  static let all: [CommandLine] = {
    guard let ours, let lines = try? workloads(ours) + installations(ours) else { return [] }
    return Set(lines).sorted { $0.testDescription < $1.testDescription }
  }()

  private static func workloads(_ image: ImageReference) throws -> [CommandLine] {
    var lines: [CommandLine] = []
    for platform in Platform.allCases {
      for backend in BGPBackend.allCases {
        for tls in tlsOptions {
          var environment = OperatorEnvironment(
            namespace: "metallb-system", images: .init(controller: image, speaker: image))
          environment.tls = tls
          environment.ignoresExclusionLabel = true
          environment.externalFRRK8sNamespace = "frr-k8s-system"
          var spec = MetalLB.Spec()
          spec.logLevel = "debug"
          spec.loadBalancerClass = "example.com/metallb"
          spec.frrk8sConfig = .init()
          spec.frrk8sConfig?.secretPassthrough = true
          let input = RenderingInput(
            metalLB: MetalLB(metadata: ObjectMeta(name: "metallb"), spec: spec),
            environment: environment, platform: platform, backend: backend)
          lines += try commandLines(Workloads.render(input), image)
        }
      }
    }
    return lines
  }

  private static func installations(_ image: ImageReference) throws -> [CommandLine] {
    try Platform.allCases.flatMap { platform in
      try [Installation.Packaging.manifest, .lifecycleManager].flatMap { packaging in
        var installation = Installation(platform: platform, image: image)
        installation.packaging = packaging
        return try commandLines(installation.objects(), image)
      }
    }
  }

  /// Of the containers with our image.
  private static func commandLines(
    _ objects: [RenderedObject], _ image: ImageReference
  ) throws -> [CommandLine] {
    try objects.flatMap { object -> [CommandLine] in
      guard let value = object.value[path: ["spec", "template", "spec"]] else { return [] }
      let pod = try value.decode(PodSpec.self)
      return ((pod.initContainers ?? []) + (pod.containers ?? []))
        .filter { $0.image == image.description }
        .map { container in
          let words = (container.command ?? []) + (container.args ?? [])
          return CommandLine(
            name: words.first?.split(separator: "/").last.map(String.init) ?? "",
            arguments: Array(words.dropFirst()),
            variables: Dictionary(
              (container.env ?? []).compactMap { variable in
                variable.value.map { (variable.name, $0) }
              }
            ) { _, last in last })
        }
    }
  }

  @Test func `There is one for every command of the image that Pods run`() {
    #expect(Set(Self.all.map(\.name)) == ["controller", "speaker", "manager"])
  }

  @Test(arguments: all)
  func `It is understood`(line: CommandLine) async throws {
    // Without a cluster it ends once it has read its arguments.
    let outcome = try await Program.run(
      as: line.name, line.arguments + ["--kubeconfig", "/nonexistent"],
      variables: line.variables.merging([
        "METALLB_NODE_NAME": "node", "OPERATOR_NAMESPACE": "metallb-system",
        "CONTROLLER_IMAGE": "a", "SPEAKER_IMAGE": "a",
      ]) { rendered, _ in rendered })
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("/nonexistent"), "\(outcome.error)")
    #expect(!outcome.error.contains("Usage:"), "\(outcome.error)")
  }
}
