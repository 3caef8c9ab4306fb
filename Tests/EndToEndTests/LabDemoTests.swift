import Foundation
import KubernetesAPI
import Subprocess
import Testing

/// The user's journey, on a whole cluster in namespaces of this machine: the program that ships, the
/// manifest that ships, the RBAC that ships.
@Suite(.serialized, .enabled(if: geteuid() == 0, "namespaces need root"))
struct LabDemoTests {
  @Test(.timeLimit(.minutes(5)))
  func `Install, add a pool, reach a Service, lose its node, uninstall`() async throws {
    let report = FileManager.default.temporaryDirectory.appending(
      path: "metallb-demo-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: report) }
    let demo = try await run(
      .name("env"), arguments: [try Program.path(), "lab", "demo", "--json", report.path],
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    #expect(
      demo.terminationStatus.isSuccess,
      "\(demo.standardOutput)\(demo.standardError)")
    let json = try JSONValue(parsing: String(contentsOf: report, encoding: .utf8))
    let steps = try #require(json["steps"]?.arrayValue)
    #expect(steps.allSatisfy { $0["ok"] == true })
    #expect(json["ok"] == true)
    let summary = try #require(json["summary"])
    #expect(summary["ownerBefore"]?.stringValue != nil)
    #expect(summary["ownerBefore"] != summary["ownerAfter"])
    #expect(summary["objectsLeft"]?.integerValue == 0)
    let failover = try #require(summary["failoverSeconds"]?.doubleValue)
    #expect(failover < 30, "a node without heartbeat counts as lost after 3 s")
  }

  @Test(.timeLimit(.minutes(5)))
  func `An address moves when its node crashes or stands still, and without loss on SIGTERM`()
    async throws
  {
    let report = FileManager.default.temporaryDirectory.appending(
      path: "metallb-failover-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: report) }
    let failover = try await run(
      .name("env"),
      arguments: [try Program.path(), "lab", "failover", "--rounds", "2", "--json", report.path],
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    #expect(
      failover.terminationStatus.isSuccess,
      "\(failover.standardOutput)\(failover.standardError)")
    let json = try JSONValue(parsing: String(contentsOf: report, encoding: .utf8))
    // Generous, as the machine may be busy: hack/lab failover measures.
    for (cause, limit) in [("crash", 20.0), ("termination", 5.0), ("pause", 20.0)] {
      let figures = try #require(json[path: ["summary", cause]])
      #expect(figures["rounds"] == 2)
      let longest = try #require(figures[path: ["announcedSeconds", "max"]]?.doubleValue)
      #expect(longest < limit, "until another node announced after a \(cause)")
    }
    #expect(json[path: ["summary", "termination", "lost"]] == 0)
  }
}
