import AsyncAlgorithms
import HTTPTypes
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
        return Self.response(APIResponse(error), to: request)
      }
    }
    let target = request.head.path ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let answer = await handler.handle(
      APIRequest(
        method: request.method.rawValue, path: String(parts[0]),
        query: Query(parts.count > 1 ? parts[1] : ""), headers: request.headers, body: body,
        certificateUser: await Self.certificateUser(of: request, context.channel)))
    return Self.response(answer, to: request)
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

  private static func response(_ answer: APIResponse, to request: Request) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = answer.contentType
    headers[.cacheControl] = "no-cache, private"
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
    }
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case .bytes(let buffer):
      let response = Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
      return request.method == .head ? response.createHeadResponse() : response
    case .stream(let write):
      // The connection ends with the stream: its reader was busy noticing that the client left.
      headers[.connection] = "close"
      return Response(
        status: status, headers: headers, body: Self.body(of: request, writing: write))
    }
  }

  /// Runs a stream until it ends or the client leaves. The stream and the socket meet in a channel
  /// without a buffer, so that the stream goes on only as fast as the client reads.
  private static func body(
    of request: Request, writing write: @escaping @Sendable (StreamWriter) async throws -> Void
  ) -> ResponseBody {
    ResponseBody { writer in
      let channel = AsyncChannel<[ByteBuffer]>()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { channel.finish() }
          try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await write { await channel.send($0) }
          }
        }
        for await buffers in channel { try await writer.write(contentsOf: buffers) }
      }
      try await writer.finish(nil)
    }
  }
}
