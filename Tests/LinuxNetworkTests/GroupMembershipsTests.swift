import Foundation
import LinuxNetwork
import NamespaceTesting
import NetworkAddresses
import Testing

@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct GroupMembershipsNamespaceTests {
  /// The groups ff02::1:ffXX:XXXX that the kernel lists for an interface.
  private static func joined(_ interface: String) throws -> Set<String> {
    let file = try #require(FileHandle(forReadingAtPath: "/proc/thread-self/net/igmp6"))
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let rows = text.split(separator: "\n").map { $0.split(separator: " ") }
    return Set(
      rows.filter { $0.count > 2 && $0[1] == interface }.map { String($0[2]) }
        .filter { $0.hasPrefix("ff0200000000000000000001ff") })
  }

  @Test func `Thousands of groups are joined and left again`() async throws {
    try await TestNamespace.with { namespaces in
      try await namespaces[0].ip("link", "add", "a0", "type", "veth", "peer", "name", "b0")
      try await namespaces[0].ip("link", "set", "a0", "addrgenmode", "none", "up")
      // A small quota per socket, where the kernel (6.8) has one for each namespace.
      try await namespaces[0].run(
        "sh", "-c", "echo 4096 > /proc/sys/net/core/optmem_max || true")
      let counts = try await NetworkThread.run(
        name: "groups", in: namespaces[0].networkNamespace
      ) {
        let interface = try #require(try NetworkInterface.all().first { $0.name == "a0" })
        let first = try #require(IPv6Address("ff02::1:ff00:0"))
        let all = (0..<3_000).map {
          GroupMemberships.Membership(
            group: IPv6Address(rawValue: first.rawValue + UInt128($0)), interface: interface.index)
        }
        var memberships = GroupMemberships()
        for membership in all + all { try memberships.join(membership) }
        var counts = [try Self.joined("a0").count]
        for membership in all.dropFirst() { memberships.leave(membership) }
        counts.append(try Self.joined("a0").count)
        for membership in all { memberships.leave(membership) }
        counts.append(try Self.joined("a0").count)
        return counts
      }
      #expect(counts == [3_000, 1, 0])
    }
  }

  @Test func `Joining on an interface that does not exist is an error`() async throws {
    try await TestNamespace.with { namespaces in
      let error = await #expect(throws: LinuxError.self) {
        try await NetworkThread.run(name: "groups", in: namespaces[0].networkNamespace) {
          let group = try #require(IPv6Address("ff02::1:ff00:1"))
          var memberships = GroupMemberships()
          try memberships.join(.init(group: group, interface: 99))
        }
      }
      #expect(error?.isInterfaceUnavailable == true)
    }
  }
}
