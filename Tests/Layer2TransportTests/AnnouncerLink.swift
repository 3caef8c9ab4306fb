import Layer2
import Layer2Transport
import LinuxNetwork
import Logging
import MetricsTestKit
import NamespaceTesting
import NetworkAddresses
import Testing

/// A node with a running announcer, and a client, joined by a link.
struct AnnouncerLink {
  let node: TestNamespace
  let client: TestNamespace
  let announcer: Layer2Announcer
  let metrics: TestMetrics

  static let nodeMAC = "02:00:00:00:00:0d"
  static let clientMAC = "02:00:00:00:00:64"

  /// Runs `body` beside an announcer that knows the node's `eth0` as usable for both families.
  static func with(
    rounds: Int = 5, configure: (inout Layer2Announcer.Configuration) -> Void = { _ in },
    _ body: (AnnouncerLink) async throws -> Void
  ) async throws {
    try await TestNamespace.with(2) { namespaces in
      let (node, client) = (namespaces[0], namespaces[1])
      for namespace in namespaces {
        // Link-local addresses count at once.
        try await namespace.run(
          "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
      }
      try await TestNamespace.connect((node, "eth0", nodeMAC), (client, "c0", clientMAC))
      try await client.ip("addr", "add", "10.98.0.100/24", "dev", "c0")
      try await client.ip("addr", "add", "fd98::100/64", "dev", "c0", "nodad")
      var configuration = Layer2Announcer.Configuration()
      configuration.namespace = node.networkNamespace
      configuration.timing.period = .milliseconds(20)
      configuration.timing.rounds = rounds
      configure(&configuration)
      let metrics = TestMetrics()
      let announcer = try Layer2Announcer(
        configuration: configuration,
        logger: Logger(label: "layer2") { _ in SwiftLogNoOpLogHandler() },
        metricsFactory: metrics)
      let link = AnnouncerLink(
        node: node, client: client, announcer: announcer, metrics: metrics)
      try await withThrowingTaskGroup { group in
        group.addTask { try await announcer.run() }
        try await link.waitForInterface("eth0") { $0?.linkLocalAddress != nil }
        try await body(link)
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  /// Waits for a state of one interface; nil is one that is not usable.
  func waitForInterface(_ name: String, _ isReached: (ResponderInterface?) -> Bool) async throws {
    for await statuses in announcer.interfaceChanges {
      if isReached(statuses.first { $0.name == name }?.responderInterface) { return }
    }
    Issue.record("the announcer ended")
  }

  /// Waits for the next thing that happens to an address.
  func nextReport() async -> AddressReport? {
    for await report in announcer.reports { return report }
    return nil
  }

  func counter(_ name: String, _ ip: String) throws -> Int64 {
    try metrics.expectCounter("metallb_layer2_\(name)", [("ip", ip)]).totalValue
  }

  /// Lets `body` read the frames of an EtherType that the client's link carries from then on.
  func capture(
    _ etherType: UInt16, on interface: String = "c0",
    _ body: (CapturedFrames) async throws -> Void
  ) async throws {
    let signal = try ThreadSignal()
    let (frames, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { isReady.finish() }
        try await NetworkThread.run(
          name: "capture", in: client.networkNamespace, signal: signal
        ) {
          let index = try #require(
            try NetworkInterface.all().first { $0.name == interface }?.index)
          let socket = try PacketSocket(
            interface: index, filter: .everything(etherType: etherType))
          let poller = try Poller()
          try poller.add(socket.descriptor, token: 0)
          try poller.add(signal.descriptor, token: 1)
          isReady.finish()
          var tokens: [UInt64] = []
          var batch = ReceivedFrames()
          while !signal.isStopped {
            try poller.wait(timeout: nil, into: &tokens)
            do throws(LinuxError) {
              try socket.receive(into: &batch)
            } catch {
              // Said once when the interface goes down.
              guard error.isInterfaceUnavailable else { throw error }
              continue
            }
            for frame in 0..<batch.count {
              let bytes = batch.frame(frame).withUnsafeBytes { Array($0) }
              continuation.yield(bytes)
            }
          }
          continuation.finish()
        }
      }
      for await _ in ready {}
      try await body(CapturedFrames(stream: frames))
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  /// What the client's kernel knows about an address, such as `lladdr 02:00:00:00:00:0d STALE`.
  func neighbor(_ address: String) async throws -> String {
    try await client.ip("neigh", "show", address, "dev", "c0")
  }

  /// Opens a TCP connection from the client to an address that the node's loopback has, where no port is open. The
  /// answer "refused" proves that the client's kernel has found the node.
  func reach(_ address: String) async throws -> Bool {
    let output = try await client.run(
      "timeout", "5", "bash", "-c", "exec 3<>/dev/tcp/\(address)/9 || true")
    return output.contains("refused")
  }
}

/// Frames in the order of their arrival, none of which is lost.
struct CapturedFrames: Sendable {
  let stream: AsyncStream<[UInt8]>

  /// Waits for the next frame; nil when the capture has ended.
  func next() async -> [UInt8]? {
    for await frame in stream { return frame }
    return nil
  }

  /// Waits for the next neighbour advertisement about an address.
  func advertisement(for target: String) async -> NeighborAdvertisement? {
    for await frame in stream where frame.count > EthernetHeader.length {
      let packet = frame.span.bytes.extracting(EthernetHeader.length..<frame.count)
      if let advertisement = try? NeighborAdvertisement(decoding: packet),
        advertisement.target.description == target
      {
        return advertisement
      }
    }
    return nil
  }
}

func address(_ text: String) throws -> IPAddress {
  try #require(IPAddress(text))
}
