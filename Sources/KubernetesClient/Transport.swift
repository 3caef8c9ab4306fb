internal import AsyncHTTPClient
internal import Glibc
internal import KubernetesAPI
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// An answer as it came: nothing is interpreted yet.
struct APIResponse: Sendable {
  var code: Int
  /// `Retry-After` in seconds, the only form that API servers send.
  var retryAfter: Duration?
  var body: ByteBuffer
}

/// Sends requests over HTTPS. One connection carries one request at a time (HTTP/1.1 is chosen on
/// purpose): a broken connection then stalls a single request, and a watch cannot block others.
final class Transport: Sendable {
  /// Whole answers beyond this are refused; a page of 500 of the largest objects stays below.
  static let bodyLimit = 512 * 1024 * 1024

  let server: String
  let credentials: CredentialProvider
  let time: TimeSource
  private let userAgent: String
  private let hostHeader: String?
  private let http: HTTPClient

  init(configuration: ClientConfiguration, userAgent: String, time: TimeSource) {
    self.userAgent = userAgent
    self.time = time
    credentials = CredentialProvider(configuration: configuration, time: time)
    var options = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(10)),
      connectionPool: .init(idleTimeout: .seconds(60)))
    options.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    // A connection that cannot be made is the caller's to retry: it knows for how long.
    options.connectionPool.retryConnectionEstablishment = false
    options.httpVersion = .http1Only
    options.http1_1ConnectionDebugInitializer = Self.detectDeadPeer
    if let name = configuration.tls.serverName,
      let address = ServerAddress(parsing: configuration.server)
    {
      // The name is asked for and checked; the connection goes to the server's host.
      options.dnsOverride = [name: address.host]
      server = address.url(host: name)
      hostHeader = address.authority
    } else {
      server = configuration.server
      hostHeader = nil
    }
    http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: options)
  }

  deinit { _ = http.shutdown() }

  /// Lets the kernel find out within half a minute that the other side is gone, so that a watch on
  /// a dead connection ends.
  @Sendable
  private static func detectDeadPeer(_ channel: any Channel) -> EventLoopFuture<Void> {
    let options: [(NIOBSDSocket.Option, Int)] = [
      (.init(rawValue: TCP_KEEPIDLE), 15), (.init(rawValue: TCP_KEEPINTVL), 5),
      (.init(rawValue: TCP_KEEPCNT), 3),
    ]
    let settings = options.map { channel.setOption(.tcpOption($0), value: $1) }
    return .andAllSucceed(
      settings + [channel.setOption(.socketOption(.so_keepalive), value: 1)], on: channel.eventLoop)
  }

  /// Sends one request and collects the answer, whatever its code. Throws `KubernetesError`
  /// (credentials, connection, malformedResponse) or `CancellationError`.
  func send(_ request: APIRequest) async throws -> APIResponse {
    let response = try await start(request)
    do {
      let body = try await response.body.collect(upTo: Self.bodyLimit)
      return APIResponse(
        code: Int(response.status.code), retryAfter: response.retryAfter, body: body)
    } catch let error as NIOTooManyBytesError {
      throw KubernetesError(
        .malformedResponse, request: request.summary, code: Int(response.status.code),
        detail: "the answer is larger than \(Self.bodyLimit) bytes", cause: error)
    } catch {
      throw try Self.connectionError(error, request)
    }
  }

  /// Sends one request and hands over head and body as they arrive.
  func start(_ request: APIRequest) async throws -> HTTPClientResponse {
    let current: RequestCredentials
    do {
      current = try await credentials.credentials()
    } catch var error as KubernetesError {
      error.request = request.summary
      throw error
    }
    var message = HTTPClientRequest(url: server + request.target)
    message.method = HTTPMethod(rawValue: request.method.rawValue)
    message.headers.add(name: "Accept", value: request.accept)
    message.headers.add(name: "User-Agent", value: userAgent)
    if let hostHeader { message.headers.add(name: "Host", value: hostHeader) }
    if let type = request.contentType { message.headers.add(name: "Content-Type", value: type) }
    if let token = current.token {
      message.headers.add(name: "Authorization", value: "Bearer \(token.text)")
    }
    if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
    message.tlsConfiguration = current.tls
    do {
      return try await http.execute(message, deadline: .distantFuture)
    } catch {
      throw try Self.connectionError(error, request)
    }
  }

  /// Wraps what went wrong below HTTP; a cancelled task stays a `CancellationError`.
  static func connectionError(
    _ error: any Error, _ request: APIRequest
  ) throws -> KubernetesError {
    if error is CancellationError || Task.isCancelled { throw CancellationError() }
    if let error = error as? HTTPClientError, error == .connectTimeout {
      return KubernetesError(
        .connection, request: request.summary, detail: "no connection within 10 s", cause: error)
    }
    return KubernetesError(
      .connection, request: request.summary, detail: "\(error)", cause: error)
  }
}

extension HTTPClientResponse {
  var retryAfter: Duration? {
    headers.first(name: "Retry-After").flatMap { Int64($0) }.map { .seconds(max(0, $0)) }
  }
}

/// The parts of a server URL.
struct ServerAddress: Hashable {
  var scheme: String
  var host: String
  var port: String?
  var path: String

  init?(parsing url: String) {
    guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return nil }
    scheme = String(url[..<colon])
    let rest = url[colon...].dropFirst(3)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    path = String(rest[slash...])
    let authority = rest[..<slash]
    let hostEnd: Substring.Index
    if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
      host = String(authority[authority.index(after: authority.startIndex)..<bracket])
      hostEnd = authority.index(after: bracket)
    } else {
      hostEnd = authority.lastIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<hostEnd])
    }
    guard !host.isEmpty else { return nil }
    let after = authority[hostEnd...]
    port = after.hasPrefix(":") ? String(after.dropFirst()) : nil
  }

  /// `host:port` as it stands in the URL.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port.map { "\(name):\($0)" } ?? name
  }

  func url(host: String) -> String {
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(scheme)://\(port.map { "\(name):\($0)" } ?? name)\(path)"
  }
}
