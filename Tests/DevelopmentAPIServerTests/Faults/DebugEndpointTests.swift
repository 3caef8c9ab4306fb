import AsyncHTTPClient
import DevelopmentAPIServer
import KubernetesAPI
import NIOCore
import NIOHTTP1
import Testing

/// Faults as a client meets them, over the wire.
@Suite(.timeLimit(.minutes(1))) struct DebugEndpointTests {
  private static let configMaps = ServedAPI.configMaps

  @Test func `Faults are listed with what they did, and end`() async throws {
    try await ServedAPI.run { api in
      let made = try await api.send(
        "POST", "/debug/faults",
        ["type": "Status", "code": 429, "retryAfterSeconds": 7, "verbs": ["create"], "every": 2])
      #expect(made.status == 201 && made.body["id"] == 1)
      #expect(try await api.createConfigMap("a").status == 201)
      let refused = try await api.createConfigMap("b")
      #expect(refused.status == 429)
      #expect(refused.headers.first(name: "Retry-After") == "7")
      #expect(refused.body["reason"] == "TooManyRequests")
      #expect(refused.body[path: ["details", "retryAfterSeconds"]] == 7)
      let list = try await api.send("GET", "/debug/faults")
      #expect(
        list.body["faults"] == [
          [
            "id": 1, "seen": 2, "hits": 1, "verbs": ["create"], "every": 2, "type": "Status",
            "code": 429, "retryAfterSeconds": 7,
          ]
        ])
      #expect(try await api.send("DELETE", "/debug/faults/1").body["hits"] == 1)
      #expect(try await api.send("DELETE", "/debug/faults/1").status == 404)
      #expect(try await api.createConfigMap("b").status == 201)
      #expect(try await api.send("POST", "/debug/faults", ["type": "Fire"]).status == 400)
      #expect(try await api.send("PUT", "/debug/faults", [:]).status == 405)
      #expect(try await api.send("GET", "/debug/other").status == 404)
    }
  }

  @Test func `Only those whom RBAC lets may make faults`() async throws {
    try await ServedAPI.run { api in
      let token = try await api.serviceAccountToken()
      let headers = ["Authorization": "Bearer \(token)"]
      let fault: JSONValue = ["type": "Conflict"]
      let refused = try await api.send("POST", "/debug/faults", fault, headers: headers)
      #expect(refused.status == 403)
      let rbac = "/apis/rbac.authorization.k8s.io/v1"
      let role: JSONValue = [
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": ["name": "faults"],
        "rules": [["nonResourceURLs": ["/debug/*"], "verbs": ["post"]]],
      ]
      #expect(try await api.send("POST", "\(rbac)/clusterroles", role).status == 201)
      let binding: JSONValue = [
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": ["name": "faults"],
        "roleRef": [
          "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "faults",
        ],
        "subjects": [["kind": "ServiceAccount", "namespace": "default", "name": "default"]],
      ]
      #expect(try await api.send("POST", "\(rbac)/clusterrolebindings", binding).status == 201)
      let allowed = try await api.send("POST", "/debug/faults", fault, headers: headers)
      #expect(allowed.status == 201)
    }
  }

  @Test func `A reset leaves the client without an answer, before or after the deed`() async throws
  {
    try await ServedAPI.run { api in
      try api.server.faults.inject(
        Fault(.reset(afterwards: false), .init(verbs: ["create"]), .init(count: 1)))
      await #expect(throws: (any Error).self) { try await api.createConfigMap("before") }
      try api.server.faults.inject(
        Fault(.reset(afterwards: true), .init(verbs: ["create"]), .init(count: 1)))
      await #expect(throws: (any Error).self) { try await api.createConfigMap("after") }
      #expect(try await api.send("GET", "\(Self.configMaps)/before").status == 404)
      #expect(try await api.send("GET", "\(Self.configMaps)/after").status == 200)
    }
  }

  @Test func `A watch is cut after so many events, without a proper end`() async throws {
    try await ServedAPI.run { api in
      for name in ["a", "b", "c"] { _ = try await api.createConfigMap(name) }
      try api.server.faults.inject(Fault(.cutWatch(afterEvents: 2)))
      let stream = try await api.watch(Self.configMaps)
      var lines = 0
      await #expect(throws: (any Error).self) {
        for try await line in stream { lines += line.readableBytesView.count { $0 == 0x0A } }
      }
      // `kube-root-ca.crt` is there too.
      #expect(lines == 2)
    }
  }

  @Test func `Open watches are listed, and cut on request`() async throws {
    try await ServedAPI.run { api in
      _ = try await api.createConfigMap("a")
      let stream = try await api.watch(Self.configMaps)
      var events = stream.makeAsyncIterator()
      _ = try await events.next()
      let list = try await api.send("GET", "/debug/watches")
      #expect(
        list.body["watches"] == [
          [
            "resource": "configmaps", "group": "", "namespace": "default", "user": "admin",
            "stalled": false,
          ]
        ])
      let others: JSONValue = ["resources": ["pods"]]
      #expect(try await api.send("DELETE", "/debug/watches", others).body["cut"] == 0)
      #expect(try await api.send("DELETE", "/debug/watches").body["cut"] == 1)
      await #expect(throws: (any Error).self) { while try await events.next() != nil {} }
      #expect(api.server.watches.count == 0)
    }
  }

  @Test func `Versions are gone when asked for, for watches and for pages`() async throws {
    try await ServedAPI.run { api in
      for name in ["a", "b", "c"] { _ = try await api.createConfigMap(name) }
      let page = try await api.send("GET", "\(Self.configMaps)?limit=1")
      let token = page.body[path: ["metadata", "continue"]]?.stringValue ?? ""
      let version = page.body[path: ["metadata", "resourceVersion"]]?.stringValue ?? ""
      try api.server.faults.inject(Fault(.gone))
      let next = try await api.send("GET", "\(Self.configMaps)?limit=1&continue=\(token)")
      #expect(next.status == 410 && next.body["reason"] == "Expired")
      // The answer says how to go on without the version, and the fault means that page as well.
      #expect(next.body[path: ["metadata", "continue"]] != nil)
      #expect(try await api.send("GET", "\(Self.configMaps)?limit=1").status == 200)
      let watch = try await api.send(
        "GET", "\(Self.configMaps)?watch=1&resourceVersion=\(version)")
      #expect(watch.status == 200 && watch.body["type"] == "ERROR")
      #expect(watch.body[path: ["object", "code"]] == 410)
    }
  }

  @Test func `A wrong clock ends tokens early and begins them late`() async throws {
    try await ServedAPI.run { api in
      let token = try await api.serviceAccountToken()
      let headers = ["Authorization": "Bearer \(token)"]
      func status() async throws -> Int {
        try await api.send("GET", "/version", headers: headers).status
      }
      #expect(try await status() == 200)
      for seconds in [7200, -7200] {
        let id = try api.server.faults.inject(Fault(.clockSkew(seconds: seconds)))
        #expect(try await status() == 401)
        api.server.faults.remove(id)
      }
      #expect(try await status() == 200)
    }
  }

  @Test func `Slow webhooks use up the time that they have`() async throws {
    let hooks = try HookServer { .allow($0) }
    try await ServedAPI.run { api in
      try await hooks.run { () async throws in
        let webhook = ServedAPI.webhook("slow", hooks, ["timeoutSeconds": 1])
        #expect(try await api.validating(webhook).status == 201)
        try api.server.faults.inject(
          Fault(.slowWebhooks(milliseconds: 60_000), .init(resources: ["configmaps"])))
        let answer = try await api.createConfigMap("a")
        #expect(answer.status == 500)
        #expect(answer.message.hasSuffix("context deadline exceeded"))
      }
    }
    #expect(hooks.calls.isEmpty)
  }
}

extension ServedAPI {
  /// Of `default` in namespace `default`, for an hour.
  func serviceAccountToken() async throws -> String {
    let answer = try await send(
      "POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
      ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": [:]])
    return answer.body[path: ["status", "token"]]?.stringValue ?? ""
  }

  /// The chunks of a watch.
  func watch(_ path: String, query: String = "") async throws -> HTTPClientResponse.Body {
    let response = try await client.execute(
      request("GET", "\(path)?watch=1\(query)"), timeout: .seconds(60))
    return response.body
  }
}
