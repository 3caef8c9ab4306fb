import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct LabelQueryTests {
  struct Match: CustomTestStringConvertible, Sendable {
    var query: String
    var names: [String]
    var testDescription: String { query }
  }

  static let objects: [String: JSONObject] = [
    "a": ["set": "w", "tier": "web", "n": "4"], "b": ["set": "w", "tier": "db"],
    "c": ["set": "w", "tier": "cache"], "d": [:],
  ]

  @Test(arguments: [
    Match(query: "", names: ["a", "b", "c", "d"]),
    Match(query: "set=w,tier=web", names: ["a"]),
    Match(query: "set==w,tier!=web", names: ["b", "c"]),
    Match(query: "tier!=web", names: ["b", "c", "d"]),
    Match(query: "tier in (web,db)", names: ["a", "b"]),
    Match(query: "set=w,tier notin (web, db)", names: ["c"]),
    Match(query: "set,!nosuch,tier in (cache)", names: ["c"]),
    Match(query: "!set", names: ["d"]),
    Match(query: "set=w,tier=", names: []),
    Match(query: "in in (in)", names: []),
    Match(query: "n>3", names: ["a"]),
    Match(query: "n<3", names: []),
    Match(query: "tier in (web,)", names: ["a"]),
  ])
  func `A query matches by all its requirements`(_ match: Match) throws {
    let query = try LabelQuery(parsing: match.query)
    let names = Self.objects.filter { query.matches($0.value) }.keys.sorted()
    #expect(names == match.names)
  }

  struct Refusal: CustomTestStringConvertible, Sendable {
    var query: String
    var text: String
    var testDescription: String { query }
  }

  @Test(arguments: [
    Refusal(
      query: "set=w,tier in web", text: "unable to parse requirement: found 'web' expected: '('"),
    Refusal(query: "set=not ok", text: "found 'ok', expected: ',' or 'end of string'"),
    Refusal(query: "=x", text: "found '=', expected: !, identifier, or 'end of string'"),
    Refusal(
      query: "n gt 3",
      text: "unable to parse requirement: found 'gt', expected: in, notin, =, ==, !=, gt, lt"),
    Refusal(
      query: "a/b/c=d",
      text: "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must "
        + "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
        + "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain "
        + "prefix and '/' (e.g. 'example.com/MyName')"),
    Refusal(query: "a,", text: "found '', expected: identifier after ','"),
  ])
  func `What does not parse is refused in the API's words`(_ refusal: Refusal) {
    #expect(throws: SelectorError(refusal.text)) { try LabelQuery(parsing: refusal.query) }
  }

  @Test func `A label selector becomes a query and prints as scale shows it`() {
    let query = LabelQuery([
      "matchLabels": ["app": "d"],
      "matchExpressions": [["key": "tier", "operator": "In", "values": ["b", "a"]]],
    ])
    #expect(query.description == "app=d,tier in (a,b)")
    #expect(query.matches(["app": "d", "tier": "a"]))
    #expect(!query.matches(["app": "d"]))
  }
}
