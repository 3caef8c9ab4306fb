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
