import FoundationEssentials
import Hummingbird
import KubernetesAPI
import NIOCore
import Testing

@testable import DevelopmentAPIServer

/// Sends the recorded requests, and broken versions of them, to a server without a socket between: every
/// answer must be one that the API has, and the store must stay in order.
///
/// The same seed breaks the same way. `METALLB_FUZZ_ROUNDS` repeats all of it with other seeds,
/// `METALLB_FUZZ_SEED` starts elsewhere: `METALLB_FUZZ_ROUNDS=1000 swift test --filter Fuzz`.
@Suite(.serialized) struct RequestFuzzTests {
  static let rounds = setting("METALLB_FUZZ_ROUNDS", 1)
  static let firstSeed = setting("METALLB_FUZZ_SEED", 1)
  /// How many broken versions there are of each recorded request.
  private static let variants = 3

  static func setting(_ name: String, _ standard: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
  }

  // Not 10-admission: its configurations would call webhooks that are not there.
  @Test(arguments: [
    "01-discovery", "02-crud", "02-services", "03-lists-watch", "04-patches", "05-apply", "06-crds",
    "07-tables", "08-ownership", "09-auth", "11-workloads",
  ])
  func `Broken requests get answers of the API`(_ topic: String) async throws {
    let steps = try RecordedStep.read(topic).filter { $0.action == nil }
    let documents = steps.compactMap { $0.request["body"] }
    for round in 0..<Self.rounds {
      var mutator = Mutator(seed: UInt64(Self.firstSeed + round) << 8 | UInt64(topic.count))
      let server = try APIServer()
      try await server.prepare()
      let handler = server.handler
      for step in steps {
        let original = FuzzedRequest(step, token: server.adminToken)
        try await Self.check(original, handler)
        for _ in 0..<Self.variants {
          try await Self.check(mutator.request(original, documents: documents), handler)
        }
      }
      try await Self.checkOrder(of: handler.store)
    }
  }

  /// One request and its answer.
  private static func check(_ request: FuzzedRequest, _ handler: RequestHandler) async throws {
    let answer = await handler.handle(request.value)
    #expect((200..<600).contains(answer.status), "\(request)")
    switch answer.body {
    case .reset: Issue.record("\(request)")
    case .stream(let stream):
      // What is there is sent; then the watch finds itself cancelled.
      let task = Task { try? await stream.write { _ in } }
      task.cancel()
      await task.value
    case .bytes(let buffer):
      guard answer.contentType == "application/json" else { return }
      guard let body = try? JSONValue(parsing: buffer.readableBytesView) else {
        Issue.record("no JSON: \(request)\n\(String(buffer: buffer).prefix(300))")
        return
      }
      guard answer.status >= 400 else { return }
      #expect(body["kind"] == "Status" && body["status"] == "Failure", "\(request)")
      #expect(body["code"] == .integer(Int64(answer.status)), "\(request)")
      // What nobody thought of ends in this form, with the name of a Swift error.
      let message = body["message"]?.stringValue ?? ""
      #expect(!message.contains("Internal error occurred"), "\(request)\n\(message)")
    }
  }

  /// Objects are sorted and unique, versions grow, and what is stored can be read.
  private static func checkOrder(of store: ObjectStore) async throws {
    let (tables, revision) = await store.read { ($0.tables, $0.revision) }
    for (key, table) in tables {
      let keys = table.objects.map(\.key)
      #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 }, "\(key)")
      let versions = table.log.map(\.resourceVersion)
      #expect(zip(versions, versions.dropFirst()).allSatisfy { $0 < $1 }, "\(key)")
      for object in table.objects {
        #expect(object.resourceVersion <= revision)
        let value = try JSONValue(parsing: object.body)
        #expect(value.objectName == object.name && value.objectUID == object.uid)
      }
    }
  }
}

/// A request that can be broken.
struct FuzzedRequest: CustomStringConvertible {
  var method: String
  var path: String
  var query: String
  var headers: [String: String]
  var body: [UInt8]

  init(_ step: RecordedStep, token: String) {
    method = step.method
    let parts = step.path.split(separator: "?", maxSplits: 1)
    path = String(parts.first ?? "/")
    query = parts.count > 1 ? String(parts[1]) : ""
    headers = [
      "Authorization": "Bearer \(token)", "User-Agent": "fuzz/1.0", "Accept": "application/json",
    ]
    body = []
    if let raw = step.request["rawBody"]?.stringValue {
      body = Array(raw.utf8)
    } else if let value = step.request["body"] {
      body = value.jsonBytes
    }
    if !body.isEmpty { headers["Content-Type"] = "application/json" }
    for (name, value) in step.request["headers"]?.objectValue ?? [:] where name != "Authorization" {
      headers[name.lowercased() == "content-type" ? "Content-Type" : name] = value.stringValue
    }
  }

  var value: APIRequest {
    var fields = HTTPFields()
    for (name, value) in headers {
      if let name = HTTPFields.Element.Name(name) { fields[name] = value }
    }
    return APIRequest(
      method: method, path: path, query: Query(query), headers: fields, body: body)
  }

  var description: String {
    "\(method) \(path)?\(query) \(headers["Content-Type"] ?? "") \(headers["Accept"] ?? "")\n"
      + String(decoding: body.prefix(4000), as: UTF8.self)
  }
}

extension Mutator {
  private static let parameters: [(name: String, values: [String])] = [
    (
      "labelSelector",
      [
        "a", "!a", "a in (b", "a==b,c!=d", "a>1", "(", "a notin ()",
        "x=" + String(repeating: "y", count: 70),
      ]
    ),
    (
      "fieldSelector",
      ["metadata.name=a", "spec.nope=1", "a=b\\,c", "=", "metadata.name!=a,metadata.namespace=b"]
    ),
    ("limit", ["1", "0", "-1", "99999999999999999999", "x"]),
    ("continue", ["x", "eyJydiI6MSwibmFtZSI6ImEifQ", "eyJydiI6LTEsIm5hbWUiOiIifQ", "%"]),
    ("resourceVersion", ["0", "1", "-1", "18446744073709551615", "18446744073709551616", "x"]),
    ("resourceVersionMatch", ["Exact", "NotOlderThan", "x"]),
    ("timeoutSeconds", ["0", "1", "-1", "x", "9223372036854775807"]),
    ("watch", ["1", "true", "false", "x"]), ("sendInitialEvents", ["true", "false"]),
    ("allowWatchBookmarks", ["true"]), ("dryRun", ["All", "x", ""]),
    ("fieldManager", ["m", "\u{0}"]),
    ("force", ["true", "x"]), ("fieldValidation", ["Strict", "Warn", "Ignore", "x"]),
    ("gracePeriodSeconds", ["0", "-1", "x", "9223372036854775807"]),
    ("propagationPolicy", ["Foreground", "Orphan", "Background", "x"]),
    ("orphanDependents", ["true"]),
    ("pretty", ["true"]), ("includeObject", ["Object", "None", "x"]),
  ]
  private static let contentTypes = [
    "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
    "application/json-patch+json", "application/merge-patch+json",
    "application/strategic-merge-patch+json", "application/apply-patch+yaml", "text/plain", "",
    "application/json; charset=utf-8", "/;=,",
  ]
  private static let accepts = [
    "application/json", "application/yaml", "*/*",
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "application/json;as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=v2", "text/html", "",
    "application/json;q=x,;;,*/*;q=0", "application/vnd.kubernetes.protobuf",
  ]

  /// A broken version of a request.
  mutating func request(_ request: FuzzedRequest, documents: [JSONValue]) -> FuzzedRequest {
    var request = request
    for _ in 0...number(0..<2) {
      switch number(0..<10) {
      case 0:
        request.method =
          pick(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"]) ?? ""
      case 1: breakPath(&request)
      case 2, 3:
        guard let parameter = pick(Self.parameters), let value = pick(parameter.values) else {
          break
        }
        request.query += "\(request.query.isEmpty ? "" : "&")\(parameter.name)=\(value)"
      case 4: request.query = text(request.query)
      case 5: request.headers["Content-Type"] = pick(Self.contentTypes)
      case 6: request.headers["Accept"] = pick(Self.accepts)
      case 7: request.body = bytes(request.body, others: documents.prefix(20).map(\.jsonBytes))
      default:
        let own = try? JSONValue(parsing: request.body)
        guard let base = own ?? pick(documents) else { break }
        request.body = document(base, others: documents).jsonBytes
      }
    }
    return request
  }

  private mutating func breakPath(_ request: inout FuzzedRequest) {
    var parts = request.path.split(separator: "/", omittingEmptySubsequences: false).map(
      String.init)
    let at = number(0..<parts.count)
    switch number(0..<5) {
    case 0: parts.remove(at: at)
    case 1: parts.insert(parts[at], at: at)
    case 2: parts[at] = text(parts[at])
    case 3:
      parts[at] = pick(["", "..", "%00", "%", "watch", "namespaces", "status", "scale", "*"]) ?? ""
    default:
      parts.append(pick(["status", "scale", "token", "eviction", "binding", "log", "x"]) ?? "")
    }
    request.path = "/" + parts.joined(separator: "/").drop { $0 == "/" }
  }
}
