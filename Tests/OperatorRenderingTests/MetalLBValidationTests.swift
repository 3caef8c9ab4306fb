import KubernetesAPI
import MetalLBAPI
import OperatorRendering
import Testing

@Suite struct MetalLBValidationTests {
  private func problems(_ change: (inout MetalLB.Spec) -> Void) throws -> [String] {
    var spec = MetalLB.Spec()
    change(&spec)
    return MetalLBValidation.problems(in: spec, environment: try WorkloadsTests.environment())
      .map(\.description)
  }

  @Test func `Accepts an empty object`() throws { #expect(try problems { _ in }.isEmpty) }

  @Test func `Only NoExecute may have a delay`() throws {
    let found = try problems { spec in
      spec.controllerTolerations = [
        Toleration(key: "a", effect: "NoExecute", tolerationSeconds: 5),
        Toleration(key: "a", effect: "NoSchedule", tolerationSeconds: 0),
        Toleration(key: "a", effect: "NoSchedule", tolerationSeconds: 5),
      ]
      spec.speakerTolerations = [Toleration(key: "b", tolerationSeconds: 1)]
    }
    #expect(
      found == [
        #"spec.controllerTolerations[2].tolerationSeconds: needs the effect NoExecute, which is "NoSchedule""#,
        #"spec.speakerTolerations[0].tolerationSeconds: needs the effect NoExecute, which is """#,
      ])
  }

  @Test(arguments: [0, 1, 100, 101, -1]) func `Weights are 1 to 100`(weight: Int) throws {
    let term: JSONValue = ["weight": .integer(Int64(weight))]
    for kind in ["nodeAffinity", "podAffinity", "podAntiAffinity"] {
      let found = try problems { spec in
        spec.speakerConfig = .init()
        spec.speakerConfig?.affinity = .object([
          kind: ["preferredDuringSchedulingIgnoredDuringExecution": [term]]
        ])
      }
      let field =
        "spec.speakerConfig.affinity.\(kind).preferredDuringSchedulingIgnoredDuringExecution[0].weight"
      #expect(
        found == (1...100 ~= weight ? [] : ["\(field): is \(weight): write a number from 1 to 100"])
      )
    }
  }

  @Test func `What the API server would refuse in an affinity is named`() throws {
    func expression(_ text: String) -> JSONValue {
      ["matchExpressions": [["key": "a", "operator": .string(text)]]]
    }
    let required = "requiredDuringSchedulingIgnoredDuringExecution"
    let found = try problems { spec in
      spec.controllerConfig = .init()
      spec.controllerConfig?.affinity = .object([
        "nodeAffinity": .object([
          required: ["nodeSelectorTerms": [expression("Gt"), expression("in")]]
        ]),
        "podAntiAffinity": .object([
          required: [
            ["topologyKey": "zone", "labelSelector": expression("Exists")],
            ["topologyKey": "", "namespaceSelector": expression("Lt")],
          ]
        ]),
      ])
    }
    let field = "spec.controllerConfig.affinity"
    let second = "\(field).podAntiAffinity.\(required)[1]"
    #expect(
      found == [
        "\(field).nodeAffinity.\(required).nodeSelectorTerms[1].matchExpressions[0].operator: "
          + #""in" is no operator: write one of In, NotIn, Exists, DoesNotExist, Gt, Lt"#,
        "\(second).topologyKey: is empty: write a label of nodes",
        "\(second).namespaceSelector.matchExpressions[0].operator: "
          + #""Lt" is no operator: write one of In, NotIn, Exists, DoesNotExist"#,
      ])
  }

  @Test func `Backends have four names`() throws {
    #expect(
      try problems { $0.bgpBackend = "bird" } == [
        #"spec.bgpBackend: "bird" is not a backend: write one of native, frr, frr-k8s, frr-k8s-external"#
      ])
    for name in ["", "native", "frr", "frr-k8s"] {
      #expect(try problems { $0.bgpBackend = name }.isEmpty)
    }
  }

  @Test func `An external frr-k8s needs a namespace`() throws {
    #expect(try problems { $0.bgpBackend = "frr-k8s-external" }.count == 1)
    #expect(
      try problems { spec in
        spec.bgpBackend = "frr-k8s-external"
        spec.frrk8sConfig = .init()
        spec.frrk8sConfig?.namespace = "frr-k8s-system"
      }.isEmpty)
    var environment = try WorkloadsTests.environment()
    environment.externalFRRK8sNamespace = "frr-k8s-system"
    var spec = MetalLB.Spec()
    spec.bgpBackend = "frr-k8s-external"
    #expect(MetalLBValidation.problems(in: spec, environment: environment).isEmpty)
  }

  @Test func `What is always blocked are CIDRs`() throws {
    let found = try problems { spec in
      spec.frrk8sConfig = .init()
      spec.frrk8sConfig?.alwaysBlock = [" 192.0.2.0/24 ", "2001:db8::/32", "192.0.2.1", "x"]
    }
    #expect(
      found == [
        "spec.frrk8sConfig.alwaysBlock[2]: 192.0.2.1 has no prefix length: write 192.0.2.1/32",
        #"spec.frrk8sConfig.alwaysBlock[3]: "x" is not an IP address"#,
      ])
  }
}
