import Glibc
package import LinuxNetwork
import Subprocess
import Synchronization

/// A network namespace made for one test, with `lo` up, and removed after it.
package struct TestNamespace: Sendable {
  package let name: String

  /// Why such tests cannot run here, or nil.
  package static let missingPrivilege: String? = {
    geteuid() == 0 ? nil : "needs root to make network namespaces"
  }()

  private static let counter = Atomic<Int>(0)

  /// Runs `body` with `count` new namespaces.
  package static func with<Result>(
    _ count: Int = 1, _ body: ([TestNamespace]) async throws -> Result
  ) async throws -> Result {
    var made: [TestNamespace] = []
    do {
      for _ in 0..<count {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let namespace = TestNamespace(name: "mlb-test-\(getpid())-\(number)")
        try await TestProcess.run("ip", "netns", "add", namespace.name)
        made.append(namespace)
        try await namespace.ip("link", "set", "lo", "up")
      }
      let result = try await body(made)
      await remove(made)
      return result
    } catch {
      await remove(made)
      throw error
    }
  }

  private static func remove(_ namespaces: [TestNamespace]) async {
    for namespace in namespaces {
      _ = try? await TestProcess.run("ip", "netns", "del", namespace.name)
    }
  }

  package var networkNamespace: NetworkNamespace { .named(name) }

  /// `ip -n NAME ARGUMENTS`
  @discardableResult
  package func ip(_ arguments: String...) async throws -> String {
    try await TestProcess.run("ip", ["-n", name] + arguments)
  }

  /// Runs a command inside the namespace.
  @discardableResult
  package func run(_ command: String...) async throws -> String {
    try await TestProcess.run("ip", ["netns", "exec", name] + command)
  }

  /// Connects two namespaces with a veth pair and waits until both ends carry frames.
  package static func connect(
    _ left: (namespace: TestNamespace, interface: String, mac: String),
    _ right: (namespace: TestNamespace, interface: String, mac: String)
  ) async throws {
    try await left.namespace.ip(
      "link", "add", left.interface, "address", left.mac, "type", "veth",
      "peer", "name", right.interface, "address", right.mac, "netns", right.namespace.name)
    try await left.namespace.ip("link", "set", left.interface, "up")
    try await right.namespace.ip("link", "set", right.interface, "up")
    try await left.namespace.waitForCarrier(left.interface)
    try await right.namespace.waitForCarrier(right.interface)
  }

  /// Waits until an interface has a carrier. The kernel finds that out a moment after the other end is up, and drops
  /// frames until then.
  package func waitForCarrier(_ interface: String) async throws {
    let signal = try ThreadSignal()
    try await NetworkThread.run(name: "carrier", in: networkNamespace, signal: signal) {
      let poller = try Poller()
      var monitor = try InterfaceMonitor()
      _ = try monitor.resynchronize()
      try poller.add(monitor.descriptor, token: 0)
      try poller.add(signal.descriptor, token: 1)
      var tokens: [UInt64] = []
      while !signal.isStopped,
        !monitor.interfaces.contains(where: { $0.name == interface && $0.flags.contains(.running) })
      {
        try poller.wait(timeout: nil, into: &tokens)
        _ = try monitor.process()
      }
    }
  }
}

/// Commands that tests use as independent witnesses.
package enum TestProcess {
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  @discardableResult
  package static func run(_ command: String, _ arguments: String...) async throws -> String {
    try await run(command, arguments)
  }

  /// Runs a command to its end and returns what it wrote. Throws when its status is not 0.
  @discardableResult
  package static func run(_ command: String, _ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
      .name(command), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
      error: .combinedWithOutput)
    guard result.terminationStatus.isSuccess else {
      throw Failure(
        description: "\(command) \(arguments.joined(separator: " ")): \(result.standardOutput)")
    }
    return result.standardOutput
  }
}
