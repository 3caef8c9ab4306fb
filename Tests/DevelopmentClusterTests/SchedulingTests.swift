import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct SchedulingTests {
  let nodes = [
    Fixture.node("a", labels: ["disk": "ssd", "rank": "1"]),
    Fixture.node("b", labels: ["disk": "hdd", "rank": "5"]), Fixture.node("c"),
  ]

  func decide(_ pod: Pod, bound: [Pod] = []) -> Scheduling.Decision {
    Scheduling.decide(pod, nodes: nodes, bound: bound)
  }

  @Test func `A Pod goes to the node with the fewest Pods`() {
    let bound = [Fixture.pod("x", on: "a"), Fixture.pod("y", on: "c")]
    #expect(decide(Fixture.pod("p"), bound: bound) == .node("b"))
  }

  @Test func `Pods of one owner spread before anything else`() {
    let bound = [
      Fixture.pod("1", on: "a", owner: "d"), Fixture.pod("2", on: "b", owner: "d"),
      Fixture.pod("3", on: "c"), Fixture.pod("4", on: "c"),
    ]
    #expect(decide(Fixture.pod("p", owner: "d"), bound: bound) == .node("c"))
  }

  @Test func `Ended Pods take no room`() {
    let bound = [
      Fixture.pod("x", on: "a", phase: "Succeeded"), Fixture.pod("y", on: "b"),
      Fixture.pod("z", on: "c"),
    ]
    #expect(decide(Fixture.pod("p"), bound: bound) == .node("a"))
  }

  @Test func `The node selector holds`() {
    #expect(decide(Fixture.pod("p") { $0.nodeSelector = ["disk": "hdd"] }) == .node("b"))
  }

  struct Affinity: Sendable, CustomTestStringConvertible {
    var requirement: JSONValue
    var expected: Scheduling.Decision
    var testDescription: String { requirement.jsonText }
  }

  static let none = Scheduling.Decision.unschedulable(
    "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")

  @Test(arguments: [
    Affinity(
      requirement: ["key": "disk", "operator": "In", "values": ["hdd", "x"]], expected: .node("b")),
    Affinity(
      requirement: ["key": "disk", "operator": "NotIn", "values": ["ssd"]], expected: .node("b")),
    Affinity(requirement: ["key": "disk", "operator": "Exists"], expected: .node("a")),
    Affinity(requirement: ["key": "disk", "operator": "DoesNotExist"], expected: .node("c")),
    Affinity(
      requirement: ["key": "rank", "operator": "Gt", "values": ["3"]], expected: .node("b")),
    Affinity(
      requirement: ["key": "rank", "operator": "Lt", "values": ["3"]], expected: .node("a")),
    Affinity(requirement: ["key": "disk", "operator": "Like"], expected: none),
  ])
  func `Required node affinity holds`(_ row: Affinity) {
    let pod = Fixture.pod("p") { $0.affinity = Self.affinity("matchExpressions", row.requirement) }
    #expect(decide(pod) == row.expected)
  }

  static func affinity(_ kind: String, _ requirement: JSONValue) -> JSONValue {
    let term: JSONValue = .object(JSONObject([(kind, .array([requirement]))]))
    return [
      "nodeAffinity": [
        "requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [term]]
      ]
    ]
  }

  @Test func `A Pod may be meant for one node by name`() {
    let requirement: JSONValue = ["key": "metadata.name", "operator": "In", "values": ["c"]]
    let pod = Fixture.pod("p") { $0.affinity = Self.affinity("matchFields", requirement) }
    #expect(decide(pod) == .node("c"))
  }

  @Test func `Taints keep Pods away that do not tolerate them`() {
    let tainted = [
      Fixture.node("a", taints: [Taint(key: "k", value: "v", effect: "NoSchedule")]),
      Fixture.node("b", unschedulable: true),
    ]
    #expect(
      Scheduling.decide(Fixture.pod("p"), nodes: tainted, bound: [])
        == .unschedulable(
          "0/2 nodes are available: 1 node(s) had untolerated taint {k: v}, "
            + "1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }."))
    let tolerant = Fixture.pod("p") { $0.tolerations = [Toleration(key: "k", operator: "Exists")] }
    #expect(Scheduling.decide(tolerant, nodes: tainted, bound: []) == .node("a"))
  }

  @Test func `One host port exists once on each node`() {
    let one = [nodes[0]]
    let pod = Fixture.pod("p", owner: "d") { $0.hostNetwork = true }
    let other = Fixture.pod("q", on: "a") { $0.hostNetwork = true }
    #expect(
      Scheduling.decide(pod, nodes: one, bound: [other])
        == .unschedulable(
          "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."))
    #expect(Scheduling.decide(Fixture.pod("r"), nodes: one, bound: [other]) == .node("a"))
  }
}
