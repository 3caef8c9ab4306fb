import KubernetesAPI
import NetworkAddresses
import NetworkLab
import Testing

@testable import DevelopmentCluster

extension Tag {
  /// Needs network namespaces, and so root.
  @Tag static var namespaces: Self
}

/// The rules in a kernel, with packets.
@Suite(
  .tags(.namespaces),
  .enabled(if: LabRequirements.unmet() == nil, "needs root and the tools of hack/install-packages"),
  .timeLimit(.minutes(1)))
struct ProxyNamespaceTests {
  @Test func `A connection to a virtual address arrives at an endpoint`() async throws {
    try await withLab { lab in
      let client = try await lab.addNamespace("client")
      let node = try await lab.addNamespace("node")
      let pod = try await lab.addNamespace("pod")
      func address(_ text: String) throws -> LabAddress { try #require(LabAddress(text)) }
      try await lab.connect(
        LinkEnd(client, "eth0", addresses: [try address("172.29.0.2/24")]),
        LinkEnd(node, "eth0", addresses: [try address("172.29.0.11/24")]))
      try await lab.connect(
        LinkEnd(node, "pod", addresses: [try address("10.180.1.1/24")]),
        LinkEnd(pod, "eth0", addresses: [try address("10.180.1.2/24")]))
      try await pod.ip(["route add default via 10.180.1.1"])
      try await client.ip(["route add 172.29.0.200 via 172.29.0.11"])
      try await node.setSysctl("net.ipv4.ip_forward", "1")
      let service = Fixture.service(type: "LoadBalancer", ingress: ["172.29.0.200"])
      let endpoint = ProxyRulesTests.endpoint("10.180.1.2", on: "node-1")
      // Twice, as the second one has to replace the first.
      for _ in 0..<2 { try await node.nft(try ProxyRulesTests.ruleset(service, [endpoint])) }

      let connect = ["curl", "-s", "--max-time", "10", "http://172.29.0.200/"]
      try await pod.withCapture(on: "eth0", filter: "tcp dst port 8080") { capture in
        _ = try await client.attempt(connect)
        let frame = try #require(await capture.first { _ in true })
        // The addresses in the IPv4 header (RFC 791 §3.1), 14 bytes into the frame.
        #expect(frame.bytes[26..<30] == [10, 180, 1, 1])
        #expect(frame.bytes[30..<34] == [10, 180, 1, 2])
      }
      // Where nobody serves, the connection is refused rather than left to time out.
      try await node.nft(try ProxyRulesTests.ruleset(service, []))
      #expect(try await client.attempt(connect).status == .exited(7))
    }
  }
}
