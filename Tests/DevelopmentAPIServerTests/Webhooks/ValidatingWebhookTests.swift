import KubernetesAPI
import Testing

/// Validating webhooks, asked over TLS: who is asked, and what their answers and failures do.
@Suite struct ValidatingWebhookTests {
  @Test func `All are asked, all may warn, and the first refusal in their order counts`()
    async throws
  {
    let hooks = try HookServer { call in
      switch call.path {
      case "/warns": .allow(call, warnings: ["careful"])
      case "/first": .deny(call, ["message": "no", "code": 403])
      default: .deny(call, ["message": "never"])
      }
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let made = try await api.validating(
          ServedAPI.webhook("first", hooks, path: "/first"),
          ServedAPI.webhook("warns", hooks, path: "/warns"),
          ServedAPI.webhook("last", hooks, path: "/last"))
        #expect(made.status == 201)
        let answer = try await api.createConfigMap("a")
        #expect(answer.status == 403)
        #expect(
          answer.message == "admission webhook \"first.example.com\" denied the request: no")
        #expect(answer.warnings == ["299 - \"careful\""])
      }
    }
    #expect(Set(hooks.calls.map(\.path)) == ["/first", "/warns", "/last"])
  }

  @Test(arguments: ["silence", "half"])
  func `A webhook that takes too long fails as its policy says`(_ how: String) async throws {
    let hooks = try HookServer { _ in how == "silence" ? .silence : .half }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let open = ServedAPI.webhook(
          "open", hooks, ["timeoutSeconds": 1, "failurePolicy": "Ignore"])
        #expect(try await api.validating(open, name: "open").status == 201)
        #expect(try await api.createConfigMap("a").status == 201)
        let closed = ServedAPI.webhook("closed", hooks, path: "/p?x=1", ["timeoutSeconds": 1])
        #expect(try await api.validating(closed, name: "closed").status == 201)
        let answer = try await api.createConfigMap("b")
        #expect(answer.status == 500)
        #expect(
          answer.message
            == "Internal error occurred: failed calling webhook \"closed.example.com\": failed to "
            + "call webhook: Post \"\(hooks.url)/p?x=1&timeout=1s\": context deadline exceeded")
      }
    }
  }

  @Test func `A certificate must be of the CA bundle and carry the name`() async throws {
    let hooks = try HookServer { .allow($0) }
    let other = try HookServer(names: ["other.example.com"]) { .allow($0) }
    try await other.start()
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let trusts: JSONValue = [
          "url": .string(hooks.url), "caBundle": .string(other.caBundle),
        ]
        let webhook = ServedAPI.webhook("ca", hooks, ["clientConfig": trusts])
        #expect(try await api.validating(webhook, name: "ca").status == 201)
        #expect(
          try await api.createConfigMap("a").message.hasSuffix(
            "tls: failed to verify certificate: x509: certificate signed by unknown authority"))
        #expect(
          try await api.send("DELETE", "\(ServedAPI.admission)/validatingwebhookconfigurations/ca")
            .status == 200)

        let wrong = ServedAPI.webhook("name", other)
        #expect(try await api.validating(wrong, name: "name").status == 201)
        let answer = try await api.createConfigMap("a")
        #expect(answer.status == 500)
        #expect(answer.message.contains("tls: failed to verify certificate"))
      }
    }
    await other.stop()
    #expect(hooks.calls.isEmpty && other.calls.isEmpty)
  }

  @Test func `A Service leads to its webhook under the Service's name`() async throws {
    let hooks = try HookServer(names: ["hook.default.svc"]) { .allow($0) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let service: JSONValue = [
          "service": [
            "namespace": "default", "name": "hook", "port": .integer(Int64(hooks.port)),
            "path": "/here",
          ], "caBundle": .string(hooks.caBundle),
        ]
        let webhook = ServedAPI.webhook("svc", hooks, ["clientConfig": service])
        #expect(try await api.validating(webhook).status == 201)
        let place = "https://hook.default.svc:\(hooks.port)/here?timeout=10s"
        #expect(
          try await api.createConfigMap("a").message.hasSuffix(
            "Post \"\(place)\": service \"hook\" not found"))

        let made = try await api.send(
          "POST", "/api/v1/namespaces/default/services",
          [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "hook"],
            "spec": ["type": "ExternalName", "externalName": "127.0.0.1"],
          ])
        #expect(made.status == 201)
        #expect(try await api.createConfigMap("a").status == 201)
      }
    }
    #expect(hooks.calls.map(\.path) == ["/here"])
  }

  @Test func `Conditions decide before the call is made`() async throws {
    let hooks = try HookServer { .deny($0, ["message": "asked"]) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        func webhook(_ policy: String, _ expressions: String...) -> JSONValue {
          ServedAPI.webhook(
            "cond", hooks,
            [
              "failurePolicy": .string(policy),
              "matchConditions": .array(
                expressions.enumerated().map {
                  ["name": .string("c\($0.offset)"), "expression": .string($0.element)]
                }),
            ])
        }
        func answer(_ webhook: JSONValue) async throws -> ServedAPI.Answer {
          let made = try await api.validating(webhook, name: "cond")
          #expect(made.status == 201)
          let answer = try await api.createConfigMap("a", query: "?dryRun=All")
          try await api.send(
            "DELETE", "\(ServedAPI.admission)/validatingwebhookconfigurations/cond")
          return answer
        }
        let missing = "object.data.missing == 'x'"
        // All hold: it is asked, and refuses.
        let asked = try await answer(
          webhook("Fail", "request.userInfo.username == 'admin'", "request.dryRun"))
        #expect(asked.message.hasSuffix("denied the request: asked"))
        // One that does not hold decides over one that fails.
        #expect(
          try await answer(webhook("Fail", missing, "object.metadata.name == 'b'")).status == 201)
        // A failure goes where the policy says, without a call.
        let failed = try await answer(webhook("Fail", missing))
        #expect(failed.status == 403)
        #expect(
          failed.message
            == "configmaps \"a\" is forbidden: expression '\(missing)' resulted in error: "
            + "no such key: data")
        #expect(try await answer(webhook("Ignore", missing)).status == 201)
        #expect(hooks.calls.count == 1)

        for (expression, why) in [
          ("object.", "Syntax error"), ("nobody == 1", "undeclared reference to 'nobody'"),
          ("'text'", "must evaluate to bool"),
        ] {
          let refused = try await api.validating(webhook("Fail", expression), name: "bad")
          #expect(refused.status == 422)
          #expect(
            refused.message.contains("webhooks[0].matchConditions[0].expression")
              && refused.message.contains(why))
        }
      }
    }
  }

  @Test func `Selectors look at the namespace and at both forms of the object`() async throws {
    let hooks = try HookServer { .allow($0) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let labelled = ServedAPI.webhook(
          "object", hooks, path: "/object", ["objectSelector": ["matchLabels": ["on": "1"]]])
        let elsewhere = ServedAPI.webhook(
          "namespace", hooks, path: "/namespace",
          [
            "namespaceSelector": [
              "matchExpressions": [
                [
                  "key": "kubernetes.io/metadata.name", "operator": "NotIn",
                  "values": ["default"],
                ]
              ]
            ]
          ])
        #expect(try await api.validating(labelled, elsewhere).status == 201)
        #expect(try await api.createConfigMap("a", labels: ["on": "1"]).status == 201)
        // The label goes: the old form still has it.
        let path = "\(ServedAPI.configMaps)/a"
        let merge = ["Content-Type": "application/merge-patch+json"]
        let off: JSONValue = ["metadata": ["labels": ["on": .null]]]
        #expect(try await api.send("PATCH", path, off, headers: merge).status == 200)
        #expect(
          try await api.send("PATCH", path, ["data": ["k": "v"]], headers: merge).status == 200)
      }
    }
    #expect(hooks.calls.map(\.path) == ["/object", "/object"])
  }

  @Test func `What is posted to a subresource is reviewed as what it is`() async throws {
    let hooks = try HookServer { .allow($0) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let pods = "/api/v1/namespaces/default/pods"
        let pod: JSONValue = [
          "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
          "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        #expect(try await api.send("POST", pods, pod).status == 201)
        let webhook = ServedAPI.webhook(
          "sub", hooks,
          [
            "rules": [
              [
                "operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"],
                "resources": ["pods/*", "serviceaccounts/token"],
              ]
            ]
          ])
        #expect(try await api.validating(webhook).status == 201)
        let binding: JSONValue = [
          "apiVersion": "v1", "kind": "Binding", "metadata": ["name": "p"],
          "target": ["kind": "Node", "name": "n"],
        ]
        #expect(try await api.send("POST", "\(pods)/p/binding", binding).status == 201)
        let eviction: JSONValue = [
          "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "p"],
        ]
        #expect(try await api.send("POST", "\(pods)/p/eviction", eviction).status == 201)
        let token = try await api.send(
          "POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
          ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": [:]])
        #expect(token.status == 201)
      }
    }
    let seen = hooks.calls.map { call in
      [
        call.request["operation"], call.request["requestSubResource"],
        call.request[path: ["kind", "kind"]], call.request[path: ["object", "kind"]],
      ].map { $0?.stringValue ?? "" }
    }
    #expect(
      seen == [
        ["CREATE", "binding", "Binding", "Binding"],
        ["CREATE", "eviction", "Eviction", "Eviction"],
        ["CREATE", "token", "TokenRequest", "TokenRequest"],
      ])
  }

  @Test func `Nothing stored changes when a webhook refuses or a run is dry`() async throws {
    let hooks = try HookServer { call in
      call.request["dryRun"] == true ? .allow(call) : .deny(call, [:])
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        #expect(try await api.validating(ServedAPI.webhook("deny", hooks)).status == 201)
        let refused = try await api.createConfigMap("a")
        #expect(
          refused.message
            == "admission webhook \"deny.example.com\" denied the request without explanation")
        #expect(try await api.createConfigMap("a", query: "?dryRun=All").status == 201)
        #expect(try await api.send("GET", "\(ServedAPI.configMaps)/a").status == 404)
      }
    }
  }
}
