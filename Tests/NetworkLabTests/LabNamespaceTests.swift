import Glibc
import NetworkAddresses
import Synchronization
import Testing

@testable import NetworkLab

extension Tag {
  /// Needs network namespaces, and so root.
  @Tag static var namespaces: Self
}

/// Tests with real namespaces, links and packets.
@Suite(
  .tags(.namespaces),
  .enabled(if: LabRequirements.unmet() == nil, "needs root and the tools of hack/install-packages"),
  .timeLimit(.minutes(1)))
struct LabNamespaceTests {
  static let left = LabAddress("192.0.2.1/24")
  static let right = LabAddress("192.0.2.2/24")

  /// Two namespaces on one link.
  static func withPair<Value: Sendable>(
    _ body: (Lab, LabNamespace, LabNamespace) async throws -> Value
  ) async throws -> Value {
    try await withLab { lab in
      let a = try await lab.addNamespace("a")
      let b = try await lab.addNamespace("b")
      try await lab.connect(
        LinkEnd(a, "eth0", addresses: [try #require(left)]),
        LinkEnd(b, "eth0", addresses: [try #require(right)]))
      return try await body(lab, a, b)
    }
  }

  @Test func `Namespaces on a link reach each other, and nothing is left afterwards`() async throws
  {
    let (name, directory) = try await Self.withPair { lab, a, _ in
      try await a.run(["arping", "-c", "1", "-w", "5", "-I", "eth0", "192.0.2.2"])
      return (lab.name, lab.directory)
    }
    #expect(try await !Tool.run(["ip", "netns", "list"]).contains(name))
    #expect(!LabFiles.exists(directory))
    #expect(LabJournal.all().allSatisfy { !$0.path.contains(name) })
  }

  @Test func `A bridge and the machine's own side carry frames`() async throws {
    try await withLab { lab in
      let net = try await lab.addNamespace("switch")
      let node = try await lab.addNamespace("node")
      try await lab.addBridge("br0", in: net)
      try await lab.connect(
        LinkEnd(net, "node", bridge: "br0"),
        LinkEnd(
          node, "eth0", addresses: [try #require(LabAddress("198.51.100.2/30"))],
          hardwareAddress: MACAddress("02:00:00:00:00:0a")))
      #expect(try await node.hardwareAddress(of: "eth0").description == "02:00:00:00:00:0a")
      let interface = try await lab.connectHost(
        LinkEnd(net, "host", bridge: "br0"),
        address: try #require(LabAddress("198.51.100.1/30")))
      try await Tool.run(["arping", "-c", "1", "-w", "5", "-I", interface, "198.51.100.2"])
    }
  }

  @Test func `A capture sees frames with the kernel's times`() async throws {
    try await Self.withPair { _, a, b in
      try await b.withCapture(on: "eth0", filter: "arp") { capture in
        try await a.run(["arping", "-U", "-c", "1", "-I", "eth0", "192.0.2.1"])
        let frame = try #require(
          await capture.first { ObservedARP(frame: $0.bytes)?.isGratuitous == true })
        let packet = try #require(ObservedARP(frame: frame.bytes))
        #expect(packet.senderAddress == IPv4Address("192.0.2.1"))
        #expect(packet.frameSource == (try await a.hardwareAddress(of: "eth0")))
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        #expect(abs(Int64(now.tv_sec) - frame.time.components.seconds) < 30)
      }
    }
  }

  @Test func `A capture on an interface that is not there fails`() async throws {
    try await withLab { lab in
      let a = try await lab.addNamespace("a")
      await #expect(throws: LabError.self) {
        try await a.withCapture(on: "eth7") { _ in }
      }
    }
  }

  @Test func `Loss silences a link and healing restores it`() async throws {
    try await Self.withPair { _, a, b in
      let probe = ["arping", "-c", "1", "-w", "1", "-I", "eth0", "192.0.2.2"]
      try await b.loseFrames(percent: 100, on: "eth0")
      #expect(try await !a.attempt(probe).status.isSuccess)
      try await b.heal()
      #expect(try await a.attempt(probe).status.isSuccess)
      try await b.setLink("eth0", up: false)
      #expect(try await !a.attempt(probe).status.isSuccess)
    }
  }

  @Test func `A sandboxed process has its user, capabilities, files and nothing else`() async throws
  {
    try await withLab { lab in
      let a = try await lab.addNamespace("a")
      let (data, log) = ("\(lab.directory)/data", "\(lab.directory)/log")
      try LabFiles.makeDirectory(data)
      try LabFiles.write("secret", to: "\(data)/key", mode: 0o444)
      var sandbox = Sandbox(root: "\(lab.directory)/root")
      sandbox.mounts = [
        .init(.bind(data), at: "/etc/keys", isReadOnly: true),
        .init(.bind(data), at: "/var/run/keys", isReadOnly: true),
      ]
      sandbox.files = ["/etc/hosts": "127.0.0.1 localhost\n"]
      sandbox.links = ["/tool": "/usr/bin/id"]
      sandbox.isRootReadOnly = true
      sandbox.user = 65534
      sandbox.group = 65533
      sandbox.capabilities = ["NET_RAW"]
      sandbox.noNewPrivileges = true
      let script = """
        /tool -u; /tool -g; cat /etc/keys/key; echo; cat /run/keys/key; echo; ls /etc; touch /x || echo read-only
        touch /etc/keys/x || echo read-only; ls -d /root /work /home 2>/dev/null
        grep -E 'CapEff|CapBnd|CapAmb|NoNewPrivs' /proc/self/status; ls /sys/class/net; echo $WORD
        """
      let status = try await LabCommand(
        in: a, ["sh", "-c", script], environment: ["WORD": "it's"], sandbox: sandbox, logPath: log
      ).run()
      let lines = try LabFiles.read(log).split(separator: "\n").map(String.init)
      #expect(status == .exited(0), "\(lines)")
      #expect(
        lines.filter { !$0.contains("annot touch") } == [
          "65534", "65533", "secret", "secret", "alternatives", "hosts", "keys", "ssl", "read-only",
          "read-only", "CapEff:\t0000000000000000", "CapBnd:\t0000000000002000",
          "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "lo", "it's",
        ])
    }
  }

  @Test func `User 0 holds exactly the capabilities that it was given`() async throws {
    try await withLab { lab in
      let a = try await lab.addNamespace("a")
      var sandbox = Sandbox(root: "\(lab.directory)/root")
      sandbox.capabilities = ["NET_RAW"]
      let log = "\(lab.directory)/log"
      _ = try await LabCommand(
        in: a, ["grep", "CapEff", "/proc/self/status"], sandbox: sandbox, logPath: log
      ).run()
      #expect(try LabFiles.read(log) == "CapEff:\t0000000000002000\n")
    }
  }

  @Test func `Signals reach a running process, and cancellation kills it`() async throws {
    try await withLab { lab in
      let a = try await lab.addNamespace("a")
      let ended = try await LabCommand(in: a, ["sleep", "1000"]).run { $0.send(.terminate) }
      #expect(ended == .signaled(SIGTERM))

      let (started, start) = AsyncStream.makeStream(of: LabProcess.self)
      let task = Task {
        try await LabCommand(in: a, ["sleep", "1000"]).run { start.yield($0) }
      }
      var iterator = started.makeAsyncIterator()
      let process = try #require(await iterator.next())
      #expect(process.id != nil)
      task.cancel()
      _ = await task.result
      #expect(process.id == nil)
      #expect(try await a.processes().isEmpty)
    }
  }

  @Test func `A lab that is left behind can be removed from its journal`() async throws {
    let folder = "/run/metallb-lab-test-\(getpid())"
    defer { rmdir(folder) }
    let lab = try Lab(name: "mlab-left-\(getpid())", folder: folder)
    let a = try await lab.addNamespace("a")
    let b = try await lab.addNamespace("b")
    try await lab.connect(LinkEnd(a, "eth0"), LinkEnd(b, "eth0"))
    let task = Task { try await LabCommand(in: a, ["sleep", "1000"]).run() }
    // A process that starts meanwhile could still slip into the namespace while it goes.
    while try await a.processes().isEmpty {}
    let journal = try #require(LabJournal.all(in: folder).first)
    try await journal.cleanUp()
    _ = await task.result
    #expect(LabFiles.list(folder).isEmpty)
    #expect(!LabFiles.exists(a.path))
    #expect(!LabFiles.exists(b.path))
  }

  @Test func `A reservation is one lab's until its end`() async throws {
    let folder = "/run/metallb-lab-test-reserve-\(getpid())"
    defer { rmdir(folder) }
    let first = try Lab(name: "mlab-first-\(getpid())", folder: folder)
    let second = try Lab(name: "mlab-second-\(getpid())", folder: folder)
    #expect(try await first.reserve("network-1"))
    #expect(try await !second.reserve("network-1"))
    #expect(try await second.reserve("network-2"))
    try await first.tearDown()
    #expect(try await second.reserve("network-1"))
    // What a lab that is no more has left is taken over.
    try LabFiles.link("\(folder)/network-3.reserved", to: "mlab-gone")
    #expect(try await second.reserve("network-3"))
    try await second.tearDown()
    #expect(LabFiles.list(folder).isEmpty)
  }

  @Test func `The guardian removes the lab of a process that died`() async throws {
    let folder = "/run/metallb-lab-test-guardian-\(getpid())"
    defer { rmdir(folder) }
    let lab = try Lab(name: "mlab-dead-\(getpid())", folder: folder)
    let a = try await lab.addNamespace("a")
    let guardian = ["sh", "-c", LabJournal.guardianScript, "sh", lab.journal.path]
    try await Tool.run(guardian, input: "done\n")
    #expect(LabFiles.exists(a.path))
    try await Tool.run(guardian, input: "")
    #expect(!LabFiles.exists(a.path))
    #expect(LabFiles.list(folder).isEmpty)
  }

  @Test(arguments: ["", "a/b", "a b", "ä"])
  func `Names that would not do are refused`(_ label: String) async throws {
    try await withLab { lab in
      await #expect(throws: LabError.invalidName(label)) { try await lab.addNamespace(label) }
    }
  }
}
