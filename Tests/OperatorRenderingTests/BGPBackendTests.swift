import KubernetesAPI
import MetalLBAPI
import OperatorRendering
import Testing

@Suite struct BGPBackendTests {
  @Test(arguments: BGPBackend.allCases) func `The object's word counts`(backend: BGPBackend) throws
  {
    let metalLB = WorkloadsTests.metalLB { $0.bgpBackend = backend.rawValue }
    let environment = try WorkloadsTests.environment()
    #expect(BGPBackend.effective(for: metalLB, environment: environment, speaker: nil) == backend)
  }

  @Test func `Native is the default, unless OpenShift's network operator has frr-k8s`() throws {
    var environment = try WorkloadsTests.environment()
    let metalLB = WorkloadsTests.metalLB { $0.bgpBackend = "" }
    #expect(BGPBackend.effective(for: metalLB, environment: environment, speaker: nil) == .native)
    environment.usesFRRK8sOfNetworkOperator = true
    #expect(
      BGPBackend.effective(for: metalLB, environment: environment, speaker: nil) == .frrK8sExternal)
  }

  @Test(arguments: BGPBackend.allCases)
  func `A running speaker keeps its backend`(backend: BGPBackend) throws {
    var input = try WorkloadsTests.input()
    input.environment.externalFRRK8sNamespace = "frr-k8s-system"
    input.backend = backend
    let speaker = try WorkloadsTests.object(input, "DaemonSet", "speaker").decode(DaemonSet.self)
    var environment = input.environment
    environment.usesFRRK8sOfNetworkOperator = true
    #expect(
      BGPBackend.effective(for: input.metalLB, environment: environment, speaker: speaker)
        == backend)
  }

  struct Images: CustomTestStringConvertible {
    var controller: String
    var speaker: String
    var said: String? = nil
    var areUpstreams: Bool
    var testDescription: String { "\(controller), \(speaker), \(said ?? "nothing said")" }
  }

  @Test(arguments: [
    Images(
      controller: "quay.io/metallb/controller:v0.16.1", speaker: "quay.io/metallb/speaker:v0.16.1",
      areUpstreams: true),
    Images(
      controller: "example.org/metallb:1", speaker: "example.org/metallb:1", areUpstreams: false),
    // Ours under two names.
    Images(
      controller: "example.org/a/metallb:1", speaker: "mirror.example.org/metallb:1",
      areUpstreams: false),
    Images(
      controller: "example.org/metallb-controller:1", speaker: "example.org/metallb-speaker:1",
      areUpstreams: false),
    Images(
      controller: "example.org/controller:1", speaker: "example.org/speaker:1", said: "false",
      areUpstreams: false),
    Images(
      controller: "example.org/metallb-controller:1", speaker: "example.org/metallb-speaker:1",
      said: "true", areUpstreams: true),
  ])
  func `Upstream's images have every backend`(row: Images) throws {
    var variables = [
      "OPERATOR_NAMESPACE": "a", "CONTROLLER_IMAGE": row.controller, "SPEAKER_IMAGE": row.speaker,
    ]
    variables["UPSTREAM_IMAGES"] = row.said
    let images = try OperatorEnvironment(variables: variables).images
    #expect(BGPBackend.frr.isAvailable(with: images) == row.areUpstreams)
    #expect(BGPBackend.native.isAvailable(with: images))
  }

  @Test func `Somebody else's DaemonSet says nothing`() throws {
    let stranger = DaemonSet(
      metadata: ObjectMeta(name: "speaker"),
      spec: .init(
        selector: LabelSelector(),
        template: PodTemplateSpec(metadata: ObjectMeta(), spec: PodSpec())))
    #expect(
      BGPBackend.effective(
        for: WorkloadsTests.metalLB(), environment: try WorkloadsTests.environment(),
        speaker: stranger) == .native)
  }
}
