import KubernetesAPI
import Testing

@testable import MetalLBSpeaker

@Suite struct SpeakerMembershipTests {
  func node(_ name: String, ready: String? = "True") -> Node {
    var node = Node(metadata: ObjectMeta(name: name))
    var status = Node.Status()
    status.conditions = ready.map { [NodeCondition(type: "Ready", status: $0)] }
    node.status = status
    return node
  }

  func speaker(on node: String, ready: String = "True", ending: Bool = false) -> Pod {
    var pod = Pod(metadata: ObjectMeta(name: "speaker-\(node)"))
    pod.metadata.deletionTimestamp = ending ? Timestamp(seconds: 0) : nil
    var spec = PodSpec()
    spec.nodeName = node
    pod.spec = spec
    var status = PodStatus()
    status.conditions = [PodCondition(type: "Ready", status: ready)]
    pod.status = status
    return pod
  }

  @Test func `Counts ready Nodes with a ready speaker`() {
    let members = SpeakerMembership.members(
      nodes: [
        node("good"), node("down", ready: "Unknown"), node("new", ready: nil), node("starting"),
        node("ending"), node("empty"),
      ],
      speakers: [
        speaker(on: "good"), speaker(on: "down"), speaker(on: "new"),
        speaker(on: "starting", ready: "False"), speaker(on: "ending", ending: true),
        speaker(on: "unknown"),
      ])
    #expect(members == ["good"])
  }

  @Test func `A node with an old and a new speaker counts`() {
    let members = SpeakerMembership.members(
      nodes: [node("n")], speakers: [speaker(on: "n", ending: true), speaker(on: "n")])
    #expect(members == ["n"])
  }

  @Test func `Without a selector every ready Node counts`() {
    let members = SpeakerMembership.members(
      nodes: [node("a"), node("b", ready: "False")], speakers: nil)
    #expect(members == ["a"])
  }
}
