import DevelopmentAPIServer
import KubernetesAPI
import KubernetesTesting
import Testing

@testable import KubernetesClient

@Suite struct KubernetesClientTests {
  private func configMap(_ name: String, _ cluster: TestCluster, data: [String: String] = [:])
    -> ConfigMap
  {
    var map = ConfigMap(metadata: ObjectMeta(name: name, namespace: cluster.namespace))
    map.data = data
    return map
  }

  @Test func `an object is created, read, replaced, patched, applied and deleted`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      let created = try await client.create(configMap("a", cluster, data: ["k": "1"]))
      #expect(created.metadata.uid != nil)

      var read = try await client.get(ConfigMap.self, "a", namespace: cluster.namespace)
      #expect(read.data == ["k": "1"])
      read.data = ["k": "2"]
      let updated = try await client.update(read)
      #expect(updated.data == ["k": "2"])
      #expect(updated.metadata.resourceVersion != created.metadata.resourceVersion)

      let patched = try await client.patch(
        ConfigMap.self, "a", namespace: cluster.namespace, .merge(["data": ["l": "3"]]))
      #expect(patched.data == ["k": "2", "l": "3"])
      let jsonPatch: JSONValue = [["op": "remove", "path": "/data/k"]]
      let removed = try await client.patch(
        ConfigMap.self, "a", namespace: cluster.namespace, .json(jsonPatch))
      #expect(removed.data == ["l": "3"])
      let strategic = try await client.patch(
        ConfigMap.self, "a", namespace: cluster.namespace,
        .strategicMerge(["metadata": ["labels": ["x": "y"]]]))
      #expect(strategic.metadata.labels == ["x": "y"])

      let applied = try await client.apply(
        configMap("b", cluster, data: ["k": "1"]), fieldManager: "one")
      #expect(applied.data == ["k": "1"])

      try await client.delete(ConfigMap.self, "a", namespace: cluster.namespace)
      let gone = try await client.find(ConfigMap.self, "a", namespace: cluster.namespace)
      #expect(gone == nil)
    }
  }

  @Test func `applying a field of another manager conflicts unless it is forced`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      _ = try await client.apply(configMap("a", cluster, data: ["k": "1"]), fieldManager: "one")
      let other = configMap("a", cluster, data: ["k": "2"])
      let error = await #expect(throws: KubernetesError.self) {
        try await client.apply(other, fieldManager: "two")
      }
      #expect(error?.isConflict == true)
      #expect(error?.code == 409)
      let forced = try await client.apply(other, fieldManager: "two", force: true)
      #expect(forced.data == ["k": "2"])
    }
  }

  @Test func `errors keep the status and name the request`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      let missing = await #expect(throws: KubernetesError.self) {
        try await client.get(ConfigMap.self, "nosuch", namespace: cluster.namespace)
      }
      #expect(missing?.isNotFound == true)
      #expect(missing?.status?.reason == "NotFound")
      #expect(
        missing?.description
          == "GET /api/v1/namespaces/\(cluster.namespace)/configmaps/nosuch: 404 NotFound: "
          + "configmaps \"nosuch\" not found")

      _ = try await client.create(configMap("a", cluster))
      let existing = await #expect(throws: KubernetesError.self) {
        try await client.create(configMap("a", cluster))
      }
      #expect(existing?.isAlreadyExists == true)

      let invalid = await #expect(throws: KubernetesError.self) {
        try await client.create(configMap("Not A Name", cluster))
      }
      #expect(invalid?.isInvalid == true)
      #expect(invalid?.status?.details?.causes?.first?.field == "metadata.name")

      var stale = try await client.get(ConfigMap.self, "a", namespace: cluster.namespace)
      stale.data = ["k": "1"]
      _ = try await client.update(stale)
      let conflict = await #expect(throws: KubernetesError.self) { try await client.update(stale) }
      #expect(conflict?.isConflict == true)
    }
  }

  @Test func `lists follow pages and keep selectors`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      for index in 0..<7 {
        var map = configMap("m\(index)", cluster)
        map.metadata.labels = ["half": index % 2 == 0 ? "even" : "odd"]
        _ = try await client.create(map)
      }
      let all = try await client.list(
        ConfigMap.self, namespace: cluster.namespace,
        options: ListOptions(labelSelector: "half", limit: 2))
      #expect(all.items.map(\.metadata.name) == (0..<7).map { "m\($0)" })
      #expect(all.metadata.resourceVersion != nil)
      let odd = try await client.list(
        ConfigMap.self, namespace: cluster.namespace,
        options: ListOptions(labelSelector: "half=odd", limit: 2))
      #expect(odd.items.map(\.metadata.name) == ["m1", "m3", "m5"])
      let one = try await client.list(
        ConfigMap.resource, namespace: cluster.namespace,
        options: ListOptions(fieldSelector: "metadata.name=m4", isMetadataOnly: true))
      #expect(one.items.map { $0[path: ["metadata", "name"]] } == ["m4"])
      #expect(one.items.first?["kind"] == "PartialObjectMetadata")

      try await client.deleteCollection(
        ConfigMap.self, namespace: cluster.namespace,
        selection: ListOptions(labelSelector: "half=even"))
      let rest = try await client.list(
        ConfigMap.self, namespace: cluster.namespace,
        options: ListOptions(labelSelector: "half"))
      #expect(rest.items.map(\.metadata.name) == ["m1", "m3", "m5"])
    }
  }

  @Test func `a status write leaves the specification alone`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      var service = Service(metadata: ObjectMeta(name: "s", namespace: cluster.namespace))
      service.spec = .init()
      service.spec?.type = "LoadBalancer"
      service.spec?.ports = [.init(port: 80)]
      var stored = try await client.create(service)
      stored.spec?.ports = [.init(port: 81)]
      stored.status = .init()
      stored.status?.loadBalancer = .init(ingress: [.init(ip: "192.0.2.1")])
      let written = try await client.updateStatus(stored)
      #expect(written.status?.loadBalancer?.ingress?.first?.ip == "192.0.2.1")
      #expect(written.spec?.ports?.map(\.port) == [80])
    }
  }

  @Test func `a deletion with the uid of another incarnation is refused`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      var map = try await client.create(configMap("a", cluster))
      map.metadata.uid = "00000000-0000-0000-0000-000000000000"
      let error = await #expect(throws: KubernetesError.self) { try await client.delete(map) }
      #expect(error?.isConflict == true)
      try await client.delete(
        ConfigMap.self, "a", namespace: cluster.namespace,
        options: DeleteOptions(propagation: .foreground, gracePeriodSeconds: 0))
    }
  }

  @Test func `a watch shows changes after its version`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      let list = try await client.list(ConfigMap.self, namespace: cluster.namespace)
      let events = try await client.watch(
        ConfigMap.resource, namespace: cluster.namespace,
        options: WatchOptions(
          labelSelector: "app=x", resourceVersion: list.metadata.resourceVersion))
      var map = configMap("a", cluster)
      map.metadata.labels = ["app": "x"]
      map = try await client.create(map)
      map.data = ["k": "1"]
      map = try await client.update(map)
      try await client.delete(map)
      var seen: [String] = []
      for try await event in events {
        switch event {
        case .added(let object): seen.append("added \(object.name)")
        case .modified(let object): seen.append("modified \(object.name)")
        case .deleted(let object): seen.append("deleted \(object.name)")
        case .bookmark: continue
        case .error(let status): Issue.record("\(status)")
        }
        if seen.count == 3 { break }
      }
      #expect(seen == ["added a", "modified a", "deleted a"])
    }
  }

  @Test func `a watch from a forgotten version reports 410`() async throws {
    try await withTestCluster { cluster in
      guard let compact = cluster.compact else {
        try Test.cancel("only the development server forgets its history on request")
      }
      let first = try await cluster.client.create(configMap("a", cluster))
      _ = try await cluster.client.create(configMap("b", cluster))
      await compact()
      let events = try await cluster.client.watch(
        ConfigMap.resource, namespace: cluster.namespace,
        options: WatchOptions(resourceVersion: first.metadata.resourceVersion))
      for try await event in events {
        guard case .error(let status) = event else {
          Issue.record("\(event)")
          break
        }
        #expect(status.code == 410)
        #expect(KubernetesError(status, request: "watch").isGone)
        break
      }
    }
  }

  @Test func `a client certificate signs in as its subject`() async throws {
    let server = try APIServer()
    try await server.start()
    let text = try server.kubeconfig(
      user: .certificate(name: "jane", groups: ["system:masters"]), namespace: "team")
    let configuration = try ClientConfiguration.kubeconfig(text: text)
    #expect(configuration.namespace == "team")
    let client = APIClient(configuration: configuration)
    let health = try await client.text("/readyz")
    #expect(health == "ok")
    let review = try await client.send(
      APIRequest(
        .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        json: ["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"]))
    #expect(review[path: ["status", "userInfo", "username"]] == "jane")
    await server.stop()
  }

  @Test func `a server whose certificate is signed by somebody else is refused`() async throws {
    let server = try APIServer()
    try await server.start()
    let other = try APIServer()
    var configuration = try ClientConfiguration.kubeconfig(text: server.kubeconfig())
    configuration.tls.certificateAuthority = .data(SecretBytes(other.caCertificatePEM))
    let client = APIClient(configuration: configuration)
    let error = await #expect(throws: KubernetesError.self) { try await client.json("/version") }
    #expect(error?.failure == .connection)

    configuration.tls.isVerificationSkipped = true
    let careless = APIClient(configuration: configuration)
    _ = try await careless.json("/version")
    await server.stop()
  }

  @Test func `a server name replaces the host in TLS`() async throws {
    let server = try APIServer(configuration: .init(host: "0.0.0.0"))
    try await server.start()
    var configuration = try ClientConfiguration.kubeconfig(text: server.kubeconfig())
    // An address that the certificate is not valid for.
    configuration.server = "https://127.0.0.2:\(server.port)"
    for (name, isAccepted) in [
      (nil, false), ("kubernetes.default.svc", true), ("other.example", false),
    ] {
      configuration.tls.serverName = name
      let client = APIClient(configuration: configuration)
      if isAccepted {
        _ = try await client.json("/version")
      } else {
        let error = await #expect(throws: KubernetesError.self) {
          try await client.json("/version")
        }
        #expect(error?.failure == .connection)
      }
    }
    await server.stop()
  }

  @Test func `a write guard refuses writes and lets reads pass`() async throws {
    struct NotNow: Error {}
    try await withTestCluster { cluster in
      let guarded = cluster.client.guardingWrites { throw NotNow() }
      let error = await #expect(throws: KubernetesError.self) {
        try await guarded.create(configMap("a", cluster))
      }
      #expect(error?.failure == .writeRefused)
      #expect(error?.cause is NotNow)
      _ = try await guarded.list(ConfigMap.self, namespace: cluster.namespace)
    }
  }

  @Test func `a lost update is repeated from a fresh read`() async throws {
    try await withTestCluster { cluster in
      let client = cluster.client
      _ = try await client.create(configMap("a", cluster, data: ["n": "0"]))
      var attempts = 0
      try await retryOnConflict {
        attempts += 1
        var map = try await client.get(ConfigMap.self, "a", namespace: cluster.namespace)
        if attempts == 1 {
          _ = try await client.patch(
            ConfigMap.self, "a", namespace: cluster.namespace, .merge(["data": ["m": "1"]]))
        }
        map.data?["n"] = "1"
        _ = try await client.update(map)
      }
      #expect(attempts == 2)
      let map = try await client.get(ConfigMap.self, "a", namespace: cluster.namespace)
      #expect(map.data == ["n": "1", "m": "1"])
    }
  }
}

extension JSONValue {
  fileprivate var name: String { self[path: ["metadata", "name"]]?.stringValue ?? "" }
}
