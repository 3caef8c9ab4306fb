import AsyncHTTPClient
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing

@testable import WebhookServer

@Suite(.timeLimit(.minutes(2))) struct WebhookEndpointTests {
  let certificates: WebhookCertificates
  let served = ServedCertificate()

  init() throws {
    certificates = try newCertificates()
    try served.replace(certificates)
  }

  static let handlers: [String: WebhookHandler] = [
    "/judge": .admission { request in
      request.name == "bad"
        ? .denied("\(request.name) is bad") : .allowed(warnings: ["\(request.name) is fine"])
    },
    "/convert": .conversion { object, version throws in
      guard object["kind"] == "Thing" else { throw CertificateFault("is no Thing") }
      var object = object
      object["apiVersion"] = .string(version)
      return object
    },
  ]

  func withServer(_ body: (ServedWebhooks) async throws -> Void) async throws {
    try await withWebhooks(
      Self.handlers, served: served, trusting: try certificates.trustBundle, body)
  }

  static func review(_ name: String, padding: Int = 0) -> JSONValue {
    [
      "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
      "request": [
        "uid": "u-1", "kind": ["group": "", "version": "v1", "kind": "Thing"],
        "name": .string(name), "operation": "CREATE",
        "object": ["text": .string(String(repeating: "x", count: padding))],
      ],
    ]
  }

  @Test func `Reviews are judged`() async throws {
    try await withServer { server in
      let good = try await server.post("/judge?timeout=10s", json: Self.review("good"))
      #expect(good.status == 200)
      #expect(good.json?[path: ["response", "uid"]] == "u-1")
      #expect(good.json?[path: ["response", "allowed"]] == true)
      #expect(good.json?[path: ["response", "warnings"]] == ["good is fine"])
      let bad = try await server.post("/judge", json: Self.review("bad"))
      #expect(bad.json?[path: ["response", "allowed"]] == false)
      #expect(bad.json?[path: ["response", "status", "message"]] == "bad is bad")
    }
  }

  @Test func `HTTP/2 is spoken only where it is asked for`() async throws {
    for usesHTTP2 in [false, true] {
      try await withWebhooks(
        Self.handlers, served: served, trusting: try certificates.trustBundle, usesHTTP2: usesHTTP2
      ) { server in
        let answer = try await server.post("/judge", json: Self.review("good", padding: 100_000))
        #expect(answer.json?[path: ["response", "allowed"]] == true)
        #expect(answer.version == (usesHTTP2 ? .http2 : .http1_1))
      }
    }
  }

  @Test func `Objects are converted, all or none`() async throws {
    func review(_ kinds: [JSONValue]) -> JSONValue {
      [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
        "request": [
          "uid": "c", "desiredAPIVersion": "example.com/v2",
          "objects": .array(
            kinds.map {
              ["apiVersion": "example.com/v1", "kind": $0, "metadata": ["name": "n"]]
            }),
        ],
      ]
    }
    try await withServer { server in
      let good = try await server.post("/convert", json: review(["Thing", "Thing"]))
      #expect(good.json?[path: ["response", "result", "status"]] == "Success")
      #expect(good.json?[path: ["response", "convertedObjects"]]?.arrayValue?.count == 2)
      #expect(
        good.json?[path: ["response", "convertedObjects"]]?[0]?["apiVersion"] == "example.com/v2")
      let bad = try await server.post("/convert", json: review(["Thing", "Other"]))
      #expect(bad.json?[path: ["response", "result", "status"]] == "Failure")
      #expect(bad.json?[path: ["response", "result", "message"]] == "Other n: is no Thing")
      #expect(bad.json?[path: ["response", "convertedObjects"]] == [])
    }
  }

  @Test func `What is no review is answered with an HTTP error`() async throws {
    try await withServer { server in
      let garbage = Array("\u{0}\u{1} no".utf8)
      let answers = [
        (400, try await server.post("/judge", .bytes(garbage))),
        (400, try await server.post("/judge", .bytes([]))),
        (400, try await server.post("/judge", .bytes(Array("null".utf8)))),
        (400, try await server.post("/judge", .bytes(Array(repeating: 0x5B, count: 1 << 20)))),
        (400, try await server.post("/convert", json: Self.review("good"))),
        (404, try await server.post("/other", json: Self.review("good"))),
        (405, try await server.post("/judge", nil, method: .GET)),
        (
          415,
          try await server.post(
            "/judge", .bytes(Self.review("good").jsonBytes), type: "application/yaml")
        ),
      ]
      for (status, answer) in answers { #expect(answer.status == status, "\(answer)") }
      let alive = try await server.post("/judge", json: Self.review("good"))
      #expect(alive.status == 200)
    }
  }

  @Test func `Bodies are bounded, announced or not`() async throws {
    try await withServer { server in
      let large = try await server.post("/judge", json: Self.review("good", padding: 7 << 20))
      #expect(large.status == 200)
      let huge = Self.review("good", padding: 9 << 20).jsonBytes
      let announced = try? await server.post("/judge", .bytes(huge))
      #expect(announced?.status ?? 413 == 413)
      let chunks = AsyncStream { continuation in
        for _ in 0..<20 { continuation.yield(ByteBuffer(repeating: 0x20, count: 1 << 20)) }
        continuation.finish()
      }
      let streamed = try? await server.post("/judge", .stream(chunks, length: .unknown))
      #expect(streamed?.status ?? 413 == 413)
      let alive = try await server.post("/judge", json: Self.review("good"))
      #expect(alive.status == 200)
    }
  }

  @Test func `What bodies took of the budget comes back`() async throws {
    let budget = BodyBudget(bytes: 100)
    do {
      let share = BodyBudget.Share(budget)
      #expect(share.take(60))
      #expect(!share.take(60))
      #expect(budget.available == 40)
    }
    #expect(budget.available == 100)
  }

  @Test func `A new certificate is presented to new connections, old ones stay`() async throws {
    let second = try newCertificates()
    let bundle = try certificates.trustBundle
    try await withWebhooks(
      Self.handlers, served: served, trusting: bundle
    ) { server in
      #expect(try await server.post("/judge", json: Self.review("good")).status == 200)
      try served.replace(second)
      // The connection that exists is used again: its certificate was the first one.
      #expect(try await server.post("/judge", json: Self.review("good")).status == 200)
      var configuration = HTTPClient.Configuration(
        tlsConfiguration: try .trusting(second.trustBundle))
      configuration.dnsOverride = ["localhost": "127.0.0.1"]
      let other = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      let newcomer = ServedWebhooks(client: other, port: server.port, group: server.group)
      let answer = try? await newcomer.post("/judge", json: Self.review("good"))
      try await other.shutdown()
      #expect(answer?.status == 200)
    }
  }

  @Test func `A shutdown answers what was begun`() async throws {
    let (begun, release) = (Gate(), Gate())
    let handlers: [String: WebhookHandler] = [
      "/judge": .admission { _ in
        begun.open()
        try? await release.wait()
        return .allowed()
      }
    ]
    try await withWebhooks(
      handlers, served: served, trusting: try certificates.trustBundle
    ) { server in
      async let answer = server.post("/judge", json: Self.review("good"))
      try await begun.wait()
      await server.group.triggerGracefulShutdown()
      release.open()
      #expect(try await answer.status == 200)
    }
  }

  @Test func `A shutdown goes on serving for a while`() async throws {
    struct Stop: Error {}
    let bundle = try certificates.trustBundle
    await #expect(throws: Stop.self) {
      try await withWebhooks(
        Self.handlers, served: served, trusting: bundle, linger: .seconds(3600)
      ) { server in
        await server.group.triggerGracefulShutdown()
        let answer = try await server.post("/judge", json: Self.review("good"))
        #expect(answer.status == 200)
        // Cancels what would go on for an hour.
        throw Stop()
      }
    }
  }
}
