import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct ConfigMapOwnershipTests {
  private static func configMap(
    labels: JSONValue = [:], annotations: JSONValue = [:], owners: JSONValue = [],
    managers: JSONValue = [["manager": "kubectl", "operation": "Update"]], text: String = ""
  ) throws -> LiveObject {
    try LiveObject([
      "metadata": [
        "name": "config", "labels": labels, "annotations": annotations,
        "ownerReferences": owners, "managedFields": managers,
      ],
      "data": ["config": .string(text)],
    ])
  }

  private static let adopt: JSONValue = ["metallb.io/adopt": "true"]

  @Test func `What nobody wrote, or we, is ours`() throws {
    #expect(ConfigMapOwnership(nil, poolNames: []) == .operators)
    let rendered = try Self.configMap(
      labels: ["metallb.io/rendered-by": "metallb-operator"], text: Self.text)
    #expect(ConfigMapOwnership(rendered, poolNames: []) == .operators)
  }

  @Test func `What upstream's operator wrote is taken over when nothing is lost`() throws {
    let owner: JSONValue = [
      "apiVersion": "metallb.io/v1beta1", "kind": "MetalLB", "name": "metallb", "uid": "1",
    ]
    let manager: JSONValue = ["manager": "manager", "operation": "Update"]
    for (owners, managers) in [([owner], []), ([], [manager])] as [(JSONValue, JSONValue)] {
      let object = try Self.configMap(
        owners: owners, managers: managers,
        text: "address-pools: [{name: gold, protocol: layer2, addresses: [10.0.0.0/24]}]")
      #expect(ConfigMapOwnership(object, poolNames: ["gold"]) == .adopted)
      #expect(
        ConfigMapOwnership(object, poolNames: [])
          == .adoptionPending(missing: ["pool \"gold\""]))
    }
  }

  @Test func `What a user wrote is the user's`() throws {
    #expect(ConfigMapOwnership(try Self.configMap(), poolNames: []) == .users)
    #expect(
      ConfigMapOwnership(
        try Self.configMap(annotations: ["metallb.io/adopt": "false"]), poolNames: []) == .users)
  }

  private static let text = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 10.9.0.1}
    address-pools:
    - {name: gold, protocol: layer2, addresses: [10.0.0.0/24]}
    - {name: silver, protocol: layer2, addresses: [10.0.1.0/24]}
    """

  @Test func `Nothing of it is lost by taking it over`() throws {
    let object = try Self.configMap(annotations: Self.adopt, text: Self.text)
    #expect(
      ConfigMapOwnership(object, poolNames: ["gold"])
        == .adoptionPending(missing: ["pool \"silver\"", "peer 10.9.0.1 (AS 64513)"]))
    let pools = Self.text.split(separator: "\n").dropFirst(2).joined(separator: "\n")
    #expect(
      ConfigMapOwnership(
        try Self.configMap(annotations: Self.adopt, text: pools), poolNames: ["gold", "silver"])
        == .adopted)
  }

  @Test func `What cannot be read is not lost either`() throws {
    let object = try Self.configMap(annotations: Self.adopt, text: "address-pools: 5")
    guard case .adoptionPending = ConfigMapOwnership(object, poolNames: []) else {
      Issue.record("took over what it cannot read")
      return
    }
  }
}
