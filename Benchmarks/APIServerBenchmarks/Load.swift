import AsyncHTTPClient
import DevelopmentAPIServer
import Glibc
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A server with objects in it, and clients that keep it busy.
struct Load: Sendable {
  let server: APIServer
  let client: HTTPClient
  let tls: TLSConfiguration
  let services: Int

  private static let current = Mutex<Load?>(nil)

  static func start(services: Int) async throws -> Load {
    let server = try APIServer(configuration: .init(historyLimit: 16_384))
    try await server.start()
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(server.caCertificatePEM.utf8)))
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton,
      configuration: .init(
        tlsConfiguration: tls,
        connectionPool: .init(
          idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 16)))
    let load = Load(server: server, client: client, tls: tls, services: services)
    current.withLock { $0 = load }
    try await load.fill()
    return load
  }

  static func stop() async throws {
    let load = current.withLock { load in
      defer { load = nil }
      return load
    }
    try await load?.client.shutdown()
    await load?.server.stop()
  }

  // MARK: Requests

  /// - Returns: the answer's size in bytes.
  @discardableResult
  private func send(
    _ method: HTTPMethod, _ path: String, _ body: JSONValue, type: String = "application/json"
  ) async throws -> Int {
    var request = self.request(path)
    request.method = method
    request.headers.add(name: "Content-Type", value: type)
    request.body = .bytes(ByteBuffer(bytes: body.jsonBytes))
    let response = try await client.execute(request, timeout: .seconds(60))
    let content = try await response.body.collect(upTo: 1 << 20)
    guard 200..<300 ~= response.status.code else {
      throw Refusal(text: String(buffer: content))
    }
    return content.readableBytes
  }

  struct Refusal: Error { var text: String }

  private func request(_ path: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: server.url + path)
    request.headers.add(name: "Authorization", value: "Bearer \(server.adminToken)")
    return request
  }

  /// Runs `count` requests, 16 at a time.
  private func parallel(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for first in 0..<min(16, count) {
        group.addTask {
          for index in stride(from: first, to: count, by: 16) { try await body(index) }
        }
      }
      try await group.waitForAll()
    }
  }

  // MARK: Objects

  private func fill() async throws {
    try await parallel(services) { index in
      try await send(
        .POST, "/api/v1/namespaces/default/services",
        [
          "apiVersion": "v1", "kind": "Service",
          "metadata": ["name": .string("service-\(index)"), "labels": ["app": "web"]],
          "spec": [
            "selector": ["app": "web"],
            "ports": [["name": "http", "port": 80, "targetPort": 8080]],
          ],
        ])
    }
  }

  struct ListSample: Sendable {
    var firstByte: Duration
    var bytes: Int
  }

  func list(_ path: String, accept: String = "application/json") async throws -> ListSample {
    var request = self.request(path)
    request.headers.add(name: "Accept", value: accept)
    let start = ContinuousClock.now
    let response = try await client.execute(request, timeout: .seconds(60))
    let firstByte = ContinuousClock.now - start
    var bytes = 0
    for try await part in response.body { bytes += part.readableBytes }
    guard response.status == .ok else { throw Refusal(text: "\(response.status)") }
    return ListSample(firstByte: firstByte, bytes: bytes)
  }

  struct WriteSample: Sendable {
    /// From the first request to the last answer.
    var writing: Duration
    /// From the last answer until every watcher had every event.
    var lastEvent: Duration
    /// Of the whole process.
    var cpu: Duration
  }

  /// Patches Services, 16 requests at a time, until `count` are answered and every watcher has seen
  /// every change.
  func write(_ count: Int, watchers: Int) async throws -> WriteSample {
    let counters = try await WatchCounters.open(
      watchers, port: server.port, token: server.adminToken, tls: tls,
      path: "/api/v1/services?watch=true&resourceVersion=\(try await version())")
    let clock = ContinuousClock()
    let start = clock.now
    let cpu = Self.cpuTime()
    try await parallel(count) { [services] index in
      try await send(
        .PATCH, "/api/v1/namespaces/default/services/service-\(index % services)",
        ["metadata": ["annotations": ["step": .string("\(clock.now - start) \(index)")]]],
        type: "application/merge-patch+json")
    }
    let written = clock.now
    try await counters.wait(forEach: count)
    let seen = clock.now
    let used = Self.cpuTime() - cpu
    try await counters.close()
    return WriteSample(writing: written - start, lastEvent: seen - written, cpu: used)
  }

  private func version() async throws -> String {
    var request = self.request("/api/v1/services?limit=1")
    request.method = .GET
    let response = try await client.execute(request, timeout: .seconds(60))
    let list = try JSONValue(
      parsing: Array(buffer: try await response.body.collect(upTo: 1 << 20)))
    return list[path: ["metadata", "resourceVersion"]]?.stringValue ?? ""
  }

  // MARK: Memory

  /// Resident memory that `count` ConfigMaps add to the process, beyond their JSON.
  func residentBytesPerConfigMap(_ count: Int) async throws -> Int {
    // What a process takes for its first requests is not the objects'.
    try await parallel(200) { try await makeConfigMap("warm-\($0)") }
    let before = Self.residentBytes()
    try await parallel(count) { try await makeConfigMap("object-\($0)") }
    let after = Self.residentBytes()
    let json = try await list("/api/v1/configmaps").bytes
    return (after - before - json) / count
  }

  private func makeConfigMap(_ name: String) async throws {
    try await send(
      .POST, "/api/v1/namespaces/default/configmaps",
      [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
        "data": ["key": "value"],
      ])
  }

  static func residentBytes() -> Int {
    var text = [UInt8](repeating: 0, count: 256)
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let length = read(file, &text, text.count)
    let fields = String(decoding: text.prefix(max(0, length)), as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
  }

  static func cpuTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
