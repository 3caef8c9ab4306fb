import AsyncAlgorithms
import Glibc
import Hummingbird
import HummingbirdTLS
import KubernetesAPI
import Logging
import NIOCore
import NIOSSL

/// Between Hummingbird and the request handler: reads bodies, finds client certificates, writes
/// answers and streams.
struct HTTPFrontEnd: HTTPResponder {
  /// What Hummingbird tells us about a request beside the request.
  struct Context: InitializableFromSource {
    typealias Source = ApplicationRequestContextSource
    var channel: any Channel
    init(source: Source) { channel = source.channel }
  }

  let handler: RequestHandler

  func respond(to request: Request, context: Context) async throws -> Response {
    var body: [UInt8] = []
    if request.method != .get, request.method != .head {
      do {
        body = Array(buffer: try await request.body.collect(upTo: RequestBody.sizeLimit))
      } catch is NIOTooManyBytesError {
        let error = APIError(
          code: 413, reason: "RequestEntityTooLarge",
          message: "Request entity too large: limit is \(RequestBody.sizeLimit)",
          details: APIStatus.Details())
        return try await response(APIResponse(error), to: request, context.channel)
      }
    }
    let target = request.head.path ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let answer = await handler.handle(
      APIRequest(
        method: request.method.rawValue, path: String(parts[0]),
        query: Query(parts.count > 1 ? parts[1] : ""), headers: request.headers, body: body,
        certificateUser: await Self.certificateUser(of: request, context.channel)))
    return try await response(answer, to: request, context.channel)
  }

  /// Who the connection's client certificate names. Not looked at when the request says itself who
  /// it is.
  private static func certificateUser(
    of request: Request, _ channel: any Channel
  ) async -> UserInfo? {
    guard !(request.headers[.authorization]?.lowercased().hasPrefix("bearer") ?? false),
      let certificate = try? await channel.nioSSL_peerCertificate().get(),
      let der = try? certificate.toDERBytes()
    else { return nil }
    return ServerCertificates.user(der: der)
  }

  private func response(
    _ answer: APIResponse, to request: Request, _ channel: any Channel
  ) async throws -> Response {
    var headers = HTTPFields()
    headers[.contentType] = answer.contentType
    headers[.cacheControl] = "no-cache, private"
    for (name, value) in answer.headers {
      if let name = HTTPFields.Element.Name(name) {
        headers.append(HTTPFields.Element(name: name, value: value))
      }
    }
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case .bytes(let buffer):
      let response = Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
      return request.method == .head ? response.createHeadResponse() : response
    case .stream(let stream):
      // The connection ends with the stream: its reader was busy noticing that the client left.
      headers[.connection] = "close"
      return Response(
        status: status, headers: headers, body: body(of: request, channel, writing: stream))
    case .reset:
      try await Self.reset(channel)
      throw StreamCut()
    }
  }

  /// One chunk and one TLS record cost less than one for each line.
  private static func joined(_ buffers: [ByteBuffer]) -> ByteBuffer {
    guard var first = buffers.first, buffers.count > 1 else { return buffers.first ?? ByteBuffer() }
    first.reserveCapacity(buffers.reduce(0) { $0 + $1.readableBytes })
    for buffer in buffers.dropFirst() { first.writeImmutableBuffer(buffer) }
    return first
  }

  /// Runs a stream until it ends, the client leaves or the watch is cut. The stream and the socket meet
  /// in a channel without a buffer, so that the stream goes on only as fast as the client reads.
  private func body(
    of request: Request, _ socket: any Channel, writing stream: APIResponse.OpenStream
  ) -> ResponseBody {
    ResponseBody { [watches = handler.watches] writer in
      let id = watches.open(stream.attributes, user: stream.user, socket)
      defer { watches.close(id) }
      let channel = AsyncChannel<[ByteBuffer]>()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { channel.finish() }
          try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await stream.write { await channel.send($0) }
          }
        }
        for await buffers in channel {
          watches.note(id, isWriting: true)
          try await writer.write(Self.joined(buffers))
          watches.note(id, isWriting: false)
        }
        // A stream that failed has no proper end.
        try await group.waitForAll()
      }
      try await writer.finish(nil)
    }
  }

  /// Ends a connection with a RST: without a word of TLS or HTTP.
  private static func reset(_ channel: any Channel) async throws {
    try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
      .get()
    try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self).close(
        promise: nil)
    }.get()
  }
}
