package import KubernetesAPI
package import KubernetesClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// An HTTP server on loopback that says what a test tells it to: for everything that a real API
/// server does only on a bad day. Plain HTTP/1.1, without authentication.
package final class ScriptedServer: Sendable {
  /// A request as it arrived.
  package struct Request: Sendable {
    /// Counts from 0, over all connections.
    package var number: Int
    package var method: String
    /// Path and query.
    package var target: String
    package var headers: [String: String]
    package var body: String

    /// The value of one query item, not decoded.
    package func query(_ name: String) -> String? {
      guard let start = target.firstIndex(of: "?") else { return nil }
      for item in target[target.index(after: start)...].split(separator: "&") {
        let parts = item.split(separator: "=", maxSplits: 1)
        if parts.first.map(String.init) == name { return parts.count > 1 ? String(parts[1]) : "" }
      }
      return nil
    }
  }

  /// The answer to one request, written piece by piece.
  package struct Response: Sendable {
    fileprivate let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    fileprivate let channel: any Channel

    /// Sends the head; the body follows in chunks.
    package func head(_ code: Int, headers: [String: String] = [:]) async throws {
      var fields = HTTPHeaders([("Content-Type", "application/json")])
      for (name, value) in headers { fields.replaceOrAdd(name: name, value: value) }
      let head = HTTPResponseHead(
        version: .http1_1, status: .init(statusCode: code), headers: fields)
      try await outbound.write(.head(head))
    }

    package func write(_ text: String) async throws {
      try await outbound.write(.body(.byteBuffer(ByteBuffer(string: text))))
    }

    package func write(bytes: [UInt8]) async throws {
      try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    }

    package func end() async throws { try await outbound.write(.end(nil)) }

    /// Ends the connection in the middle of the answer.
    package func cut() async throws { try await channel.close() }

    /// A whole answer.
    package func send(
      _ code: Int, headers: [String: String] = [:], _ body: JSONValue = [:]
    ) async throws {
      try await head(code, headers: headers)
      try await write(body.jsonText)
      try await end()
    }

    /// A `Status` as the API server sends it with an error.
    package func fail(
      _ code: Int, reason: String = "", message: String = "", headers: [String: String] = [:]
    ) async throws {
      try await send(
        code, headers: headers,
        [
          "kind": "Status", "apiVersion": "v1", "status": "Failure",
          "message": .string(message), "reason": .string(reason), "code": .integer(Int64(code)),
        ])
    }

    /// Waits until the task is cancelled, which the end of the test does.
    package func hang() async throws { try await Task.sleep(for: .seconds(3600)) }
  }

  package typealias Script = @Sendable (Request, Response) async throws -> Void

  private let port: Int
  private let received = Mutex<[Request]>([])

  private init(port: Int) { self.port = port }

  package var url: String { "http://127.0.0.1:\(port)" }
  package var configuration: ClientConfiguration { ClientConfiguration(server: url) }

  /// What has arrived so far.
  package var requests: [Request] { received.withLock { $0 } }

  /// Runs `body` beside a server that answers every request by `script`.
  package static func run<Result: Sendable>(
    _ script: @escaping Script, _ body: (ScriptedServer) async throws -> Result
  ) async throws -> Result {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          let connection = try Connection(wrappingChannelSynchronously: channel)
          Self.unserved.withLock { $0[ObjectIdentifier(channel)] = connection }
          return connection
        }
      }
    let server = ScriptedServer(port: listener.channel.localAddress?.port ?? 0)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await listener.executeThenClose { connections in
          await withTaskGroup(of: Void.self) { group in
            do {
              for try await connection in connections {
                group.addTask { try? await server.serve(connection, script) }
              }
            } catch {}
            group.cancelAll()
          }
        }
      }
      let result = try await body(server)
      group.cancelAll()
      return result
    }
  }

  private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

  /// Connections that were accepted and that nobody serves yet. One that arrives while its server
  /// stops stays here: NIO ends the process when a connection is dropped before it was run.
  private static let unserved = Mutex<[ObjectIdentifier: Connection]>([:])

  private func serve(_ connection: Connection, _ script: Script) async throws {
    Self.unserved.withLock { $0[ObjectIdentifier(connection.channel)] = nil }
    try await connection.executeThenClose { inbound, outbound in
      var head: HTTPRequestHead?
      var body = ByteBuffer()
      for try await part in inbound {
        switch part {
        case .head(let value): (head, body) = (value, ByteBuffer())
        case .body(let bytes): body.writeImmutableBuffer(bytes)
        case .end:
          guard let head else { continue }
          let request = record(head, body)
          try await script(request, Response(outbound: outbound, channel: connection.channel))
        }
      }
    }
  }

  private func record(_ head: HTTPRequestHead, _ body: ByteBuffer) -> Request {
    received.withLock { received in
      let request = Request(
        number: received.count, method: head.method.rawValue, target: head.uri,
        headers: Dictionary(
          head.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
        body: String(buffer: body))
      received.append(request)
      return request
    }
  }
}
