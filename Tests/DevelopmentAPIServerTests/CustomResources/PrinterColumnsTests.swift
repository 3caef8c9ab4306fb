import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct PrinterColumnsTests {
  let object: JSONValue = [
    "metadata": ["name": "g", "creationTimestamp": "2026-01-01T00:00:00Z"],
    "spec": ["mode": "slow", "count": 3, "tags": ["b", "a"], "flag": true],
    "status": ["conditions": [["type": "Ready", "status": "True"], ["type": "Old"]]],
  ]

  @Test(arguments: [
    (".spec.mode", ["slow"]), (".spec.tags[0]", ["b"]), (".spec.tags[-1]", ["a"]),
    (".spec.tags[*]", ["b", "a"]), (".spec.nosuch", []),
    (#".status.conditions[?(@.type=="Ready")].status"#, ["True"]),
    (#".status.conditions[?(@.status)].type"#, ["Ready"]),
    (#".status.conditions[?(@.type!='Ready')].type"#, ["Old"]), ("$.spec['mode']", ["slow"]),
  ])
  func `Paths lead to values`(_ path: String, _ values: [String]) throws {
    #expect(try JSONPath(path).values(in: object).compactMap(\.stringValue) == values)
  }

  @Test(arguments: ["spec", ".spec[", ".spec[x]"])
  func `Malformed paths are refused`(_ path: String) {
    #expect(throws: JSONPath.Malformed.self) { try JSONPath(path) }
  }

  @Test func `Cells follow the type of their column, missing ones are null`() {
    func column(_ name: String, _ type: String, _ path: String) -> JSONValue {
      ["name": .string(name), "type": .string(type), "jsonPath": .string(path)]
    }
    let columns = PrinterColumns([
      "additionalPrinterColumns": [
        column("Mode", "string", ".spec.mode"), column("Count", "integer", ".spec.count"),
        column("Tags", "string", ".spec.tags"), column("Flag", "boolean", ".spec.flag"),
        column("None", "string", ".spec.nosuch"), column("Odd", "integer", ".spec.mode"),
        column("Age", "date", ".metadata.creationTimestamp"),
      ]
    ])
    let now = Timestamp("2026-01-01T00:02:05Z") ?? Timestamp(seconds: 0)
    #expect(
      columns.cells(of: object, now: now) == [
        "g", "slow", 3, "[\"b\",\"a\"]", true, nil, nil, "2m5s",
      ])
    #expect(columns.columns.map(\.name).first == "Name")
    #expect(
      columns.columns.last?.description
        == "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp")
  }

  @Test func `Without columns there is the age`() {
    #expect(PrinterColumns([:]).columns.map(\.name) == ["Name", "Age"])
  }
}
