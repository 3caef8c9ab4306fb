import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import OperatorRendering
import Testing

/// AddressPools and the ConfigMap that they become.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AddressPoolTests {
  @Test func `Pools become the ConfigMap, before or after the MetalLB object`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createPool("silver", ["192.0.2.16-192.0.2.31", "2001:db8::/120"])
        let waiting = try await fixture.eventuallyPool(
          "silver", accepted: "True", reason: "Accepted")
        #expect(waiting.message == "used as soon as there is a MetalLB object named metallb")
        try await fixture.createMetalLB()
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: silver
            addresses:
            - 192.0.2.16-192.0.2.31
            - 2001:db8::/120

          """)
        try await fixture.createPool("gold", ["192.0.2.5"]) { $0.autoAssign = false }
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.5
            auto-assign: false
          - protocol: layer2
            name: silver
            addresses:
            - 192.0.2.16-192.0.2.31
            - 2001:db8::/120

          """)
        let configMap = try await fixture.client.get(
          ConfigMap.self, "config", namespace: fixture.namespace)
        #expect(configMap.metadata.labels["metallb.io/rendered-by"] == "metallb-operator")
        #expect(configMap.metadata.ownerReferences.first?.kind == "MetalLB")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
      }
    }
  }

  @Test func `Three and more pools go in any order`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        var names = ["b", "d", "a", "c", "e"]
        for (index, name) in names.enumerated() {
          try await fixture.createPool(name, ["192.0.2.\(index * 16)/28"])
        }
        while !names.isEmpty {
          let expected = names.sorted()
          try await fixture.cluster.eventually(ConfigMap.self, "config", "pools \(expected)") {
            let lines = $0?.data?["config"]?.split(separator: "\n") ?? []
            return lines.filter { $0.hasPrefix("  name: ") }.map { String($0.dropFirst(8)) }
              == expected
          }
          try await fixture.client.delete(
            AddressPool.self, names.remove(at: names.count / 2), namespace: fixture.namespace)
        }
        try await fixture.eventuallyConfig("{}\n", "no pools left")
      }
    }
  }

  @Test func `Both versions of the kind give the same`() async throws {
    try await withOperatorFixture { fixture in
      let old = ResourceKind(
        group: "metallb.io", version: "v1alpha1", kind: "AddressPool", plural: "addresspools")
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        _ = try await fixture.client.create(
          [
            "apiVersion": "metallb.io/v1alpha1", "kind": "AddressPool",
            "metadata": ["name": "gold", "namespace": .string(fixture.namespace)],
            "spec": ["name": "ignored", "protocol": "layer2", "addresses": ["192.0.2.0/28"]],
          ], old)
        let text = """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.0/28

          """
        try await fixture.eventuallyConfig(text)
        try await fixture.client.delete(AddressPool.self, "gold", namespace: fixture.namespace)
        try await fixture.eventuallyConfig("{}\n")
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyConfig(text)
      }
    }
  }

  @Test func `Advertisements keep their own values`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"]) { spec in
          spec.protocol = "bgp"
          var first = AddressPool.BGPAdvertisement()
          first.aggregationLength = 30
          first.localPref = 120
          first.communities = ["64512:7"]
          var second = AddressPool.BGPAdvertisement()
          second.localPref = 100
          spec.bgpAdvertisements = [first, second]
        }
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: bgp
            name: gold
            addresses:
            - 192.0.2.0/28
            bgp-advertisements:
            - aggregation-length: 30
              aggregation-length-v6: 128
              localpref: 120
              communities:
              - "64512:7"
            - aggregation-length: 32
              aggregation-length-v6: 128
              localpref: 100
              communities: []

          """)
      }
    }
  }

  @Test func `An update changes the ConfigMap`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyExists(ConfigMap.self, "config")
        _ = try await fixture.client.patch(
          AddressPool.self, "gold", namespace: fixture.namespace,
          .merge(["spec": ["addresses": ["192.0.2.64/28"], "autoAssign": false]]))
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.64/28
            auto-assign: false

          """)
      }
    }
  }

  @Test func `A bad pool is told so, and what worked goes on`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.createPool("silver", ["192.0.2.15", "192.0.2.64/28"])
        let overlap = try await fixture.eventuallyPool(
          "silver", accepted: "False", reason: "OverlappingAddresses")
        #expect(
          overlap.message == """
            spec.addresses[0]: 192.0.2.15 overlaps 192.0.2.0/28 of AddressPool \
            \(fixture.namespace)/gold: remove the addresses from one of them (the pool is left out)
            """)
        try await fixture.eventuallyEvent("OverlappingAddresses", about: "silver")

        _ = try await fixture.client.patch(
          AddressPool.self, "gold", namespace: fixture.namespace,
          .merge(["spec": ["addresses": ["192.0.2.300"]]]))
        let invalid = try await fixture.eventuallyPool(
          "gold", accepted: "False", reason: "InvalidAddress")
        #expect(invalid.message.contains("192.0.2.300"))
        #expect(invalid.message.hasSuffix("(its last valid version stays in use)"))
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.0/28

          """)
        // Making room lets the other one in.
        _ = try await fixture.client.patch(
          AddressPool.self, "gold", namespace: fixture.namespace,
          .merge(["spec": ["addresses": ["192.0.2.0/29"]]]))
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyPool("silver", accepted: "True", reason: "Accepted")
      }
    }
  }

  @Test func `An overlap with an IPAddressPool is seen`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        _ = try await fixture.client.create(
          IPAddressPool(
            metadata: ObjectMeta(name: "current", namespace: fixture.namespace),
            spec: .init(addresses: ["192.0.2.0/24"])))
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        let overlap = try await fixture.eventuallyPool(
          "gold", accepted: "False", reason: "OverlappingAddresses")
        #expect(overlap.message.contains("IPAddressPool \(fixture.namespace)/current"))
        try await fixture.client.delete(
          IPAddressPool.self, "current", namespace: fixture.namespace)
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
      }
    }
  }

  @Test(.needsClusterOfItsOwn) func `A cluster without IPAddressPools is fine`() async throws {
    try await withOperatorFixture(without: "ipaddresspools", isAlone: true) { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyCondition("Progressing", "True")
      }
    }
  }

  @Test func `The ConfigMap is restored when it is edited or deleted`() async throws {
    try await withOperatorFixture { fixture in
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        let configMap = try await fixture.eventuallyExists(ConfigMap.self, "config")
        let text = configMap.data?["config"]
        _ = try await fixture.client.patch(
          ConfigMap.self, "config", namespace: fixture.namespace,
          .merge(["data": ["config": "address-pools: []"]]))
        try await fixture.eventuallyConfig(text, "restored after an edit")
        try await fixture.client.delete(configMap)
        let uid = configMap.metadata.uid
        try await fixture.cluster.eventually(ConfigMap.self, "config", "restored") { restored in
          restored != nil && restored?.metadata.uid != uid
        }
        try await fixture.eventuallyConfig(text)
      }
    }
  }

  @Test func `A user's ConfigMap is left alone until it may be taken over`() async throws {
    try await withOperatorFixture { fixture in
      let text = """
        address-pools:
        - name: gold
          protocol: layer2
          addresses: [192.0.2.0/28]
        - name: silver
          protocol: layer2
          addresses: [192.0.2.16/28]

        """
      _ = try await fixture.client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: fixture.namespace),
          data: ["config": text]))
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"])
        let alone = try await fixture.eventuallyPool(
          "gold", accepted: "False", reason: "ConfigMapNotOwned")
        #expect(alone.message.contains("metallb.io/adopt"))
        try await fixture.eventuallyConfig(text)

        _ = try await fixture.client.patch(
          ConfigMap.self, "config", namespace: fixture.namespace,
          .merge(["metadata": ["annotations": ["metallb.io/adopt": "true"]]]))
        try await fixture.cluster.eventually(AddressPool.self, "gold", "names what is missing") {
          $0?.status?.conditions?.first?.message.contains("pool \"silver\"") ?? false
        }
        // A namesake is not enough.
        try await fixture.createPool("silver", ["192.0.2.32/28"])
        try await fixture.cluster.eventually(AddressPool.self, "silver", "says what differs") {
          $0?.status?.conditions?.first?.message.contains("says 192.0.2.16/28") ?? false
        }
        try await fixture.eventuallyConfig(text)
        _ = try await fixture.client.patch(
          AddressPool.self, "silver", namespace: fixture.namespace,
          .merge(["spec": ["addresses": ["192.0.2.16-192.0.2.31"]]]))
        try await fixture.eventuallyPool("silver", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: layer2
            name: gold
            addresses:
            - 192.0.2.0/28
          - protocol: layer2
            name: silver
            addresses:
            - 192.0.2.16-192.0.2.31

          """)
      }
    }
  }

  @Test func `A classic operator's ConfigMap with peers is taken over once objects say all of it`()
    async throws
  {
    try await withOperatorFixture { fixture in
      let namespace = fixture.namespace
      let text = """
        peers:
        - my-asn: 64512
          peer-asn: 64513
          peer-address: 10.9.0.1
          node-selectors:
          - match-labels:
              rack: a
            match-expressions: []
          password: example
          bfd-profile: fast
        - my-asn: 64512
          peer-asn: 64514
          peer-address: 10.9.0.2
          hold-time: 30s
        address-pools:
        - protocol: bgp
          name: gold
          addresses:
          - 192.0.2.0/28
          auto-assign: false
          bgp-advertisements:
          - aggregation-length: 32
            aggregation-length-v6: 128
            localpref: 120
            communities:
            - 64512:7
        bfd-profiles:
        - name: fast
          receive-interval: 150

        """
      // As the classic operator's last versions wrote it.
      _ = try await fixture.client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: namespace), data: ["config": text]),
        options: WriteOptions(fieldManager: "manager"))
      func createPeer(
        _ name: String, _ asn: UInt32, _ address: String, _ change: (inout BGPPeer.Spec) -> Void
      ) async throws {
        var spec = BGPPeer.Spec(myASN: 64_512, peerASN: asn, peerAddress: address)
        change(&spec)
        _ = try await fixture.client.create(
          BGPPeer(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec))
      }
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.createPool("gold", ["192.0.2.0/28"]) { spec in
          spec.protocol = "bgp"
          spec.autoAssign = false
          var advertisement = AddressPool.BGPAdvertisement()
          advertisement.localPref = 120
          advertisement.communities = ["64512:7"]
          spec.bgpAdvertisements = [advertisement]
        }
        let pending = try await fixture.eventuallyPool(
          "gold", accepted: "False", reason: "ConfigMapNotOwned")
        #expect(
          pending.message.hasSuffix(
            """
            no object says what is in it about peer 10.9.0.1 (AS 64513), peer 10.9.0.2 (AS 64514), \
            BFD profile "fast"
            """), "\(pending.message)")
        var profile = BFDProfile.Spec()
        profile.receiveInterval = 150
        _ = try await fixture.client.create(
          BFDProfile(metadata: ObjectMeta(name: "fast", namespace: namespace), spec: profile))
        try await createPeer("rack-a", 64_513, "10.9.0.1") { spec in
          spec.nodeSelectors = [LabelSelector(matchLabels: ["rack": "a"])]
          spec.password = "example"
          spec.bfdProfile = "fast"
        }
        try await createPeer("other", 64_514, "10.9.0.2") { $0.holdTime = "40s" }
        try await fixture.cluster.eventually(AddressPool.self, "gold", "names what differs alone") {
          let message = $0?.status?.conditions?.first?.message ?? ""
          return message.contains("BGPPeer \(namespace)/other: spec.holdTime")
            && !message.contains("10.9.0.1") && !message.contains("example")
        }
        try await fixture.eventuallyConfig(text)
        _ = try await fixture.client.patch(
          BGPPeer.self, "other", namespace: namespace, .merge(["spec": ["holdTime": "30s"]]))
        try await fixture.eventuallyPool("gold", accepted: "True", reason: "Accepted")
        try await fixture.eventuallyConfig(
          """
          address-pools:
          - protocol: bgp
            name: gold
            addresses:
            - 192.0.2.0/28
            auto-assign: false
            bgp-advertisements:
            - aggregation-length: 32
              aggregation-length-v6: 128
              localpref: 120
              communities:
              - "64512:7"

          """)
      }
    }
  }

  @Test func `A user's ConfigMap survives the MetalLB object`() async throws {
    try await withOperatorFixture { fixture in
      _ = try await fixture.client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: fixture.namespace),
          data: ["config": "{}"]))
      try await fixture.withOperator {
        try await fixture.createMetalLB()
        try await fixture.eventuallyCondition("Progressing", "True")
        try await fixture.client.delete(MetalLB.self, "metallb", namespace: fixture.namespace)
        try await fixture.cluster.eventuallyGone(DaemonSet.self, "speaker")
      }
      try await fixture.eventuallyConfig("{}")
    }
  }
}
