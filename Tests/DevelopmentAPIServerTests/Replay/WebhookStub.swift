import Crypto
import FoundationEssentials
import Hummingbird
import HummingbirdTLS
import KubernetesAPI
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import SwiftASN1
import Synchronization
import X509

/// An HTTPS server that answers webhook calls as recorded for the step that runs, and keeps them.
final class WebhookStub: Sendable {
  /// PEM of the certificate that it shows.
  let certificatePEM: String
  private let keyPEM: String
  private let state = Mutex(State())

  private struct State {
    var expected: [JSONValue] = []
    var calls: [JSONValue] = []
    var port = 0
    var group: ServiceGroup?
  }

  init() throws {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let name = try DistinguishedName { CommonName("127.0.0.1") }
    let now = Date()
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.publicKey,
      notValidBefore: now.addingTimeInterval(-3600), notValidAfter: now.addingTimeInterval(36_000),
      issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))])
      }, issuerPrivateKey: key)
    certificatePEM = try certificate.serializeAsPEM().pemString
    keyPEM = try key.serializeAsPEM().pemString
  }

  var url: String { "https://127.0.0.1:\(state.withLock { $0.port })" }

  /// The calls since `expect`.
  var calls: [JSONValue] { state.withLock { $0.calls } }

  /// What the next calls are answered with.
  func expect(_ webhooks: [JSONValue]) {
    state.withLock {
      $0.expected = webhooks
      $0.calls = []
    }
  }

  func start() async throws {
    let tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8)).map {
        .certificate($0)
      }, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)))
    let (running, signal) = AsyncStream<Void>.makeStream()
    let router = Router()
    router.post("**") { [self] request, _ in
      let body = try await request.body.collect(upTo: 1 << 22)
      return try answer(String(request.uri.path), query: request.uri.query, Array(buffer: body))
    }
    let application = Application(
      router: router, server: try .tls(tlsConfiguration: tls),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { [self] channel in
        state.withLock { $0.port = channel.localAddress?.port ?? 0 }
        signal.finish()
      }, logger: .init(label: "webhook") { _ in SwiftLogNoOpLogHandler() })
    let group = ServiceGroup(
      services: [application], logger: .init(label: "webhook") { _ in SwiftLogNoOpLogHandler() })
    state.withLock { $0.group = group }
    Task { try await group.run() }  // ended by `stop`
    for await _ in running {}
  }

  func stop() async { await state.withLock { $0.group }?.triggerGracefulShutdown() }

  private func answer(_ path: String, query: String?, _ body: [UInt8]) throws -> Response {
    let review = try JSONValue(parsing: body)
    let reply = state.withLock { state in
      let index = state.expected.firstIndex { $0["path"]?.stringValue == path }
      let known = index.map { state.expected.remove(at: $0) }
      let reply = known.map { Self.adapt($0, to: review) } ?? Self.allow(review)
      state.calls.append([
        "path": .string(path), "query": .string(query ?? ""), "request": review,
      ])
      return reply
    }
    if let status = reply["httpStatus"]?.integerValue {
      return Response(
        status: .init(code: Int(status)), headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(string: reply["text"]?.stringValue ?? "")))
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: .init(byteBuffer: ByteBuffer(bytes: reply.jsonBytes)))
  }

  private static func allow(_ review: JSONValue) -> JSONValue {
    [
      "apiVersion": review["apiVersion"] ?? "", "kind": review["kind"] ?? "",
      "response": ["uid": review[path: ["request", "uid"]] ?? "", "allowed": true],
    ]
  }

  /// The recorded answer with the UID of this call; converted objects keep what this server gave.
  private static func adapt(_ recorded: JSONValue, to review: JSONValue) -> JSONValue {
    var reply = recorded["response"] ?? .null
    let askedFor = recorded[path: ["request", "request", "uid"]]
    if reply[path: ["response", "uid"]] != nil, reply[path: ["response", "uid"]] == askedFor {
      reply[path: ["response", "uid"]] = review[path: ["request", "uid"]]
    }
    let live = review[path: ["request", "objects"]]?.arrayValue ?? []
    guard let converted = reply[path: ["response", "convertedObjects"]]?.arrayValue else {
      return reply
    }
    let adapted = zip(converted, live).map { object, live in
      var object = object
      for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
        object[path: ["metadata", key]] = live[path: ["metadata", key]]
      }
      return object
    }
    reply[path: ["response", "convertedObjects"]] = .array(adapted)
    return reply
  }
}
