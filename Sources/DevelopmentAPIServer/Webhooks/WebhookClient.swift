import AsyncHTTPClient
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// How one request asks webhooks.
struct WebhookCaller: Sendable {
  let client: WebhookClient
  /// A fault on request: the network takes so long before a webhook is reached.
  var delay: Duration = .zero

  /// The JSON that a webhook answers within the time that it has.
  func post(
    _ review: JSONValue, to endpoint: WebhookEndpoint, timeoutSeconds: Int64
  ) async throws(WebhookFailure) -> JSONValue {
    try await client.post(review, to: endpoint, timeoutSeconds: timeoutSeconds, delay: delay)
  }
}

/// Posts reviews to webhooks over TLS.
final class WebhookClient: Sendable {
  private let store: ObjectStore
  private let clients = Mutex<[String: HTTPClient]>([:])

  /// Answers beyond this are not read.
  private static let answerLimit = 4 << 20

  init(store: ObjectStore) { self.store = store }

  /// The JSON that a webhook answers within its time, which `delay` is part of.
  func post(
    _ review: JSONValue, to endpoint: WebhookEndpoint, timeoutSeconds: Int64, delay: Duration
  ) async throws(WebhookFailure) -> JSONValue {
    let query = "timeout=\(timeoutSeconds)s"
    let shown = endpoint.url + (endpoint.url.contains("?") ? "&" : "?") + query
    func post(_ why: String) -> WebhookFailure { WebhookFailure("Post \"\(shown)\": \(why)") }

    let place: Place
    do {
      place = try await self.place(of: endpoint, shown)
    } catch {
      throw post(error.description)
    }
    var request = HTTPClientRequest(url: place.url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.headers.add(name: "Accept", value: "application/json, */*")
    request.headers.add(name: "User-Agent", value: "kube-apiserver-admission")
    request.body = .bytes(ByteBuffer(bytes: review.jsonBytes))
    do {
      request.tlsConfiguration = try Self.tls(endpoint)
    } catch {
      throw post("unable to load root certificates: \(error)")
    }
    if let host = place.host { request.headers.add(name: "Host", value: host) }
    let status: HTTPResponseStatus
    let body: ByteBuffer
    do {
      (status, body) = try await exchange(
        request, by: client(for: place), within: .seconds(timeoutSeconds), delay: delay)
    } catch {
      throw post(Self.text(error, place))
    }
    guard status == .ok else { throw WebhookFailure(Self.text(status)) }
    do {
      let answer = try JSONValue(parsing: body.readableBytesView)
      guard answer.objectValue != nil else {
        throw WebhookFailure(Self.notAnObject(GoText.jsonType(answer)))
      }
      return answer
    } catch let failure as WebhookFailure {
      throw failure
    } catch {
      // Go's reader takes text that is no JSON for YAML, where it is a string.
      throw WebhookFailure(Self.notAnObject("string"))
    }
  }

  /// Sends a request and reads the whole answer, however slowly its bytes come.
  private func exchange(
    _ request: HTTPClientRequest, by client: HTTPClient, within limit: Duration, delay: Duration
  ) async throws -> (HTTPResponseStatus, ByteBuffer) {
    typealias Answer = (HTTPResponseStatus, ByteBuffer)
    return try await withThrowingTaskGroup(of: Answer.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        if delay > .zero { try await Task.sleep(for: delay) }
        let response = try await client.execute(request, deadline: .distantFuture)
        return (response.status, try await response.body.collect(upTo: Self.answerLimit))
      }
      group.addTask {
        try await Task.sleep(for: limit)
        throw HTTPClientError.deadlineExceeded
      }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  /// Lets go of all connections.
  func shutdown() async {
    let all = clients.withLock { clients in
      defer { clients = [:] }
      return clients.values
    }
    for client in all { try? await client.shutdown() }
  }

  // MARK: Where to

  private struct Place {
    var url: String
    /// `HOST:PORT` that is dialled.
    var dialled: String
    /// As the request names it, where that differs from the URL.
    var host: String?
    /// A name that stands for an address, for Services: their certificates carry the name.
    var override: (name: String, address: String)?
  }

  private func place(
    of endpoint: WebhookEndpoint, _ shown: String
  ) async throws(WebhookFailure) -> Place {
    switch endpoint.target {
    case .url:
      let host = shown.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first
      let authority = String(host ?? "")
      let hasPort = authority.split(separator: "]").last?.contains(":") ?? false
      return Place(url: shown, dialled: hasPort ? authority : "\(authority):443")
    case .service(let namespace, let name, let port, let path):
      let (address, target) = try await endpointOf(namespace, name, port)
      let host = "\(name).\(namespace).svc"
      let query = shown.split(separator: "?", maxSplits: 1).last ?? ""
      let path = path.hasPrefix("/") || path.isEmpty ? path : "/\(path)"
      return Place(
        url: "https://\(host):\(target)\(path)?\(query)",
        dialled: address.contains(":") ? "[\(address)]:\(target)" : "\(address):\(target)",
        host: "\(host):\(port)", override: (host, address))
    }
  }

  /// Where a Service leads. Cluster IPs exist on nodes only, where this server does not run, so it
  /// goes to a ready endpoint.
  private func endpointOf(
    _ namespace: String, _ name: String, _ port: Int64
  ) async throws(WebhookFailure) -> (address: String, port: Int64) {
    let key = ObjectKey(namespace: namespace, name: name)
    guard let stored = await store.object(BuiltInResources.services, key),
      let service = try? JSONValue(parsing: stored.body)
    else { throw WebhookFailure("service \"\(name)\" not found") }
    switch service.text("spec", "type") {
    case "ExternalName": return (service.text("spec", "externalName"), port)
    case "ClusterIP" where service.text("spec", "clusterIP") == "None":
      throw WebhookFailure("cannot route to service with ClusterIP \"None\"")
    default: break
    }
    guard
      let servicePort = service.list("spec", "ports").first(where: { $0.integer("port") == port })
    else { throw WebhookFailure("no service port \(port) found for service \"\(name)\"") }
    let slices = await store.read { state in
      state[BuiltInResources.endpointSlices].objects(inNamespace: namespace).filter {
        $0.labels["kubernetes.io/service-name"] == name
      }
    }
    for slice in slices {
      let value = (try? JSONValue(parsing: slice.body)) ?? .null
      let wanted = servicePort.text("name")
      guard
        let target = value.list("ports").first(where: { $0.text("name") == wanted })?.integer(
          "port")
      else { continue }
      for endpoint in value.list("endpoints")
      where endpoint[path: ["conditions", "ready"]]?.boolValue ?? true {
        if let address = endpoint.texts("addresses").first { return (address, target) }
      }
    }
    throw WebhookFailure("no endpoints available for service \"\(name)\"")
  }

  /// One client for URLs, one for each name that stands for an address.
  private func client(for place: Place) -> HTTPClient {
    let key = place.override.map { "\($0.name) \($0.address)" } ?? ""
    return clients.withLock { clients in
      if let client = clients[key] { return client }
      var configuration = HTTPClient.Configuration()
      if let override = place.override {
        configuration.dnsOverride = [override.name: override.address]
      }
      configuration.connectionPool.retryConnectionEstablishment = false
      let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: configuration)
      clients[key] = client
      return client
    }
  }

  private static func tls(_ endpoint: WebhookEndpoint) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if !endpoint.caBundle.isEmpty {
      tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(endpoint.caBundle))
    }
    return tls
  }

  // MARK: Words

  private static func text(_ error: any Error, _ place: Place) -> String {
    switch error {
    case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
      return "context deadline exceeded"
    case is NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
      return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    case is NIOSSLError, is NIOSSLExtraError:
      return "tls: failed to verify certificate: \(error)"
    case is NIOConnectionError: return "dial tcp \(place.dialled): connect: connection refused"
    case let error as IOError where error.errnoCode == 111:
      return "dial tcp \(place.dialled): connect: connection refused"
    default: return "\(error)"
    }
  }

  private static func text(_ status: HTTPResponseStatus) -> String {
    switch status.code {
    case 500...: "an error on the server (\"unknown\") has prevented the request from succeeding"
    case 404: "the server could not find the requested resource"
    case 401: "the server has asked for the client to provide credentials"
    case 403: "unknown"
    default:
      "the server responded with the status code \(status.code) but did not return more information"
    }
  }

  private static func notAnObject(_ type: String) -> String {
    "couldn't get version/kind; json parse error: json: cannot unmarshal \(type) into Go value of "
      + "type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; "
      + "Kind string \"json:\\\"kind,omitempty\\\"\" }"
  }
}
