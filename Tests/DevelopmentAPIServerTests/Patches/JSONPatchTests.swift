import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct JSONPatchTests {
  let object: JSONValue = ["data": ["k": "v", "l": "w"], "list": ["a", "b"]]

  func apply(_ patch: JSONValue) throws -> JSONValue { try JSONPatch(patch).apply(to: object) }

  @Test func `Every operation does what RFC 6902 says`() throws {
    let patched = try apply([
      ["op": "test", "path": "/data/k", "value": "v"],
      ["op": "replace", "path": "/data/k", "value": "v2"],
      ["op": "add", "path": "/metadata", "value": ["a/b": "s"]],
      ["op": "add", "path": "/metadata/c~1d", "value": "t"], ["op": "remove", "path": "/data/l"],
      ["op": "copy", "from": "/data/k", "path": "/data/copied"],
      ["op": "move", "from": "/data/copied", "path": "/data/moved"],
    ])
    #expect(
      patched == [
        "data": ["k": "v2", "moved": "v2"], "list": ["a", "b"],
        "metadata": ["a/b": "s", "c/d": "t"],
      ])
  }

  @Test func `Elements are inserted, appended and removed by place`() throws {
    #expect(
      try apply([
        ["op": "add", "path": "/list/-", "value": "c"],
        ["op": "add", "path": "/list/0", "value": "z"],
        ["op": "remove", "path": "/list/1"], ["op": "replace", "path": "/list/-1", "value": "y"],
      ])["list"] == ["z", "b", "y"])
  }

  @Test(
    arguments: [
      [["op": "test", "path": "/data/k", "value": "other"]],
      [["op": "remove", "path": "/data/nosuch"]],
      [["op": "replace", "path": "/spec/nosuch", "value": 1]],
      [["op": "add", "path": "nodata", "value": 1]],
      [["op": "add", "path": "/no/where", "value": 1]],
      [["op": "add", "path": "/list/5", "value": 1]],
      [["op": "nosuch", "path": "/data/k"]],
    ] as [JSONValue])
  func `What does not fit the object is not applied`(_ patch: JSONValue) {
    let failure = #expect(throws: JSONPatch.Failure.self) { try apply(patch) }
    guard case .doesNotApply = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func `A patch that is no array is malformed`() {
    #expect(
      throws: JSONPatch.Failure.malformed(
        "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
    ) { try JSONPatch(["data": [:]]) }
  }

  @Test func `The empty patch changes nothing`() throws {
    #expect(try apply([]) == object)
  }
}

@Suite struct MergePatchTests {
  /// RFC 7386, appendix A, as far as objects go.
  @Test(
    arguments: [
      (["a": "b"], ["a": "c"], ["a": "c"]), (["a": "b"], ["b": "c"], ["a": "b", "b": "c"]),
      (["a": "b"], ["a": nil], [:]), (["a": "b", "b": "c"], ["a": nil], ["b": "c"]),
      (["a": ["b"]], ["a": "c"], ["a": "c"]), (["a": "c"], ["a": ["b"]], ["a": ["b"]]),
      (["a": ["b": "c"]], ["a": ["b": "d", "c": nil]], ["a": ["b": "d"]]),
      (["a": [["b": "c"]]], ["a": [1]], ["a": [1]]), (["e": nil], ["a": 1], ["e": nil, "a": 1]),
      ([1, 2], ["a": "b", "c": nil], ["a": "b"]),
      ([:], ["a": ["bb": ["ccc": nil]]], ["a": ["bb": [:]]]),
    ] as [(JSONValue, JSONValue, JSONValue)])
  func `Members replace members and null removes`(
    _ document: JSONValue, _ patch: JSONValue, _ result: JSONValue
  ) {
    #expect(MergePatch.apply(patch, to: document) == result)
  }
}
