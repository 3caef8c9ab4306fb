import AsyncHTTPClient
import DevelopmentAPIServer
import Hummingbird
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOSSL

/// Sends the recorded requests of one topic to a server and compares its answers.
final class Replayer {
  struct Outcome {
    var matched = 0
    var differing: [(step: RecordedStep, differences: [String])] = []
    var total: Int { matched + differing.count }
  }

  private let server: APIServer
  private let client: HTTPClient
  private let webhooks: WebhookStub?
  private var tokens: [String: String]
  private var template = StepTemplate(answers: [:], names: [:])
  private var comparer = AnswerComparer()
  private var waiting: [(step: RecordedStep, task: Task<JSONValue, any Error>)] = []

  init(server: APIServer, webhooks: WebhookStub?) throws {
    self.server = server
    self.webhooks = webhooks
    tokens = ["admin": server.adminToken]
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(server.caCertificatePEM.utf8)))
    client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
    if let webhooks {
      template.names = [
        "webhook": webhooks.url,
        "caBundle": webhooks.caBundle,
      ]
    }
  }

  func run(_ steps: [RecordedStep]) async throws -> Outcome {
    var outcome = Outcome()
    for step in steps {
      if step.action == "compact" {
        await server.compact()
        continue
      }
      for (index, entry) in waiting.enumerated().reversed() where entry.step.until < step.number {
        waiting.remove(at: index)
        let answer = try await entry.task.value
        template.answers[entry.step.number] = Self.document(answer)
        note(entry.step, judge(entry.step, answer), &outcome)
      }
      if step.isBackground {
        try await open(step)
      } else {
        note(step, try await play(step), &outcome)
      }
    }
    for entry in waiting {
      note(entry.step, judge(entry.step, try await entry.task.value), &outcome)
    }
    try await client.shutdown()
    return outcome
  }

  private func note(_ step: RecordedStep, _ differences: [String], _ outcome: inout Outcome) {
    if differences.isEmpty {
      outcome.matched += 1
    } else {
      outcome.differing.append((step, differences))
    }
  }

  /// Sends one request, again and again where the recording waited for something to happen.
  private func play(_ step: RecordedStep) async throws -> [String] {
    let clock = ContinuousClock()
    let deadline = clock.now + (step.isPolled ? .seconds(2) : .zero)
    let before = comparer
    while true {
      comparer = before
      webhooks?.expect(step.webhooks ?? [])
      let answer: JSONValue
      do {
        answer = try await exchange(step)
      } catch let error as StepTemplate.MissingValue {
        return ["a value of another step is missing: \(error.reference)"]
      }
      let differences = judge(step, answer)
      template.answers[step.number] = Self.document(answer)
      if differences.isEmpty || clock.now >= deadline { return differences }
      await Task.yield()
    }
  }

  private func open(_ step: RecordedStep) async throws {
    let request = try httpRequest(step)
    let (opened, signal) = AsyncStream<Void>.makeStream()
    let client = client
    let task = Task {
      // A request that fails has no head.
      defer { signal.finish() }
      return try await AnswerReader.read(client, request, isWatch: true, opened: signal)
    }
    waiting.append((step, task))
    for await _ in opened {}
  }

  private func exchange(_ step: RecordedStep) async throws -> JSONValue {
    let answer = try await AnswerReader.read(
      client, try httpRequest(step), isWatch: step.isWatch, opened: nil)
    remember(step, answer)
    return answer
  }

  /// Tokens of service accounts are credentials for later steps.
  private func remember(_ step: RecordedStep, _ answer: JSONValue) {
    let parts = step.path.split(separator: "?")[0].split(separator: "/")
    guard parts.last == "token", parts.count == 7,
      let token = answer[path: ["body", "status", "token"]]?.stringValue
    else { return }
    let user = "sa:\(parts[5])"
    if tokens[user] == nil { tokens[user] = token }
  }

  private func httpRequest(_ step: RecordedStep) throws -> HTTPClientRequest {
    var request = HTTPClientRequest(
      url: server.url + (try template.fill(step.path, escaping: true)))
    request.method = HTTPMethod(rawValue: step.method)
    var headers: [String: String] = ["User-Agent": "recorder/1.0", "Accept": "application/json"]
    if let body = step.request["rawBody"]?.stringValue {
      request.body = .bytes(ByteBuffer(string: body))
      headers["Content-Type"] = "application/json"
    } else if let body = step.request["body"] {
      request.body = .bytes(ByteBuffer(bytes: try template.fill(body).jsonBytes))
      headers["Content-Type"] = "application/json"
    }
    if let token = tokens[step.user] { headers["Authorization"] = "Bearer \(token)" }
    for (name, value) in step.request["headers"]?.objectValue ?? [:] {
      headers[AnswerReader.title(name)] = value.stringValue
    }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    return request
  }

  private static func document(_ answer: JSONValue) -> JSONValue {
    answer["body"] ?? ["events": answer["events"] ?? .null, "text": answer["text"] ?? .null]
  }

  // MARK: Judging

  private func judge(_ step: RecordedStep, _ answer: JSONValue) -> [String] {
    let want = step.response
    let have = mask(answer)
    guard want["status"] == have["status"] else {
      return [
        "status \(have["status"]?.jsonText ?? ""), want \(want["status"]?.jsonText ?? ""): "
          + (have["body"] ?? have["text"] ?? .null).jsonText.prefix(300)
      ]
    }
    if step.mode == "status" { return [] }
    var found: [String] = []
    for (name, value) in want["headers"]?.objectValue ?? [:] {
      found += comparer.differences(
        ["headers": .object([name: value])],
        ["headers": .object([name: have[path: ["headers", AnswerReader.title(name)]] ?? .null])],
        mode: "exact")
    }
    if have[path: ["headers", "Warning"]] != nil, want[path: ["headers", "Warning"]] == nil {
      found.append("unexpected Warning: \(have[path: ["headers", "Warning"]]?.jsonText ?? "")")
    }
    if let text = want["text"] {
      found += comparer.differences(
        ["message": text], ["message": have["text"] ?? .null], mode: step.mode)
    }
    if let body = want["body"] {
      found += comparer.differences(body, have["body"] ?? [:], mode: step.mode)
    }
    if want["events"] != nil {
      found += comparer.differences(
        ["events": events(step, want)], ["events": events(step, have)], mode: step.mode)
    }
    return found + judgeWebhooks(step)
  }

  private func events(_ step: RecordedStep, _ answer: JSONValue) -> JSONValue {
    let events = answer["events"]?.arrayValue ?? []
    return .array(step.ignoresBookmarks ? events.filter { $0["type"] != "BOOKMARK" } : events)
  }

  private func judgeWebhooks(_ step: RecordedStep) -> [String] {
    guard let wanted = step.webhooks, let webhooks else { return [] }
    let calls = webhooks.calls.map(mask)
    guard calls.count == wanted.count else {
      return ["\(calls.count) webhook calls, want \(wanted.count)"]
    }
    return zip(wanted, calls).flatMap { want, have in
      let path = ["request", "request", "object"]
      comparer.bindGeneratedName(want[path: path], have[path: path])
      return ["path", "request"].flatMap { part in
        comparer.differences(
          ["webhook": .object([part: want[part] ?? .null])],
          ["webhook": .object([part: have[part] ?? .null])], mode: step.mode)
      }
    }
  }

  /// Tokens, and the address and certificate of the webhook server, as recordings write them.
  private func mask(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .object(JSONObject(members.map { ($0.key, mask($0.value)) }))
    case .array(let elements): .array(elements.map(mask))
    case .string(let text):
      .string(
        template.names.reduce(text) { $0.replacing($1.value, with: "${\($1.key)}") }
          .replacing(/eyJ[\w-]{10,}\.[\w-]+\.[\w-]+/, with: "<token>"))
    case .null, .bool, .integer, .double: value
    }
  }
}

/// Reads HTTP answers into the form that recordings have.
enum AnswerReader {
  static func title(_ name: String) -> String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
      .joined(separator: "-")
  }

  private static let comparedHeaders = [
    "Content-Type", "Warning", "Www-Authenticate", "Retry-After", "Allow", "Vary", "Location",
  ]

  /// `status`, `headers` and `body`, `text` or `events`, as recordings have them.
  ///
  /// - Parameter opened: finished as soon as the head of the answer is there.
  static func read(
    _ client: HTTPClient, _ request: HTTPClientRequest, isWatch: Bool,
    opened: AsyncStream<Void>.Continuation?
  ) async throws -> JSONValue {
    let response = try await client.execute(request, timeout: .seconds(60))
    opened?.finish()
    var answer: JSONValue = [
      "status": .integer(Int64(response.status.code)), "headers": .object([:]),
    ]
    for name in comparedHeaders {
      let values = response.headers[name]
      guard !values.isEmpty else { continue }
      answer[path: ["headers", name]] =
        name == "Warning" && values.count > 1
        ? .strings(values) : .string(values.joined(separator: ", "))
    }
    let body = Array(buffer: try await response.body.collect(upTo: 1 << 25))
    if isWatch, response.status == .ok {
      let events = try body.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: $0) }
      if let first = events.first, first["type"] == nil {
        answer["body"] = first
      } else {
        answer["events"] = .array(events)
      }
    } else if let value = try? JSONValue(parsing: body),
      value.objectValue != nil
        || value.arrayValue != nil
    {
      answer["body"] = value
    } else {
      answer["text"] = .string(String(decoding: body, as: UTF8.self))
    }
    return answer
  }
}
