import KubernetesAPI
import Testing

@testable import DevelopmentCluster

@Suite struct RolloutRevisionTests {
  private func generation(_ name: String, _ number: Int?) -> ReplicaSet {
    let annotations = number.map { [RolloutRevision.annotation: String($0)] } ?? [:]
    return ReplicaSet(metadata: ObjectMeta(name: name, annotations: annotations))
  }

  @Test func `the first generation is 1, each new one the next, and one that comes back too`() {
    let first = generation("a", nil)
    #expect(RolloutRevision.number(of: first, among: [first]) == 1)
    let all = [generation("a", 1), generation("b", 2), generation("c", nil)]
    #expect(RolloutRevision.number(of: all[2], among: all) == 3)
    #expect(RolloutRevision.number(of: all[0], among: all) == 3)
    #expect(RolloutRevision.number(of: all[1], among: Array(all[...1])) == 2)
  }
}
