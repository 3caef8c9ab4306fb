import AsyncHTTPClient
import KubernetesAPI
import NIOCore
import Testing

/// Versions of custom resources, with and without a webhook between them.
@Suite(.timeLimit(.minutes(1))) struct ConversionWebhookTests {
  private static let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
  private static func path(_ version: String) -> String {
    "/apis/test.example.com/\(version)/namespaces/default/hosts"
  }

  /// Kind `Host`, stored as `v1`, served as `v1alpha1` too; `spec` has these texts.
  private static func crd(
    v1: [String: JSONValue], v1alpha1: [String: JSONValue], conversion: JSONValue? = nil
  ) -> JSONValue {
    func version(_ name: String, _ fields: [String: JSONValue]) -> JSONValue {
      let properties = JSONObject(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
      return [
        "name": .string(name), "served": true, "storage": .bool(name == "v1"),
        "schema": [
          "openAPIV3Schema": [
            "type": "object",
            "properties": ["spec": ["type": "object", "properties": .object(properties)]],
          ]
        ],
      ]
    }
    var crd: JSONValue = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
      "metadata": ["name": "hosts.test.example.com"],
      "spec": [
        "group": "test.example.com", "scope": "Namespaced",
        "names": ["kind": "Host", "plural": "hosts"],
        "versions": [version("v1", v1), version("v1alpha1", v1alpha1)],
      ],
    ]
    if let conversion { crd[path: ["spec", "conversion"]] = conversion }
    return crd
  }

  private static func host(_ version: String, _ name: String, _ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": .string("test.example.com/\(version)"), "kind": "Host",
      "metadata": ["name": .string(name)], "spec": spec,
    ]
  }

  @Test func `Objects are shown as the version and the schema of the day have them`() async throws {
    let text: JSONValue = ["type": "string"]
    try await ServedAPI.run { api in
      let first = Self.crd(v1: ["a": text, "b": text], v1alpha1: ["a": text])
      #expect(try await api.send("POST", Self.crds, first).status == 201)
      let host = Self.host("v1", "h", ["a": "1", "b": "2"])
      #expect(try await api.send("POST", Self.path("v1"), host).status == 201)
      func spec(_ version: String) async throws -> JSONValue? {
        try await api.send("GET", "\(Self.path(version))/h").body["spec"]
      }
      #expect(try await spec("v1") == ["a": "1", "b": "2"])
      #expect(try await spec("v1alpha1") == ["a": "1"])
      // Another schema: a field goes, another one comes with a default.
      let merge = ["Content-Type": "application/merge-patch+json"]
      let second = Self.crd(
        v1: ["a": text, "c": ["type": "string", "default": "3"]], v1alpha1: ["a": text])
      let changed = try await api.send(
        "PATCH", "\(Self.crds)/hosts.test.example.com",
        ["spec": ["versions": second[path: ["spec", "versions"]] ?? .null]], headers: merge)
      #expect(changed.status == 200)
      #expect(try await spec("v1") == ["a": "1", "c": "3"])
      #expect(try await spec("v1alpha1") == ["a": "1"])
      let list = try await api.send("GET", Self.path("v1"))
      #expect(list.body["items"]?.arrayValue?.map { $0["spec"] } == [["a": "1", "c": "3"]])
      let watch = try await api.watch(Self.path("v1"), query: "&timeoutSeconds=1")
      let events = try await watch.collect(upTo: 1 << 20).readableBytesView.split(separator: 0x0A)
      let shown = try events.map { try JSONValue(parsing: $0)[path: ["object", "spec"]] }
      #expect(shown == [["a": "1", "c": "3"]])
    }
  }

  private static func webhook(_ hooks: HookServer, _ versions: [String] = ["v1"]) -> JSONValue {
    [
      "strategy": "Webhook",
      "webhook": [
        "conversionReviewVersions": .array(versions.map { .string($0) }),
        "clientConfig": [
          "url": .string("\(hooks.url)/convert"), "caBundle": .string(hooks.caBundle),
        ],
      ],
    ]
  }

  /// Answers with the objects in the version that was asked for.
  private static func converted(_ call: HookServer.Call) -> [JSONValue] {
    (call.request["objects"]?.arrayValue ?? []).map { object in
      var object = object
      object["apiVersion"] = call.request["desiredAPIVersion"]
      return object
    }
  }

  private static func answer(_ call: HookServer.Call, _ response: JSONValue) -> HookServer.Reply {
    var response = response
    if response["uid"] == nil { response["uid"] = call.request["uid"] }
    return .json([
      "apiVersion": call.review["apiVersion"] ?? .null, "kind": "ConversionReview",
      "response": response,
    ])
  }

  @Test(arguments: [["v1"], ["v2", "v1beta1"]])
  func `A webhook is asked once for each version of an object`(_ versions: [String]) async throws {
    let hooks = try HookServer { call in
      Self.answer(
        call,
        [
          "result": ["status": "Success"], "convertedObjects": .array(Self.converted(call)),
        ])
    }
    let text: JSONValue = ["type": "string"]
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let crd = Self.crd(
          v1: ["a": text], v1alpha1: ["a": text], conversion: Self.webhook(hooks, versions))
        #expect(try await api.send("POST", Self.crds, crd).status == 201)
        let host = Self.host("v1", "h", ["a": "1"])
        #expect(try await api.send("POST", Self.path("v1"), host).status == 201)
        hooks.forgetCalls()
        for _ in 0..<2 {
          let list = try await api.send("GET", Self.path("v1alpha1"))
          #expect(
            list.body["items"]?.arrayValue?.first?["apiVersion"] == "test.example.com/v1alpha1")
        }
        // It was converted when it was written.
        #expect(hooks.calls.isEmpty)
        #expect(try await api.send("GET", "\(Self.path("v1alpha1"))/h").status == 200)
      }
    }
    #expect(
      hooks.calls.map { $0.review["apiVersion"] }
        == [.string("apiextensions.k8s.io/\(versions.last ?? "")")])
  }

  @Test func `What a webhook adds beyond the schema is pruned`() async throws {
    let hooks = try HookServer { call in
      let objects = Self.converted(call).map { object in
        var object = object
        object[path: ["spec", "unknown"]] = "x"
        object["extra"] = ["y": 1]
        return object
      }
      return Self.answer(
        call, ["result": ["status": "Success"], "convertedObjects": .array(objects)])
    }
    let text: JSONValue = ["type": "string"]
    let defaulted: JSONValue = ["type": "string", "default": "3"]
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let crd = Self.crd(
          v1: ["a": text], v1alpha1: ["a": text, "c": defaulted], conversion: Self.webhook(hooks))
        #expect(try await api.send("POST", Self.crds, crd).status == 201)
        let host = Self.host("v1", "h", ["a": "1"])
        #expect(try await api.send("POST", Self.path("v1"), host).status == 201)
        let shown = try await api.send("GET", "\(Self.path("v1alpha1"))/h").body
        #expect(shown["spec"] == ["a": "1"])
        #expect(shown["extra"] == nil)
        // On the way to the store, too.
        let other = Self.host("v1alpha1", "i", ["a": "2"])
        #expect(try await api.send("POST", Self.path("v1alpha1"), other).status == 201)
        let stored = try await api.send("GET", "\(Self.path("v1"))/i").body
        #expect(stored["spec"] == ["a": "2"])
        #expect(stored["extra"] == nil)
      }
    }
  }

  struct BadAnswer: Sendable, CustomTestStringConvertible {
    var response: JSONValue
    var message: String
    var testDescription: String { message }
  }

  @Test(arguments: [
    BadAnswer(
      response: ["uid": "other", "result": ["status": "Success"]],
      message: "returned invalid response: expected response.uid="),
    BadAnswer(response: ["result": ["status": "Failure", "message": "no"]], message: "failed: no"),
    BadAnswer(
      response: ["result": ["status": ""]],
      message: "failed: response.result.status was '', not 'Success'"),
    BadAnswer(
      response: ["result": ["status": "Success"], "convertedObjects": []],
      message: "returned 0 objects, expected 1"),
    BadAnswer(
      response: [
        "result": ["status": "Success"],
        "convertedObjects": [["apiVersion": "test.example.com/v9", "kind": "Host"]],
      ], message: "returned invalid converted object"),
  ])
  func `A bad answer of a conversion webhook fails the request`(_ bad: BadAnswer) async throws {
    let hooks = try HookServer { Self.answer($0, bad.response) }
    let text: JSONValue = ["type": "string"]
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let crd = Self.crd(v1: ["a": text], v1alpha1: ["a": text], conversion: Self.webhook(hooks))
        #expect(try await api.send("POST", Self.crds, crd).status == 201)
        let host = Self.host("v1", "h", ["a": "1"])
        #expect(try await api.send("POST", Self.path("v1"), host).status == 201)
        let answer = try await api.send("GET", "\(Self.path("v1alpha1"))/h")
        #expect(answer.status == 500)
        #expect(
          answer.message.hasPrefix("conversion webhook for test.example.com/v1, Kind=Host "))
        #expect(answer.message.contains(bad.message))
        // The stored version needs no webhook.
        #expect(try await api.send("GET", "\(Self.path("v1"))/h").status == 200)
      }
    }
  }
}
