import CoreMetrics
import Foundation
import KubernetesAPI
import KubernetesClient
import Layer2Transport
import Logging
import MetalLBAPI
import NamespaceTesting
import NetworkAddresses
import PrometheusMetrics
import Testing

@testable import MetalLBSpeaker

@Suite(
  .tags(.namespaces), .timeLimit(.minutes(2)),
  .enabled(if: TestNamespace.missingPrivilege == nil, "\(TestNamespace.missingPrivilege ?? "")"))
struct SpeakerIPv6Tests {
  private let mac = "02:00:00:00:00:06"

  @Test
  func `Where Nodes, gossip and Services have IPv6 alone, a host on the link finds the owner`()
    async throws
  {
    try await TestNamespace.with(2) { namespaces in
      let (node, client) = (namespaces[0], namespaces[1])
      for namespace in namespaces {
        try await namespace.run(
          "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
      }
      try await TestNamespace.connect((node, "eth0", mac), (client, "c0", "02:00:00:00:01:06"))
      try await client.ip("addr", "add", "fd98::100/64", "dev", "c0", "nodad")
      try await Scene.with(nodes: 1) { scene in
        _ = try await scene.client.create(
          IPAddressPool(
            metadata: ObjectMeta(name: "six", namespace: scene.namespace),
            spec: IPAddressPool.Spec(addresses: ["fd98::/112"])))
        try await scene.setInternalAddress(
          try #require(IPAddress("fd98::1:1")), of: scene.nodes[0])
        let service = try await scene.client.get(
          Service.self, scene.service.name, namespace: scene.namespace)
        try await scene.setAddresses([try #require(IPAddress("fd98::150"))], of: service)
        var configuration = Layer2Announcer.Configuration()
        configuration.namespace = node.networkNamespace
        let announcer = try Layer2Announcer(
          configuration: configuration, logger: Logger(label: "layer2"),
          metricsFactory: NOOPMetricsHandler.instance)
        var gossip = GossipOptions(bindAddress: try #require(IPAddress("::1")))
        gossip.bindPort = UInt16(20_000 + ProcessInfo.processInfo.processIdentifier % 10_000)
        try await scene.withSpeaker(
          on: scene.nodes[0], announcer: announcer, change: { $0.gossip = gossip }
        ) { speaker in
          _ = try await scene.statuses("names the owner") {
            $0.first?.status?.node == scene.nodes[0]
          }
          // No port is open there; the question who has the address comes first.
          try await client.run(
            "sh", "-c", "timeout 1 bash -c 'exec 3<>/dev/tcp/fd98::150/9' || true")
          let found = try await client.ip("neigh", "show", "fd98::150", "dev", "c0")
          #expect(found.contains(mac))
          #expect(speaker.registry.render().contains("ip=\"fd98::150\""))
        }
      }
    }
  }
}
