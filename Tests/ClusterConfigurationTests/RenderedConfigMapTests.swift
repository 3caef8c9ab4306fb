import KubernetesAPI
import LegacyConfiguration
import Testing

@testable import ClusterConfiguration

struct RenderedConfigMapTests {
  static let text = "address-pools: [{name: a, protocol: layer2, addresses: [10.0.0.0/24]}]"

  @Test func `Pools survive the deletion of the ConfigMap that the operator rendered`() {
    var rendered = configMap(Self.text)
    rendered.metadata.labels = [LegacyDocument.renderedByLabel: LegacyDocument.renderedByOperator]
    var assembler = ConfigurationAssembler()
    _ = assembler.assemble(ConfigurationSources(legacy: rendered))
    for _ in 1...2 {
      let assessment = assembler.assemble(ConfigurationSources())
      #expect(assessment.poolNames == ["a"])
      #expect(assessment.reasons == [.configMapGone])
      #expect(assessment.problems.first?.fault.isPassing == true)
      #expect(assessment.mayMissAddresses)
    }
    var empty = rendered
    empty.data = ["config": "{}\n"]
    #expect(assembler.assemble(ConfigurationSources(legacy: empty)).poolNames == [])
    #expect(assembler.assemble(ConfigurationSources(legacy: rendered)).isValid)
  }
}
