import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetricsServer
import ServiceLifecycle
import SwiftASN1
import Synchronization
import Testing

@testable import WebhookServer

/// Webhook servers as API servers use them: their certificates, and calls that must never fail.
@Suite(.timeLimit(.minutes(3))) struct CertificateKeeperTests {
  static let pods = ResourceKind(version: "v1", kind: "ConfigMap", plural: "configmaps")

  /// A webhook server beside a cluster, registered for the ConfigMaps of the test's namespace.
  struct Fixture: Sendable {
    var cluster: TestCluster
    var registration: InjectionTarget
    var secret: NamespacedName

    func keeper(
      planner: CertificatePlanner = CertificatePlanner(names: ["localhost"]),
      targets: [InjectionTarget]? = nil, time: TimeSource = .system,
      readiness: @escaping @Sendable (String?) -> Void = { _ in }
    ) -> CertificateKeeper {
      CertificateKeeper(
        secret: secret, planner: planner, targets: targets ?? [registration],
        client: cluster.client, time: time, logger: quiet, readiness: readiness)
    }

    /// Registers the server at `port`; ConfigMaps named `bad…` are refused by it.
    func register(port: Int) async throws {
      let body: JSONValue = [
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": ["name": .string(registration.name), "labels": ["theirs": "yes"]],
        "webhooks": [
          [
            "name": "configmaps.example.com", "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "failurePolicy": "Fail",
            "clientConfig": ["url": .string("https://localhost:\(port)/judge")],
            "namespaceSelector": [
              "matchLabels": ["kubernetes.io/metadata.name": .string(cluster.namespace)]
            ],
            "rules": [
              [
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["configmaps"],
              ]
            ],
          ]
        ],
      ]
      _ = try await cluster.client.create(body, registration.resource)
    }

    func create(_ name: String) async throws {
      _ = try await cluster.client.create(
        ConfigMap(metadata: ObjectMeta(name: name, namespace: cluster.namespace)))
    }

    /// The authorities that the registration names.
    func bundle() async throws -> String {
      let object = try await cluster.client.get(registration.resource, registration.name)
      return Self.bundle(of: object) ?? ""
    }

    static func bundle(of object: JSONValue?) -> String? {
      let text = object?["webhooks"]?[0]?[path: ["clientConfig", "caBundle"]]?.stringValue
      return text.flatMap { decodeBase64($0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    func stored() async throws -> StoredCertificates {
      let secret = try await cluster.client.get(
        Secret.self, secret.name, namespace: secret.namespace)
      return StoredCertificates(secret.data ?? [:])
    }
  }

  func withFixture(_ body: (Fixture) async throws -> Void) async throws {
    try await withTestCluster { cluster in
      let fixture = Fixture(
        cluster: cluster,
        registration: .validatingWebhooks(cluster.uniqueName("webhooks")),
        secret: NamespacedName(namespace: cluster.namespace, name: "webhook-cert"))
      try await body(fixture)
      try? await cluster.client.delete(
        fixture.registration.resource, fixture.registration.name)
    }
  }

  /// Runs keepers, and endpoints that serve their certificates, while `body` runs. It gets the ports.
  func running(
    _ keepers: [CertificateKeeper], _ body: ([Int]) async throws -> Void
  ) async throws {
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let endpoints = keepers.map { keeper in
      WebhookEndpoint(
        address: .loopback(port: 0), certificate: keeper.served.source, limits: TLSLimits(),
        handlers: [
          "/judge": .admission { $0.name.hasPrefix("bad") ? .denied("no \($0.name)") : .allowed() }
        ],
        logger: quiet, ready: { try await keeper.served.waitForFirst() },
        onListening: { continuation.yield($0) })
    }
    let services: [any ServiceLifecycle.Service] = keepers + endpoints
    let group = ServiceGroup(services: services, logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var open: [Int] = []
      for await port in ports {
        open.append(port)
        if open.count == keepers.count { break }
      }
      try await body(open)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// Opens when a keeper is ready.
  final class ReadyGate: Sendable {
    let gate = Gate()
    let failures = Mutex<[String]>([])
    func note(_ failure: String?) {
      if let failure { failures.withLock { $0.append(failure) } } else { gate.open() }
    }
  }

  @Test func `Calls are answered once the authority is injected; nothing else is touched`()
    async throws
  {
    try await withFixture { fixture in
      let ready = ReadyGate()
      let keeper = fixture.keeper { ready.note($0) }
      try await running([keeper]) { ports in
        try await fixture.register(port: ports[0])
        try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        try await ready.gate.wait()
        try await fixture.create("good")
        let refusal = await #expect(throws: KubernetesError.self) {
          try await fixture.create("bad")
        }
        #expect(
          refusal?.message.contains("\"configmaps.example.com\" denied the request: no bad") == true
        )
        let object = try await fixture.cluster.client.get(
          fixture.registration.resource, fixture.registration.name)
        #expect(object[path: ["metadata", "labels", "theirs"]] == "yes")
        #expect(object["webhooks"]?[0]?["failurePolicy"] == "Fail")
        let managers = object[path: ["metadata", "managedFields"]]?.arrayValue ?? []
        let own = managers.first { $0["manager"] == "MetalLB" }
        #expect(
          own?["fieldsV1"]?.jsonText.contains("f:caBundle") == true
            && own?["fieldsV1"]?.jsonText.contains("f:rules") == false)
        let stored = try await fixture.stored()
        #expect(stored.canSign)
        #expect(stored.chain.first?.dnsNames == ["localhost"])
      }
    }
  }

  @Test func `Not ready before every registration that exists knows the authority`() async throws {
    try await withFixture { fixture in
      // Nobody listens there; the registration is what counts.
      try await fixture.register(port: 1)
      let ready = ReadyGate()
      try await running([fixture.keeper { ready.note($0) }]) { _ in
        try await ready.gate.wait()
        let stored = try await fixture.stored()
        let authority = try #require(stored.authorities.first).serializeAsPEM().pemString
        #expect(try await fixture.bundle().contains(authority))
        #expect(ready.failures.withLock { $0.first } == "has no certificate yet")
      }
    }
  }

  @Test func `An account that may not read the Secret serves no webhooks, and is ready`()
    async throws
  {
    try await withTestCluster { cluster in
      let account = ServiceAccount(
        metadata: ObjectMeta(name: "classic", namespace: cluster.namespace))
      _ = try await cluster.client.create(account)
      let path = ServiceAccount.resource.path(
        namespace: cluster.namespace, name: "classic", subresource: "token")
      let answer = try await cluster.client.send(
        APIRequest(
          .post, path,
          json: [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": .object([:]),
          ]))
      var configuration = cluster.configuration
      configuration.credentials = .token(
        .init(try #require(answer[path: ["status", "token"]]?.stringValue)))
      let off = Gate()
      let keeper = CertificateKeeper(
        secret: NamespacedName(namespace: cluster.namespace, name: "webhook-cert"),
        names: ["localhost"], targets: [.validatingWebhooks("webhooks")],
        client: APIClient(configuration: configuration), logger: quiet,
        onSwitchedOff: { off.open() })
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await keeper.run() }
        defer { tasks.cancelAll() }
        try await off.wait()
      }
      #expect(keeper.served.certificates == nil)
    }
  }

  @Test func `Without a server the failure policy decides`() async throws {
    try await withFixture { fixture in
      let ready = ReadyGate()
      let keeper = fixture.keeper { ready.note($0) }
      try await running([keeper]) { ports in
        try await fixture.register(port: ports[0])
        try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        try await fixture.create("good")
      }
      let refusal = await #expect(throws: KubernetesError.self) {
        try await fixture.create("later")
      }
      #expect(refusal?.code == 500)
      #expect(
        refusal?.message.contains("failed calling webhook \"configmaps.example.com\"") == true)
      _ = try await fixture.cluster.client.patch(
        fixture.registration.resource, fixture.registration.name,
        .json([["op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"]]))
      try await fixture.create("later")
    }
  }

  @Test func `A bundle that somebody edits or removes is put back`() async throws {
    try await withFixture { fixture in
      let ready = ReadyGate()
      try await running([fixture.keeper { ready.note($0) }]) { ports in
        try await fixture.register(port: ports[0])
        let injected = try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        let original = try #require(Fixture.bundle(of: injected))
        let path: JSONValue = "/webhooks/0/clientConfig/caBundle"
        let edits: [JSONValue] = [
          [["op": "remove", "path": path]],
          [
            [
              "op": "replace", "path": path,
              "value": .string(encodeBase64(Array(try newCertificates().trustBundle.utf8))),
            ]
          ],
        ]
        for edit in edits {
          let changed = try await fixture.cluster.client.patch(
            fixture.registration.resource, fixture.registration.name, .json(edit))
          #expect(Fixture.bundle(of: changed) != original)
          try await fixture.cluster.eventually(
            fixture.registration.resource, fixture.registration.name, "the bundle is back"
          ) { Fixture.bundle(of: $0) == original }
        }
        try await fixture.create("good")
      }
    }
  }

  @Test func `The conversion webhook of a CRD learns the authority`() async throws {
    try await withFixture { fixture in
      let plural = fixture.cluster.uniqueName("things")
      let name = "\(plural).example.com"
      func version(_ name: String, isStored: Bool) -> JSONValue {
        [
          "name": .string(name), "served": true, "storage": .bool(isStored),
          "schema": [
            "openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
          ],
        ]
      }
      let target = InjectionTarget.conversion(ofDefinition: name)
      let definition: JSONValue = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": ["name": .string(name)],
        "spec": [
          "group": "example.com", "scope": "Namespaced",
          "names": ["plural": .string(plural), "kind": "Thing"],
          "versions": [version("v1", isStored: true), version("v2", isStored: false)],
          "conversion": [
            "strategy": "Webhook",
            "webhook": [
              "conversionReviewVersions": ["v1"],
              "clientConfig": ["url": "https://localhost:1/convert"],
            ],
          ],
        ],
      ]
      _ = try await fixture.cluster.client.create(definition, target.resource)
      let ready = ReadyGate()
      try await running([fixture.keeper(targets: [target]) { ready.note($0) }]) { _ in
        try await ready.gate.wait()
        let object = try await fixture.cluster.client.get(target.resource, name)
        let bundle = object[path: ["spec", "conversion", "webhook", "clientConfig", "caBundle"]]?
          .stringValue.flatMap { decodeBase64($0) }
        let authority = try #require(try await fixture.stored().authorities.first)
        #expect(
          String(decoding: bundle ?? [], as: UTF8.self)
            == (try authority.serializeAsPEM().pemString + "\n"))
      }
      try await fixture.cluster.client.delete(target.resource, name)
    }
  }

  @Test func `Several replicas share one Secret and settle on it`() async throws {
    try await withFixture { fixture in
      let gates = (0..<3).map { _ in ReadyGate() }
      let keepers = gates.map { gate in fixture.keeper { gate.note($0) } }
      try await running(keepers) { ports in
        try await fixture.register(port: ports[2])
        for gate in gates { try await gate.gate.wait() }
        try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        try await fixture.create("good")
        let chains = Set(keepers.map { $0.served.certificates?.chain })
        #expect(chains == [try await fixture.stored().chain])
        let secret = try await fixture.cluster.client.get(
          Secret.self, fixture.secret.name, namespace: fixture.secret.namespace)
        try await fixture.cluster.client.delete(secret)
        try await fixture.cluster.eventually(
          Secret.self, fixture.secret.name, "another Secret, filled"
        ) { other in
          other.map { $0.metadata.uid != secret.metadata.uid && $0.data?.count == 4 } ?? false
        }
        try await fixture.create("better")
      }
    }
  }

  /// Creates ConfigMaps one after the other until `body` is done, and fails when one is refused.
  func underLoad(_ fixture: Fixture, _ body: @Sendable () async throws -> Void) async throws -> Int
  {
    let done = Gate()
    return try await withThrowingTaskGroup(of: Int.self) { tasks in
      for worker in 0..<2 {
        tasks.addTask {
          var count = 0
          while !done.isOpen {
            count += 1
            try await fixture.create("load-\(worker)-\(count)")
          }
          return count
        }
      }
      defer { done.open() }
      try await body()
      done.open()
      return try await tasks.reduce(0, +)
    }
  }

  func isServing(_ keeper: CertificateKeeper, _ fixture: Fixture) async throws {
    let chain = try await fixture.stored().chain
    while keeper.served.certificates?.chain != chain {
      try await TimeSource.system.sleep(for: .milliseconds(50))
    }
  }

  @Test func `A deleted or damaged Secret is made anew, and no call fails meanwhile`() async throws
  {
    try await withFixture { fixture in
      let ready = ReadyGate()
      let keeper = fixture.keeper { ready.note($0) }
      try await running([keeper]) { ports in
        try await fixture.register(port: ports[0])
        try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        let client = fixture.cluster.client
        let calls = try await underLoad(fixture) {
          var chain = try await fixture.stored().chain
          for round in 0..<2 {
            if round == 0 {
              try await client.delete(
                Secret.self, fixture.secret.name, namespace: fixture.secret.namespace)
            } else {
              _ = try await client.patch(
                Secret.self, fixture.secret.name, namespace: fixture.secret.namespace,
                .merge(["data": ["ca.crt": "AAAA", "tls.crt": "AAAA"]]))
            }
            let before = chain
            try await fixture.cluster.eventually(
              Secret.self, fixture.secret.name, "another certificate"
            ) { secret in
              let stored = StoredCertificates(secret?.data ?? [:])
              return !stored.chain.isEmpty && stored.chain != before
            }
            try await isServing(keeper, fixture)
            chain = try await fixture.stored().chain
          }
        }
        #expect(calls > 0)
      }
    }
  }

  @Test func `An authority near its end is replaced, and no call fails meanwhile`() async throws {
    try await withFixture { fixture in
      // The first certificates are made in the past, so that they are due as soon as the clock is right.
      let ahead = Mutex(Duration.seconds(-3580 * 86_400))
      let time = TimeSource(
        clock: ContinuousClock(), wall: { Timestamp.now.advanced(by: ahead.withLock(\.self)) })
      var policy = CertificatePolicy()
      policy.serverLifetime = policy.authorityLifetime
      policy.renewBefore = 1
      let early = try CertificatePlanner(names: ["localhost"], policy: policy).plan(
        for: nil, served: nil, now: time.wall)
      guard case .write(let first, _) = early else { throw CertificateFault("nothing to write") }
      _ = try await fixture.cluster.client.create(
        Secret(
          metadata: ObjectMeta(name: fixture.secret.name, namespace: fixture.secret.namespace),
          data: first.secretData))
      let keeper = fixture.keeper(time: time)
      try await running([keeper]) { ports in
        #expect(keeper.served.certificates == first)
        try await fixture.register(port: ports[0])
        try await fixture.cluster.eventually(
          fixture.registration.resource, fixture.registration.name, "the authority is injected"
        ) { Fixture.bundle(of: $0) != nil }
        let calls = try await underLoad(fixture) {
          ahead.withLock { $0 = .zero }
          // Any event makes the keeper look; by itself it would within twelve hours.
          _ = try await fixture.cluster.client.patch(
            Secret.self, fixture.secret.name, namespace: fixture.secret.namespace,
            .merge(["metadata": ["labels": ["look": "now"]]]))
          try await fixture.cluster.eventually(
            Secret.self, fixture.secret.name, "a second authority"
          ) { StoredCertificates($0?.data ?? [:]).authorities.count == 2 }
          try await isServing(keeper, fixture)
        }
        #expect(calls > 0)
        #expect(keeper.served.certificates?.authorities.first != first.authorities.first)
        #expect(try await fixture.bundle() == (try keeper.served.certificates?.trustBundle))
      }
    }
  }
}
