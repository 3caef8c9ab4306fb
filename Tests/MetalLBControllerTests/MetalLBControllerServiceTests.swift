import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import LegacyConfiguration
import MetalLBAPI
import PrometheusMetrics
import Synchronization
import Testing

@testable import MetalLBController

@Suite(.timeLimit(.minutes(2)))
struct MetalLBControllerServiceTests {
  @Test func `A Service gets an address, a mark and an event, and others keep theirs`() async throws
  {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.2"])
      try await harness.running {
        try await harness.createService("first")
        let first = try await harness.service("first", has: ["203.0.113.1"])
        #expect(first.allocatedFrom == "gold")
        try await harness.createService("second")
        try await harness.service("second", has: ["203.0.113.2"])
      }
      // The controller has shut down, so all events are sent.
      let events = try await harness.events(on: "first")
      #expect(events.map(\.reason) == ["IPAllocated"])
      #expect(events.first?.source?.component == "metallb-controller")
      #expect(events.first?.message == "Assigned IP [\"203.0.113.1\"]")
    }
  }

  @Test func `What Services have at the start is adopted before anything is given out`()
    async throws
  {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.2"])
      try await harness.createService("waiting")
      var holder = try await harness.createService("holder")
      holder.status = KubernetesAPI.Service.Status(
        loadBalancer: .init(ingress: [.init(ip: "203.0.113.1")]))
      _ = try await harness.client.updateStatus(holder)
      try await harness.running {
        try await harness.service("waiting", has: ["203.0.113.2"])
        try await harness.service("holder", has: ["203.0.113.1"])
      }
    }
  }

  @Test func `Who waits is told why and served by the next deletion`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1"])
      try await harness.running {
        let holder = try await harness.createService("holder")
        try await harness.service("holder", has: ["203.0.113.1"])
        try await harness.createService("waiter")
        try await harness.client.delete(holder)
        try await harness.service("waiter", has: ["203.0.113.1"])
      }
      let reasons = try await harness.events(on: "waiter").compactMap(\.reason)
      #expect(reasons.last == "IPAllocated")
      #expect(Set(reasons).isSubset(of: ["AllocationFailed", "IPAllocated"]))
    }
  }

  @Test func `Pools change under live Services`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.0/29"])
      try await harness.running {
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.0"])
        _ = try await retryOnConflict {
          var current = try await harness.client.get(
            IPAddressPool.self, "gold", namespace: harness.cluster.namespace)
          current.spec.addresses = ["198.51.100.7"]
          return try await harness.client.update(current)
        }
        try await harness.service("web", has: ["198.51.100.7"])
        try await harness.client.delete(
          IPAddressPool.self, "gold", namespace: harness.cluster.namespace)
        try await harness.service("web", has: [])
        try await harness.createPool("silver", ["192.0.2.9"])
        let web = try await harness.service("web", has: ["192.0.2.9"])
        #expect(web.allocatedFrom == "silver")
      }
    }
  }

  @Test func `The ConfigMap of the legacy era is read live`() async throws {
    try await withHarness { harness in
      @Sendable func configMap(_ addresses: String) -> ConfigMap {
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: harness.cluster.namespace),
          data: [
            "config":
              "address-pools:\n- {name: gold, protocol: layer2, addresses: [\(addresses)]}\n"
          ])
      }
      _ = try await harness.client.create(configMap("203.0.113.1"))
      try await harness.running {
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.1"])
        try await harness.createService("late")
        _ = try await harness.client.update(configMap("203.0.113.1-203.0.113.2"))
        try await harness.service("late", has: ["203.0.113.2"])
        _ = try await harness.client.update(configMap("nonsense"))
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Invalid"
        }
        try await harness.service("late", has: ["203.0.113.2"])
      }
    }
  }

  @Test func `A bad pool leaves the others alone and is named in state and event`() async throws {
    try await withHarness { harness in
      try await harness.createPool("bad", ["203.0.113.300"])
      try await harness.createPool("good", ["203.0.113.1"])
      try await harness.running {
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.1"])
        let state = try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Invalid"
        }
        #expect(state?.metadata.labels["metallb.io/component-type"] == "controller")
        #expect(
          state?.status?.conditions?.map(\.type) == [
            "poolReconcilerValid", "poolReconcilerWarnings",
          ])
        #expect(
          state?.status?.conditions?.map(\.reason) == ["ConfigurationError", "LikelyMistakes"])
        #expect(state?.status?.errorSummary?.contains("/bad: spec.addresses[0]") == true)
        #expect(harness.metrics.render().contains("metallb_k8s_client_config_stale_bool 1"))

        try await harness.client.delete(
          IPAddressPool.self, "bad", namespace: harness.cluster.namespace)
        let mended = try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Valid"
        }
        #expect(mended?.status?.errorSummary == nil)
        try await harness.client.delete(
          ConfigurationState.self, "controller", namespace: harness.cluster.namespace)
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Valid" && $0?.metadata.uid != mended?.metadata.uid
        }
        #expect(harness.metrics.render().contains("metallb_k8s_client_config_stale_bool 0"))
      }
      #expect(try await harness.events(on: "bad").map(\.reason) == ["InvalidAddress"])
    }
  }

  @Test func `Peers and BGP advertisements are judged, and likely mistakes are told`() async throws
  {
    try await withHarness { harness in
      let namespace = harness.cluster.namespace
      try await harness.createPool("gold", ["203.0.113.1"])
      var advertisement = BGPAdvertisement(
        metadata: ObjectMeta(name: "x", namespace: namespace), spec: BGPAdvertisement.Spec())
      advertisement.spec?.peers = ["typo"]
      _ = try await harness.client.create(advertisement)
      _ = try await harness.client.create(
        BGPPeer(
          metadata: ObjectMeta(name: "router", namespace: namespace),
          spec: BGPPeer.Spec(myASN: 64_512, peerASN: 64_513, peerAddress: "router.lan")))
      try await harness.running {
        let state = try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Invalid"
            && $0?.status?.conditions?.last?.reason == "LikelyMistakes"
        }
        #expect(state?.status?.errorSummary?.contains("invalid BGPPeer address") == true)
        #expect(
          state?.status?.conditions?.last?.message.contains("there is no peer \"typo\"") == true)
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.1"])
      }
      #expect(try await harness.events(on: "router").map(\.reason) == ["InvalidPeerAddress"])
    }
  }

  @Test func `An advertisement that selects no node is told, until a node is labelled`()
    async throws
  {
    try await withHarness { harness in
      let node = harness.cluster.uniqueName("node")
      _ = try await harness.client.create(Node(metadata: ObjectMeta(name: node)))
      try await harness.createPool("gold", ["203.0.113.1"])
      var spec = L2Advertisement.Spec()
      spec.nodeSelectors = [LabelSelector(matchLabels: ["rack": node])]
      _ = try await harness.client.create(
        L2Advertisement(
          metadata: ObjectMeta(name: "astray", namespace: harness.cluster.namespace), spec: spec))
      try await harness.running {
        let warned = try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.conditions?.last?.reason == "LikelyMistakes"
        }
        #expect(warned?.status?.result == "Valid")
        #expect(
          warned?.status?.conditions?.last?.message.contains("nodeSelectors match no node") == true)
        _ = try await harness.client.patch(
          Node.resource, node, .merge(["metadata": ["labels": ["rack": .string(node)]]]))
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.conditions?.last?.reason == "NoWarnings"
        }
      }
      try await harness.client.delete(Node.self, node)
    }
  }

  @Test func `Pools count their addresses in status and metrics`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.0/29", "2001:db8::/64"])
      try await harness.running {
        let web = try await harness.createService("web")
        try await harness.cluster.eventually(IPAddressPool.self, "gold") {
          $0?.status
            == IPAddressPool.Status(
              assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 7, availableIPv6: .max)
        }
        let page = harness.metrics.render()
        #expect(page.contains("metallb_allocator_ipv4_addresses_total{pool=\"gold\"} 8"))
        #expect(page.contains("metallb_allocator_addresses_in_use_total{pool=\"gold\"} 1"))
        #expect(
          page.contains(
            "# HELP metallb_allocator_addresses_total Number of usable IP addresses, per pool\n"))
        let lines = page.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("# HELP ") } == lines.count { $0.hasPrefix("# TYPE ") })
        try await harness.client.delete(web)
        try await harness.cluster.eventually(IPAddressPool.self, "gold") {
          $0?.status?.assignedIPv4 == 0
        }
      }
    }
  }

  @Test func `The secret of the gossip is created once and never changed`() async throws {
    try await withHarness { harness in
      let options = harness.options { $0.memberlistSecretName = "metallb-memberlist" }
      var first: Secret?
      for _ in 1...2 {
        let secret = try await harness.running(options) {
          // The state is written after the start, the second time too.
          try await harness.cluster.eventually(ConfigurationState.self, "controller") {
            $0?.status?.result == "Valid"
          }
          return try await harness.cluster.eventually(Secret.self, "metallb-memberlist") {
            $0 != nil
          }
        }
        #expect(secret?.data?["secretkey"] != nil)
        first = first ?? secret
        #expect(secret?.data == first?.data)
      }
    }
    #expect(MemberlistSecret.newKey().count == 22)
    #expect(MemberlistSecret.newKey() != MemberlistSecret.newKey())
  }

  private static let secretName = "metallb-memberlist"

  /// The controller's Deployment, which belongs to `owner`.
  private func createDeployment(
    of owner: ConfigMap? = nil, in harness: ControllerHarness
  ) async throws -> Deployment {
    let labels = ["app": "metallb"]
    var spec = PodSpec()
    spec.containers = [Container(name: "controller", image: "example/controller:v1")]
    var metadata = ObjectMeta(name: "controller", namespace: harness.cluster.namespace)
    metadata.ownerReferences = [owner].compactMap {
      $0?.ownerReference(controller: true, blockOwnerDeletion: true)
    }
    return try await harness.client.create(
      Deployment(
        metadata: metadata,
        spec: .init(
          selector: LabelSelector(matchLabels: labels),
          template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: spec))))
  }

  private func secret(
    in harness: ControllerHarness, where condition: @escaping @Sendable (Secret) -> Bool
  ) async throws -> Secret {
    let secret = try await harness.cluster.eventually(Secret.self, Self.secretName) {
      $0.map(condition) ?? false
    }
    return try #require(secret)
  }

  @Test func `The secret of the gossip outlives the Deployment and goes with its owner`()
    async throws
  {
    try await withHarness { harness in
      if harness.cluster.kind == .binaries { try Test.cancel("nobody collects garbage there") }
      let client = harness.client
      let owner = try await client.create(
        ConfigMap(metadata: ObjectMeta(name: "owner", namespace: harness.cluster.namespace)))
      let options = harness.options {
        $0.memberlistSecretName = Self.secretName
        $0.deploymentName = "controller"
      }
      let deployment = try await createDeployment(of: owner, in: harness)
      let made = try await harness.running(options) {
        try await secret(in: harness) { _ in true }
      }
      #expect(
        made.metadata.ownerReferences.map(\.uid) == [
          deployment.metadata.uid ?? "", owner.metadata.uid ?? "",
        ])
      #expect(made.metadata.ownerReferences.allSatisfy { $0.controller != true })
      // By hand; the operator brings it back.
      try await client.delete(deployment)
      let left = try await secret(in: harness) { $0.metadata.ownerReferences.count == 1 }
      #expect(left.data == made.data)
      _ = try await createDeployment(of: owner, in: harness)
      let kept = try await harness.running(options) {
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Valid"
        }
        return try await secret(in: harness) { _ in true }
      }
      #expect(kept.data == made.data)
      try await client.delete(owner)
      try await harness.cluster.eventuallyGone(Secret.self, Self.secretName)
    }
  }

  @Test func `A secret that was made for the Deployment alone gets its owner too`() async throws {
    try await withHarness { harness in
      let client = harness.client
      let owner = try await client.create(
        ConfigMap(metadata: ObjectMeta(name: "owner", namespace: harness.cluster.namespace)))
      let deployment = try await createDeployment(of: owner, in: harness)
      var old = Secret(
        metadata: ObjectMeta(name: Self.secretName, namespace: harness.cluster.namespace))
      old.metadata.ownerReferences = [
        deployment.ownerReference(controller: false, blockOwnerDeletion: false)
      ]
      old.data = ["secretkey": "b2xk"]
      _ = try await client.create(old)
      let options = harness.options {
        $0.memberlistSecretName = Self.secretName
        $0.deploymentName = "controller"
      }
      let completed = try await harness.running(options) {
        try await secret(in: harness) { $0.metadata.ownerReferences.count == 2 }
      }
      #expect(completed.data == ["secretkey": "b2xk"])
      #expect(completed.metadata.ownerReferences.last?.uid == owner.metadata.uid)
    }
  }

  @Test func `A secret that somebody deletes is made anew at once, unless all goes`() async throws {
    try await withHarness { harness in
      if harness.cluster.kind == .binaries { try Test.cancel("nobody collects garbage there") }
      let client = harness.client
      let deployment = try await createDeployment(in: harness)
      let options = harness.options {
        $0.memberlistSecretName = Self.secretName
        $0.deploymentName = "controller"
      }
      try await harness.running(options) {
        let first = try await secret(in: harness) { _ in true }
        try await client.delete(first)
        let second = try await secret(in: harness) { $0.metadata.uid != first.metadata.uid }
        #expect(second.data != first.data)
        try await client.delete(deployment)
        try await harness.cluster.eventuallyGone(Secret.self, Self.secretName)
        // What follows comes after the controller has seen that.
        try await harness.createPool("gold", ["203.0.113.1"])
        try await harness.createService("web")
        try await harness.service("web", has: ["203.0.113.1"])
      }
      let left = try await client.find(
        Secret.self, Self.secretName, namespace: harness.cluster.namespace)
      #expect(left == nil)
    }
  }

  @Test func `The lease goes with the Deployment`() async throws {
    try await withHarness { harness in
      let deployment = try await createDeployment(in: harness)
      let options = harness.options { $0.deploymentName = "controller" }
      try await harness.running(options) {
        let lease = try await harness.cluster.eventually(Lease.self, options.lease.name) {
          $0 != nil
        }
        #expect(lease?.metadata.ownerReferences.map(\.uid) == [deployment.metadata.uid ?? ""])
      }
    }
  }

  @Test func `A second replica waits, is ready, and takes over`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.2"])
      let (firstLeads, noteFirstLeads) = AsyncStream.makeStream(of: Void.self)
      let (secondIsReady, noteSecondIsReady) = AsyncStream.makeStream(of: Void.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await harness.running {
            try await harness.createService("first")
            try await harness.service("first", has: ["203.0.113.1"])
            noteFirstLeads.yield()
            for await _ in secondIsReady { break }
          }
          // The first one has given the lease up.
          try await harness.createService("second")
        }
        group.addTask {
          for await _ in firstLeads { break }
          try await harness.running(
            readiness: { failure in if failure == nil { noteSecondIsReady.yield() } }
          ) {
            try await harness.service("second", has: ["203.0.113.2"])
            try await harness.service("first", has: ["203.0.113.1"])
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func `Many Services at once each get an address of their own`() async throws {
    try await withHarness { harness in
      let count = 200
      try await harness.createPool("gold", ["198.51.100.0/24"])
      for index in 0..<count { try await harness.createService("web-\(index)") }
      try await harness.running {
        for index in 0..<count {
          try await harness.cluster.eventually(KubernetesAPI.Service.self, "web-\(index)") {
            $0?.ingressIPs.count == 1
          }
        }
        let services = try await harness.client.list(
          KubernetesAPI.Service.self, namespace: harness.cluster.namespace
        ).items
        #expect(Set(services.flatMap(\.ingressIPs)).count == count)
      }
    }
  }
}
