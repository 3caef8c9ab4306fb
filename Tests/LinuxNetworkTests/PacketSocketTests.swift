import LinuxNetwork
import NamespaceTesting
import NetworkAddresses
import Testing

@Suite(.tags(.namespaces), .needsNamespaces, .timeLimit(.minutes(1)))
struct PacketSocketNamespaceTests {
  private static let left = "02:00:00:00:00:01"
  private static let right = "02:00:00:00:00:02"

  /// An ARP request; the last octet of the target address marks it.
  private static func request(
    to destination: [UInt8] = [UInt8](repeating: 0xff, count: 6), vlan: UInt16? = nil, mark: UInt8
  ) -> [UInt8] {
    let tag: [UInt8] =
      vlan.map { [0x81, 0, UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? []
    let source: [UInt8] = [2, 0, 0, 0, 0, 1]
    return destination + source + tag + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + source + [192, 0, 2, 1]
      + [UInt8](repeating: 0, count: 6) + [192, 0, 2, mark]
      + [UInt8](repeating: 0, count: 18)
  }

  /// Sends frames from one end of a veth pair and returns the marks of those that the other end's filter let through.
  /// The last frame must be one that passes: it shows that the others had their chance.
  private func marksReceived(
    of frames: [[UInt8]], prepare: (TestNamespace, TestNamespace) async throws -> Void = { _, _ in }
  ) async throws -> [UInt8] {
    try await TestNamespace.with(2) { namespaces in
      let (a, b) = (namespaces[0], namespaces[1])
      try await TestNamespace.connect((a, "a0", Self.left), (b, "b0", Self.right))
      try await prepare(a, b)
      let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
      let last = try #require(frames.last?[41])
      let signal = try ThreadSignal()
      async let marks = NetworkThread.run(
        name: "receive", in: b.networkNamespace, signal: signal
      ) {
        defer { isReady.finish() }
        let interface = try #require(try NetworkInterface.all().first { $0.name == "b0" })
        let socket = try PacketSocket(interface: interface.index, filter: .arp)
        let poller = try Poller()
        try poller.add(socket.descriptor, token: 0)
        try poller.add(signal.descriptor, token: 1)
        isReady.finish()
        var tokens: [UInt64] = []
        var batch = ReceivedFrames()
        var marks: [UInt8] = []
        while !signal.isStopped, marks.last != last {
          try poller.wait(timeout: nil, into: &tokens)
          try socket.receive(into: &batch)
          for index in 0..<batch.count {
            let mark = batch.frame(index).withUnsafeBytes { $0[41] }
            marks.append(mark)
          }
        }
        return marks
      }
      for await _ in ready {}
      let sent = try await NetworkThread.run(name: "send", in: a.networkNamespace) {
        let interface = try #require(try NetworkInterface.all().first { $0.name == "a0" })
        let socket = try PacketSocket(interface: interface.index, filter: .arp)
        var batch = OutgoingFrames()
        for frame in frames {
          batch.bytes += frame
          batch.endFrame()
        }
        return try socket.send(batch)
      }
      #expect(sent == frames.count)
      return try await marks
    }
  }

  @Test func `Many frames are sent and received in batches`() async throws {
    let frames = (1...200).map { Self.request(mark: UInt8($0)) }
    #expect(try await marksReceived(of: frames) == Array(1...200))
  }

  @Test func `Frames of a VLAN that nobody configured are dropped, priority tags are not`()
    async throws
  {
    let marks = try await marksReceived(of: [
      Self.request(vlan: 5, mark: 1), Self.request(vlan: 0, mark: 2),
      Self.request(vlan: 0xe000, mark: 3), Self.request(vlan: 0xe005, mark: 4),
      Self.request(mark: 5),
    ])
    #expect(marks == [2, 3, 5])
  }

  @Test func `Frames for other hosts are dropped even when the interface is promiscuous`()
    async throws
  {
    let marks = try await marksReceived(of: [
      Self.request(to: [2, 0, 0, 0, 0, 9], mark: 1),
      Self.request(to: [2, 0, 0, 0, 0, 2], mark: 2),
      Self.request(mark: 3),
    ]) { _, b in
      try await b.ip("link", "set", "b0", "promisc", "on")
    }
    #expect(marks == [2, 3])
  }

  @Test func `Nothing waiting is an empty batch, and a missing interface an error`() async throws {
    try await TestNamespace.with { namespaces in
      let waiting = try await NetworkThread.run(
        name: "empty", in: namespaces[0].networkNamespace
      ) {
        let socket = try PacketSocket(interface: 1, filter: .neighborDiscovery)
        var batch = ReceivedFrames()
        try socket.receive(into: &batch)
        return batch.count
      }
      #expect(waiting == 0)
      let error = await #expect(throws: LinuxError.self) {
        try await NetworkThread.run(name: "missing", in: namespaces[0].networkNamespace) {
          _ = try PacketSocket(interface: 99, filter: .arp).descriptor
        }
      }
      #expect(error?.isInterfaceUnavailable == true)
    }
  }
}
