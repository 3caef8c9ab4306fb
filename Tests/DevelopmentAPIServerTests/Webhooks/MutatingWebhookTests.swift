import KubernetesAPI
import Testing

/// Mutating webhooks, asked over TLS.
@Suite struct MutatingWebhookTests {
  private static func addLabel(_ call: HookServer.Call, _ name: String) -> HookServer.Reply {
    guard call.request[path: ["object", "metadata", "labels"]] != nil else {
      return .patch(
        call,
        [["op": "add", "path": "/metadata/labels", "value": .object([name: "set"])]])
    }
    return .patch(
      call, [["op": "add", "path": .string("/metadata/labels/\(name)"), "value": "set"]])
  }

  @Test func `Each webhook sees what those before it changed`() async throws {
    let hooks = try HookServer { call in
      Self.addLabel(call, call.path == "/first" ? "first" : "second")
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let made = try await api.mutating(
          ServedAPI.webhook("first", hooks, path: "/first"),
          ServedAPI.webhook("second", hooks, path: "/second"))
        #expect(made.status == 201)
        let answer = try await api.createConfigMap("a")
        #expect(answer.status == 201)
        #expect(
          answer.body[path: ["metadata", "labels"]] == ["first": "set", "second": "set"])
      }
    }
    let seen = hooks.calls.map { $0.request[path: ["object", "metadata", "labels"]] }
    #expect(hooks.calls.map(\.path) == ["/first", "/second"])
    #expect(seen == [nil, ["first": "set"]])
  }

  @Test func `Who wants it is asked again when one after it changed the object`() async throws {
    let hooks = try HookServer { call in
      call.path == "/changes" ? Self.addLabel(call, "late") : .allow(call)
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        // The same webhook name in two configurations is two webhooks.
        let again = ServedAPI.webhook(
          "x", hooks, path: "/again", ["reinvocationPolicy": "IfNeeded"])
        let once = ServedAPI.webhook("y", hooks, path: "/once")
        let late = ServedAPI.webhook(
          "z", hooks, path: "/late",
          [
            "reinvocationPolicy": "IfNeeded",
            "objectSelector": ["matchLabels": ["late": "set"]],
          ])
        #expect(try await api.mutating(again, once, late, name: "m1").status == 201)
        let changes = ServedAPI.webhook("x", hooks, path: "/changes")
        #expect(try await api.mutating(changes, name: "m2").status == 201)
        #expect(try await api.createConfigMap("a", labels: ["has": "labels"]).status == 201)
      }
    }
    // `/late` was not asked the first time, so it is not asked the second time either.
    #expect(hooks.calls.map(\.path) == ["/again", "/once", "/changes", "/again"])
    #expect(
      hooks.calls.last?.request[path: ["object", "metadata", "labels", "late"]] == "set")
  }

  @Test func `A patch that cannot be applied fails the request, whatever the failure policy`()
    async throws
  {
    let hooks = try HookServer { .patch($0, [["op": "remove", "path": "/data/missing"]]) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        _ = try await api.createConfigMap("a")
        let webhook = ServedAPI.webhook("p", hooks, ["failurePolicy": "Ignore"])
        #expect(try await api.mutating(webhook).status == 201)
        let answer = try await api.createConfigMap("b")
        #expect(answer.status == 500)
        #expect(answer.message.contains("remove operation does not apply"))
        let deletion = try await api.send("DELETE", "\(ServedAPI.configMaps)/a")
        #expect(
          deletion.message
            == "Internal error occurred: admission webhook \"p.example.com\" attempted to modify "
            + "the object, which is not supported for this operation")
      }
    }
  }

  @Test func `A webhook of the old review version is asked in it`() async throws {
    let hooks = try HookServer { call in
      .json([
        "apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview",
        "response": ["allowed": true],
      ])
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let webhook = ServedAPI.webhook(
          "old", hooks, ["admissionReviewVersions": ["v9", "v1beta1", "v1"]])
        #expect(try await api.mutating(webhook).status == 201)
        #expect(try await api.createConfigMap("a").status == 201)
      }
    }
    #expect(hooks.calls.map(\.review["apiVersion"]) == ["admission.k8s.io/v1beta1"])
  }

  @Test func `Defaults of the API are filled into what a webhook adds`() async throws {
    let hooks = try HookServer { call in
      .patch(
        call, [["op": "add", "path": "/spec/ports/-", "value": ["name": "second", "port": 81]]])
    }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let webhook = ServedAPI.webhook(
          "ports", hooks,
          [
            "rules": [
              [
                "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
                "resources": ["services"],
              ]
            ]
          ])
        #expect(try await api.mutating(webhook).status == 201)
        let answer = try await api.send(
          "POST", "/api/v1/namespaces/default/services",
          [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s"],
            "spec": ["ports": [["name": "first", "port": 80]]],
          ])
        #expect(
          answer.body[path: ["spec", "ports"]]?.arrayValue?.last
            == ["name": "second", "protocol": "TCP", "port": 81, "targetPort": 81])
      }
    }
  }
}
