import Layer2Transport
import LinuxNetwork
import NamespaceTesting
import NetworkAddresses
import Testing

@Suite struct KernelAddressesTests {
  private static let wanted = IPv4Address(rawValue: 0xcb00_7107)

  @Test(arguments: [
    (0, "eth0", true), (0, "kube-ipvs0", true), (1, "kube-ipvs0", false), (1, "eth0", true),
    (2, "kube-ipvs0", false), (2, "eth0", true), (3, "kube-ipvs0", true), (8, "eth0", false),
  ])
  func `The kernel answers for its addresses as arp_ignore says`(
    arpIgnore: Int, holder: String, isExposed: Bool
  ) throws {
    let kernel = KernelAddresses(holders: [Self.wanted: holder], arpIgnore: ["eth0": arpIgnore])
    #expect(
      kernel.exposure(of: .v4(Self.wanted))
        == (isExposed
          ? KernelAddresses.Exposure(holder: holder, link: "eth0", arpIgnore: arpIgnore) : nil))
    #expect(kernel.exposure(of: .v4(IPv4Address(rawValue: 0xcb00_7108))) == nil)
  }

  @Test func `Without a link nobody asks`() {
    let kernel = KernelAddresses(holders: [Self.wanted: "kube-ipvs0"], arpIgnore: [:])
    #expect(kernel.exposure(of: .v4(Self.wanted)) == nil)
  }

  @Test(
    .tags(.namespaces), .needsNamespaces,
    arguments: [
      ("all", 0, true), ("all", 1, false), ("eth0", 1, false), ("br9", 1, true),
    ])
  func `What the kernel has, and how careful it is, is read from it`(
    interface: String, value: Int, isExposed: Bool
  ) async throws {
    try await TestNamespace.with(2) { namespaces in
      let (node, client) = (namespaces[0], namespaces[1])
      try await TestNamespace.connect(
        (node, "eth0", AnnouncerLink.nodeMAC), (client, "c0", AnnouncerLink.clientMAC))
      // A bridge without ports stands for kube-ipvs0.
      try await node.ip("link", "add", "br9", "type", "bridge")
      try await node.ip("link", "set", "br9", "up")
      try await node.ip("addr", "add", "203.0.113.7/32", "dev", "br9")
      try await node.run(
        "sh", "-c", "echo \(value) > /proc/sys/net/ipv4/conf/\(interface)/arp_ignore")
      let kernel = try await NetworkThread.run(name: "reader", in: node.networkNamespace) {
        KernelAddresses(try NetworkInterface.all(), links: ["eth0"])
      }
      #expect((kernel.exposure(of: .v4(Self.wanted))?.holder == "br9") == isExposed)
      // The kernel agrees; it answers hosts to which it has a route.
      try await node.ip("addr", "add", "10.98.0.13/24", "dev", "eth0")
      try await client.ip("addr", "add", "10.98.0.100/24", "dev", "c0")
      let found = try await client.run(
        "sh", "-c", "arping -c 1 -w 1 -I c0 203.0.113.7 || true")
      #expect(found.contains("Received 1 response(s)") == isExposed)
    }
  }
}
