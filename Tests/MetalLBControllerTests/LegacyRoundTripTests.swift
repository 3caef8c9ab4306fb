import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import LegacyConfiguration
import MetalLBAPI
import Testing

@testable import MetalLBController

/// From the ConfigMap era to objects under a controller that runs: no Service changes its address.
@Suite(.timeLimit(.minutes(3))) struct LegacyRoundTripTests {
  private static let text = """
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 192.0.2.1}
    bgp-communities: {vpn: "1:1"}
    address-pools:
    - name: Gold_Pool
      protocol: bgp
      addresses: [203.0.113.0/29]
      avoid-buggy-ips: true
      bgp-advertisements: [{communities: [vpn]}]
    - {name: silver, protocol: layer2, addresses: [198.51.100.1-198.51.100.6], auto-assign: false}
    """

  private static let addresses = [
    "any": "203.0.113.1", "wish": "203.0.113.5", "from-silver": "198.51.100.1",
  ]

  private func check(_ harness: ControllerHarness, pool gold: String) async throws {
    for (name, address) in Self.addresses {
      let pool = name == "from-silver" ? "silver" : gold
      let service = try await harness.cluster.eventually(
        KubernetesAPI.Service.self, name, "\(name) is marked with \(pool)"
      ) { $0?.allocatedFrom == pool }
      #expect(service?.ingressIPs == [address])
    }
  }

  /// Stores what the converter makes of the ConfigMap.
  private func apply(_ harness: ControllerHarness) async throws {
    var options = LegacyConversion.Options()
    options.namespace = harness.cluster.namespace
    let document = LegacyDocument.read(Self.text).document
    let conversion = try LegacyConversion(document, options: options)
    #expect(conversion.renamedPools == ["Gold_Pool": "gold-pool"])
    for object in conversion.peers { _ = try await harness.client.create(object) }
    for object in conversion.pools { _ = try await harness.client.create(object) }
    for object in conversion.bgpAdvertisements { _ = try await harness.client.create(object) }
    for object in conversion.l2Advertisements { _ = try await harness.client.create(object) }
    for object in conversion.communities { _ = try await harness.client.create(object) }
  }

  @Test func `Converted and applied, before and after a restart, nothing moves`() async throws {
    try await withHarness { harness in
      let namespace = harness.cluster.namespace
      _ = try await harness.client.create(
        ConfigMap(
          metadata: ObjectMeta(name: "config", namespace: namespace), data: ["config": Self.text]))
      try await harness.running {
        try await harness.createService("any")
        try await harness.service("any", has: ["203.0.113.1"])
        try await harness.createService("wish") { $0.spec?.loadBalancerIP = "203.0.113.5" }
        try await harness.createService("from-silver") {
          $0.metadata.annotations["metallb.universe.tf/address-pool"] = "silver"
        }
        try await check(harness, pool: "Gold_Pool")
        // Beside the ConfigMap, which goes first, and then alone.
        try await apply(harness)
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Invalid"
        }
        try await check(harness, pool: "Gold_Pool")
        try await harness.client.delete(ConfigMap.self, "config", namespace: namespace)
        try await check(harness, pool: "gold-pool")
        try await harness.cluster.eventually(ConfigurationState.self, "controller") {
          $0?.status?.result == "Valid"
        }
      }
      try await harness.running {
        try await harness.createService("late")
        try await harness.service("late", has: ["203.0.113.2"])
        try await check(harness, pool: "gold-pool")
      }
      for name in Self.addresses.keys {
        let reasons = Set(try await harness.events(on: name).compactMap(\.reason))
        #expect(reasons.subtracting(["IPAllocated", "deprecatedAnnotation"]) == [])
      }
    }
  }
}
