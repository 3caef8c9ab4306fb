import Foundation
import Membership
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

struct MemberlistTuningTests {
  private static let complete = """
    {"TCPTimeout": "3s", "IndirectChecks": 2, "RetransmitMult": 5, "SuspicionMult": 7,
     "SuspicionMaxTimeoutMult": 8, "PushPullInterval": "1m30s", "ProbeTimeout": "250ms",
     "ProbeInterval": "2s", "DisableTcpPings": true, "AwarenessMaxMultiplier": 4,
     "GossipNodes": 5, "GossipInterval": "100ms", "GossipToTheDeadTime": "15s",
     "GossipVerifyIncoming": true, "GossipVerifyOutgoing": false, "EnableCompression": true,
     "HandoffQueueDepth": 1024, "UDPBufferSize": 1300, "QueueCheckInterval": "30s"}
    """

  private func options(_ change: (inout GossipOptions) -> Void = { _ in }) throws -> GossipOptions {
    var options = GossipOptions(bindAddress: try #require(IPAddress("10.0.0.1")))
    options.tuningPath = "/does/not/exist"
    change(&options)
    return options
  }

  @Test func `Reads every field`() throws {
    let read = try MemberlistTuning.parameters(json: Self.complete, base: .lan)
    var expected = MemberlistParameters.lan
    expected.streamTimeout = .seconds(3)
    expected.indirectChecks = 2
    expected.retransmitMultiplier = 5
    expected.suspicionMultiplier = 7
    expected.suspicionMaxTimeoutMultiplier = 8
    expected.pushPullInterval = .seconds(90)
    expected.probeTimeout = .milliseconds(250)
    expected.probeInterval = .seconds(2)
    expected.usesStreamPings = false
    expected.awarenessMaxMultiplier = 4
    expected.gossipNodes = 5
    expected.gossipInterval = .milliseconds(100)
    expected.gossipToTheDead = .seconds(15)
    expected.verifiesIncoming = true
    expected.verifiesOutgoing = false
    expected.compresses = true
    expected.datagramBudget = 1300
    #expect(read == expected)
  }

  @Test(arguments: [
    ("\"TCPTimeout\": \"3s\", ", "", "TCPTimeout"),
    ("\"250ms\"", "\"250\"", "ProbeTimeout"),
    ("\"250ms\"", "250", "ProbeTimeout"),
    ("\"IndirectChecks\": 2", "\"IndirectChecks\": \"2\"", "IndirectChecks"),
    ("\"IndirectChecks\": 2", "\"IndirectChecks\": -2", "IndirectChecks"),
    ("\"DisableTcpPings\": true", "\"DisableTcpPings\": 1", "DisableTcpPings"),
  ])
  func `Names the field that is wrong`(part: String, replacement: String, field: String) throws {
    let text = Self.complete.replacingOccurrences(of: part, with: replacement)
    let error = #expect(throws: MemberlistTuning.Invalid.self) {
      try MemberlistTuning.parameters(json: text, base: .lan)
    }
    #expect("\(try #require(error))".contains(field))
  }

  @Test func `A number or truth value that is missing is 0 or false`() throws {
    let text = Self.complete
      .replacingOccurrences(of: "\"GossipNodes\": 5, ", with: "")
      .replacingOccurrences(of: "\"EnableCompression\": true,", with: "")
    let read = try MemberlistTuning.parameters(json: text, base: .lan)
    #expect(read.gossipNodes == 0)
    #expect(!read.compresses)
  }

  @Test func `Without a file the profile counts`() throws {
    #expect(try MemberlistTuning.parameters(options()) == .lan)
    #expect(try MemberlistTuning.parameters(options { $0.isWAN = true }) == .wan)
    #expect(try MemberlistTuning.parameters(options { $0.profile = .fast }) == .fast)
  }

  @Test func `A file that is not JSON is named`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try Data("[]".utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = try #require(
      #expect(throws: MemberlistTuning.Invalid.self) {
        try MemberlistTuning.parameters(options { $0.tuningPath = path })
      })
    #expect("\(error)".hasPrefix(path))
  }
}

struct GossipKeysTests {
  @Test func `Nothing configured means clear`() throws {
    let options = GossipOptions(bindAddress: try #require(IPAddress("10.0.0.1")))
    #expect(GossipKeys.Source(options) == .clear)
    #expect(GossipKeys.read(.clear) == [])
  }

  @Test func `The variable of the ConfigMap era holds the secret itself`() throws {
    var options = GossipOptions(bindAddress: try #require(IPAddress("10.0.0.1")))
    options.secret = "abc"
    #expect(GossipKeys.read(.init(options)) == [GossipKey(secret: Array("abc".utf8))])
    options.secretDirectory = "/somewhere"
    #expect(GossipKeys.Source(options) == .directory("/somewhere"))
  }

  @Test func `A directory holds one key to encrypt with and others to understand`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    let source = GossipKeys.Source.directory(folder.path)
    #expect(GossipKeys.read(source) == nil)
    try write("secretkey.1", "one")
    // Without one to encrypt with there are no keys.
    #expect(GossipKeys.read(source) == nil)
    try write("secretkey", "zero\n")
    try write("secretkey.10", "ten")
    try write("secretkey.2", "two")
    try write("secretkey.old", "no number")
    try write("other", "no key")
    #expect(
      GossipKeys.read(source)
        == ["zero\n", "one", "two", "ten"].map { GossipKey(secret: Array($0.utf8)) })
    try write("secretkey", "")
    #expect(GossipKeys.read(source) == nil)
  }
}
