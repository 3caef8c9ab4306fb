import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct JobCellsTests {
  private let now = Timestamp(seconds: 1_000_000)

  private func cells(_ kind: String, _ object: JSONValue) -> [JSONValue] {
    BuiltInCells.cells(of: kind, object, now: now)
  }

  @Test func `A row has a cell for each column`() {
    for kind in ["Job", "CronJob", "Ingress", "IngressClass"] {
      #expect(cells(kind, [:]).count == BuiltInColumns.columns(of: kind).count, "\(kind)")
    }
  }

  @Test func `A Job shows its state, what succeeded and how long it took`() {
    let job: JSONValue = [
      "metadata": ["name": "once"], "spec": ["completions": 3],
      "status": [
        "succeeded": 2, "startTime": .string(Timestamp(seconds: 999_940).rfc3339),
        "conditions": [["type": "Suspended", "status": "False"]],
      ],
    ]
    #expect(cells("Job", job)[1...3] == ["Running", "2/3", "60s"])
    var finished = job
    finished["status"]?["completionTime"] = .string(Timestamp(seconds: 999_950).rfc3339)
    finished["status"]?["conditions"] = [["type": "Complete", "status": "True"]]
    #expect(cells("Job", finished)[1...3] == ["Complete", "2/3", "10s"])
    #expect(cells("Job", ["spec": ["parallelism": 4]])[2] == "0/1 of 4")
  }

  @Test func `A CronJob shows its schedule and when it last ran`() {
    let job: JSONValue = [
      "spec": ["schedule": "@daily", "suspend": true],
      "status": [
        "active": [[:]], "lastScheduleTime": .string(Timestamp(seconds: 999_990).rfc3339),
      ],
    ]
    #expect(cells("CronJob", job)[1...5] == ["@daily", "<none>", "True", 1, "10s"])
    #expect(cells("CronJob", [:])[5] == "<none>")
  }

  @Test func `An Ingress shows three hosts at most`() {
    func hosts(_ count: Int) -> JSONValue {
      let rules = (0..<count).map { JSONValue.object(["host": "h\($0)"]) }
      return cells("Ingress", ["spec": ["rules": .array(rules)]])[2]
    }
    #expect(hosts(0) == "*")
    #expect(hosts(3) == "h0,h1,h2")
    #expect(hosts(5) == "h0,h1,h2 + 2 more...")
    let served: JSONValue = [
      "spec": ["tls": [[:]]],
      "status": ["loadBalancer": ["ingress": [["ip": "192.0.2.1"], ["hostname": "a.example"]]]],
    ]
    #expect(cells("Ingress", served)[3...4] == ["192.0.2.1,a.example", "80, 443"])
  }
}
