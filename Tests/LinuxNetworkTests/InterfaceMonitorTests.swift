import LinuxNetwork
import NamespaceTesting
import NetworkAddresses
import Testing

@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct InterfaceMonitorNamespaceTests {
  /// Runs a monitor on its own thread until `isFinished`, and returns the changes it saw.
  private func follow(
    _ namespace: TestNamespace, until isFinished: @escaping @Sendable ([NetworkInterface]) -> Bool,
    whenReady: @escaping @Sendable () -> Void
  ) async throws -> [InterfaceTable.Change] {
    let signal = try ThreadSignal()
    return try await NetworkThread.run(
      name: "monitor", in: namespace.networkNamespace, signal: signal
    ) {
      defer { whenReady() }
      var monitor = try InterfaceMonitor()
      let poller = try Poller()
      var changes = try monitor.resynchronize()
      try poller.add(monitor.descriptor, token: 0)
      try poller.add(signal.descriptor, token: 1)
      whenReady()
      var tokens: [UInt64] = []
      while !signal.isStopped, !isFinished(monitor.interfaces) {
        try poller.wait(timeout: nil, into: &tokens)
        changes += try monitor.process()
      }
      return changes
    }
  }

  @Test func `All interfaces of a namespace are listed`() async throws {
    try await TestNamespace.with { namespaces in
      let namespace = namespaces[0]
      try await namespace.ip("link", "add", "a0", "type", "veth", "peer", "name", "b0")
      try await namespace.ip("addr", "add", "192.0.2.1/24", "dev", "a0")
      let all = try await NetworkThread.run(name: "list", in: namespace.networkNamespace) {
        try NetworkInterface.all()
      }
      #expect(Set(all.map(\.name)) == ["lo", "a0", "b0"])
      let veth = try #require(all.first { $0.name == "a0" })
      #expect(veth.addresses.map(\.address) == [IPAddress("192.0.2.1")])
      #expect(!veth.flags.contains(.up))
    }
  }

  @Test func `Notifications show each step of a change`() async throws {
    try await TestNamespace.with { namespaces in
      let namespace = namespaces[0]
      try await namespace.ip("link", "add", "a0", "type", "veth", "peer", "name", "b0")
      let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
      async let followed = follow(namespace) { interfaces in
        !interfaces.contains { $0.name == "a0" }
      } whenReady: {
        continuation.finish()
      }
      for await _ in ready {}
      try await namespace.ip("link", "set", "b0", "up")
      try await namespace.ip("link", "set", "a0", "up")
      try await namespace.ip("link", "set", "a0", "address", "02:00:00:00:00:77")
      try await namespace.ip("link", "del", "a0")
      let changes = try await followed
      let states = changes.compactMap { change -> NetworkInterface? in
        guard case .updated(let interface) = change, interface.name == "a0" else { return nil }
        return interface
      }
      #expect(states.first?.flags.contains(.up) == false)
      #expect(states.contains { $0.flags.isSuperset(of: [.up, .running]) })
      #expect(states.contains { $0.hardwareAddress == MACAddress("02:00:00:00:00:77") })
      let index = try #require(states.first?.index)
      #expect(changes.contains(.removed(index: index)))
    }
  }

  @Test func `Everything is read again when the kernel dropped notifications`() async throws {
    try await TestNamespace.with { namespaces in
      let namespace = namespaces[0]
      try await namespace.ip("link", "add", "a0", "type", "veth", "peer", "name", "b0")
      let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
      let goOn = try ThreadSignal()
      async let mtu = NetworkThread.run(
        name: "monitor", in: namespace.networkNamespace, signal: goOn
      ) { () -> (Int?, Bool) in
        defer { isReady.finish() }
        var monitor = try InterfaceMonitor()
        _ = try monitor.resynchronize()
        let poller = try Poller()
        try poller.add(goOn.descriptor, token: 0)
        isReady.finish()
        var tokens: [UInt64] = []
        while !goOn.isStopped { try poller.wait(timeout: nil, into: &tokens) }
        let changes = try monitor.process()
        let interfaces = monitor.interfaces
        // 2,000 changes were made; seeing fewer proves that some were dropped.
        return (interfaces.first { $0.name == "a0" }?.mtu, changes.count < 1_500)
      }
      for await _ in ready {}
      let script =
        (0..<2_000).map { "link set a0 mtu \(1000 + $0 % 500)" } + [
          "link set a0 mtu 1432", "link add last type bridge",
        ]
      try await namespace.run(
        "sh", "-c", "echo '\(script.joined(separator: "\n"))' | ip -batch -")
      goOn.stop()
      let result = try await mtu
      #expect(result.0 == 1432)
      #expect(result.1)
    }
  }
}
