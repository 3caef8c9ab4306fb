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

/// An HTTPS server on loopback for webhook calls, with a certificate of its own.
final class HookServer: Sendable {
  struct Call: Sendable {
    var path: String
    var query: String
    var review: JSONValue

    var request: JSONValue { review["request"] ?? .null }
  }

  enum Reply: Sendable {
    case json(JSONValue)
    case status(Int, text: String)
    /// Half an answer, and then nothing.
    case half
    /// Nothing at all.
    case silence
  }

  /// PEM of the certificate that it shows, which signed itself.
  let certificatePEM: String
  private let keyPEM: String
  private let script: @Sendable (Call) throws -> Reply
  private let state = Mutex(State())

  private struct State {
    var calls: [Call] = []
    var port = 0
    var group: ServiceGroup?
    var isStopped = false
    var silent: [CheckedContinuation<Void, Never>] = []
  }

  /// - Parameter names: what the certificate is valid for; by default 127.0.0.1.
  init(names: [String] = [], _ script: @escaping @Sendable (Call) throws -> Reply) throws {
    self.script = script
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let name = try DistinguishedName { CommonName("127.0.0.1") }
    let now = Date()
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.publicKey,
      notValidBefore: now.addingTimeInterval(-3600), notValidAfter: now.addingTimeInterval(36_000),
      issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        SubjectAlternativeNames(
          names.isEmpty
            ? [.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))]
            : names.map { .dnsName($0) })
      }, issuerPrivateKey: key)
    certificatePEM = try certificate.serializeAsPEM().pemString
    keyPEM = try key.serializeAsPEM().pemString
  }

  var port: Int { state.withLock { $0.port } }
  var url: String { "https://127.0.0.1:\(port)" }
  /// As webhook configurations carry it.
  var caBundle: String { Data(certificatePEM.utf8).base64EncodedString() }
  var calls: [Call] { state.withLock { $0.calls } }

  func forgetCalls() { state.withLock { $0.calls = [] } }

  /// Runs `body` beside the server.
  func run<R>(_ body: () async throws -> R) async throws -> R {
    try await start()
    do {
      let result = try await body()
      await stop()
      return result
    } catch {
      await stop()
      throw error
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
      return try await answer(
        String(request.uri.path), query: request.uri.query ?? "", Array(buffer: body))
    }
    let logger = Logger(label: "webhook") { _ in SwiftLogNoOpLogHandler() }
    let application = Application(
      router: router, server: try .tls(tlsConfiguration: tls),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { [self] channel in
        state.withLock { $0.port = channel.localAddress?.port ?? 0 }
        signal.finish()
      }, logger: logger)
    let group = ServiceGroup(services: [application], logger: logger)
    state.withLock { $0.group = group }
    Task { try await group.run() }  // ended by `stop`
    for await _ in running {}
  }

  func stop() async {
    let (group, silent) = state.withLock { state in
      state.isStopped = true
      defer { state.silent = [] }
      return (state.group, state.silent)
    }
    for continuation in silent { continuation.resume() }
    await group?.triggerGracefulShutdown()
  }

  private func answer(_ path: String, query: String, _ body: [UInt8]) async throws -> Response {
    let call = Call(path: path, query: query, review: try JSONValue(parsing: body))
    state.withLock { $0.calls.append(call) }
    let headers: HTTPFields = [.contentType: "application/json"]
    switch try script(call) {
    case .json(let value):
      return Response(
        status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: value.jsonBytes)))
    case .status(let code, let text):
      return Response(
        status: .init(code: code), headers: headers,
        body: .init(byteBuffer: ByteBuffer(string: text)))
    case .half:
      return Response(
        status: .ok, headers: headers,
        body: .init { [self] writer in
          try await writer.write(ByteBuffer(string: "{\"kind\":"))
          await untilStopped()
          try await writer.finish(nil)
        })
    case .silence:
      await untilStopped()
      return Response(status: .ok)
    }
  }

  private func untilStopped() async {
    await withCheckedContinuation { continuation in
      let isStopped = state.withLock { state in
        if !state.isStopped { state.silent.append(continuation) }
        return state.isStopped
      }
      if isStopped { continuation.resume() }
    }
  }
}

extension HookServer.Reply {
  /// An answer to an AdmissionReview, in its version and for its UID.
  static func review(_ call: HookServer.Call, _ response: JSONValue) -> HookServer.Reply {
    var response = response
    response["uid"] = call.request["uid"]
    return .json([
      "apiVersion": call.review["apiVersion"] ?? .null, "kind": "AdmissionReview",
      "response": response,
    ])
  }

  static func allow(_ call: HookServer.Call, warnings: [String] = []) -> HookServer.Reply {
    .review(call, ["allowed": true, "warnings": .array(warnings.map { .string($0) })])
  }

  static func deny(_ call: HookServer.Call, _ status: JSONValue) -> HookServer.Reply {
    .review(call, ["allowed": false, "status": status])
  }

  /// Allows, with an RFC 6902 patch.
  static func patch(_ call: HookServer.Call, _ patch: JSONValue) -> HookServer.Reply {
    .review(
      call,
      [
        "allowed": true, "patchType": "JSONPatch",
        "patch": .string(Data(patch.jsonBytes).base64EncodedString()),
      ])
  }
}
