import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct FaultTests {
  @Test(
    arguments: [
      ["type": "Latency", "milliseconds": 5],
      ["type": "Latency", "milliseconds": 5, "afterwards": true],
      ["type": "Status", "code": 429, "retryAfterSeconds": 2, "verbs": ["create"], "after": 3],
      ["type": "Conflict", "resources": ["services/status", "deployments.apps"], "every": 2],
      ["type": "Gone", "namespaces": ["a"], "count": 1],
      ["type": "Reset", "afterwards": true, "names": ["x"], "users": ["u"]],
      ["type": "CutWatch", "afterEvents": 4, "probability": 0.25, "seed": -7],
      ["type": "ClockSkew", "seconds": -3600], ["type": "SlowWebhooks", "milliseconds": 1],
      ["type": "Status", "code": 503, "paths": ["/version", "/openapi/*"]],
    ] as [JSONValue])
  func `A fault is written as it is read`(_ json: JSONValue) throws {
    let written = try Fault(json).json
    #expect(try Fault(written) == Fault(json))
    #expect(Set(written.objectValue?.keys ?? []) == Set(json.objectValue?.keys ?? []))
  }

  @Test(
    arguments: [
      ([] as JSONValue, .notAnObject), (["type": "Fire"], .unknownType("Fire")),
      (["type": "Conflict", "evry": 2], .unknownMember("evry")),
      (["type": "Conflict", "every": 0], .outOfRange("every")),
      (["type": "Conflict", "every": "2"], .wrongType("every")),
      (["type": "Conflict", "verbs": "update"], .wrongType("verbs")),
      (["type": "Conflict", "verbs": ["update", 1]], .wrongType("verbs")),
      (["type": "Conflict", "probability": 1.5], .outOfRange("probability")),
      (["type": "Status", "code": 200], .outOfRange("code")),
      (["type": "Status", "code": 1000], .outOfRange("code")),
      (["type": "ClockSkew", "users": ["a"]], .usersOfClockSkew),
      (["type": "Latency", "milliseconds": -1], .outOfRange("milliseconds")),
    ] as [(JSONValue, FaultError)])
  func `A fault that makes no sense is refused`(_ json: JSONValue, _ error: FaultError) {
    #expect(throws: error) { _ = try Fault(json) }
  }

  // MARK: Which requests

  private static let update = RequestAttributes(
    verb: "update", group: "apps", resource: "deployments", namespace: "ns", name: "d")

  @Test(
    arguments: [
      ([:], true), (["verbs": ["update"]], true), (["verbs": ["create"]], false),
      (["resources": ["deployments"]], true), (["resources": ["deployments.apps"]], true),
      (["resources": ["deployments.extensions"]], false),
      (["resources": ["deployments/status"]], false), (["namespaces": ["ns"]], true),
      (["namespaces": ["other"]], false), (["names": ["d"]], true), (["names": ["e"]], false),
      (["users": ["u"]], true), (["users": ["v"]], false), (["paths": ["*"]], false),
      (["paths": ["*"], "resources": ["deployments"]], true),
    ] as [(JSONValue, Bool)])
  func `A fault means the requests that all its lists name`(_ json: JSONValue, _ means: Bool) throws
  {
    var json = json
    json["type"] = "Latency"
    #expect(try Fault(json).means(Self.update, user: "u", isPage: false) == means)
  }

  @Test func `Some effects have verbs of their own`() {
    func means(_ effect: Fault.Effect, _ verb: String, isPage: Bool = false) -> Bool {
      Fault(effect).means(
        RequestAttributes(verb: verb, group: "", resource: "pods"), user: "u", isPage: isPage)
    }
    #expect(means(.conflict, "patch") && !means(.conflict, "create"))
    #expect(means(.cutWatch(afterEvents: 0), "watch") && !means(.cutWatch(afterEvents: 0), "list"))
    #expect(means(.gone, "watch") && !means(.gone, "list") && means(.gone, "list", isPage: true))
  }

  @Test func `Nobody locks himself out of the faults`() {
    let debug = RequestAttributes(nonResource: "/debug/faults", verb: "delete")
    let version = RequestAttributes(nonResource: "/version", verb: "get")
    for match in [Fault.Match(), Fault.Match(paths: ["*"]), Fault.Match(paths: ["/debug/faults"])] {
      #expect(!match.means(debug, user: "u"))
    }
    #expect(Fault.Match(paths: ["/ver*"]).means(version, user: "u"))
    #expect(!Fault.Match(resources: ["pods"]).means(version, user: "u"))
  }

  // MARK: How often

  private func hits(_ schedule: Fault.Schedule, of requests: Int) throws -> [Int] {
    let faults = FaultInjector()
    try faults.inject(Fault(.reset(afterwards: false), Fault.Match(), schedule))
    return (1...requests).filter { _ in
      faults.strike(Self.update, user: UserInfo(name: "u"), isPage: false).reset != nil
    }
  }

  @Test func `A schedule says which requests are hit`() throws {
    #expect(try hits(.init(), of: 3) == [1, 2, 3])
    #expect(try hits(.init(every: 2), of: 6) == [2, 4, 6])
    #expect(try hits(.init(after: 2, every: 2), of: 6) == [4, 6])
    #expect(try hits(.init(count: 2), of: 6) == [1, 2])
    #expect(try hits(.init(probability: 0), of: 6) == [])
  }

  @Test func `The same seed hits the same requests`() throws {
    let some = Fault.Schedule(probability: 0.3, seed: 11)
    let first = try hits(some, of: 1000)
    #expect(try hits(some, of: 1000) == first)
    #expect(250..<350 ~= first.count)
    #expect(try hits(.init(probability: 0.3, seed: 12), of: 1000) != first)
  }

  @Test func `Delays add up, and the first effect that decides does`() throws {
    let faults = FaultInjector()
    try faults.inject(Fault(.latency(milliseconds: 2)))
    let conflict = try faults.inject(Fault(.conflict, .init(), .init(count: 1)))
    try faults.inject(Fault(.status(code: 500)))
    try faults.inject(Fault(.latency(milliseconds: 3)))
    try faults.inject(Fault(.latency(milliseconds: 4, afterwards: true)))
    let user = UserInfo(name: "u")
    let first = faults.strike(Self.update, user: user, isPage: false)
    #expect(first.delay == .milliseconds(5) && first.answerDelay == .milliseconds(4))
    #expect(first.refusal?.code == 409)
    #expect(
      first.refusal?.status.message
        == "Operation cannot be fulfilled on deployments.apps \"d\": the object has been modified; "
        + "please apply your changes to the latest version and try again")
    #expect(faults.strike(Self.update, user: user, isPage: false).refusal?.code == 500)
    #expect(faults.remove(conflict)?.hits == 1)
    #expect(faults.remove(conflict) == nil)
    faults.removeAll()
    #expect(faults.strike(Self.update, user: user, isPage: false).refusal == nil)
  }
}
