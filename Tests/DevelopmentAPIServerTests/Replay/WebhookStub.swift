import KubernetesAPI
import Synchronization

/// Answers webhook calls as recorded for the step that runs, and keeps them.
final class WebhookStub: Sendable {
  private let server: HookServer
  private let state: Expectations

  /// What the calls of a step are answered with, and what they were.
  private final class Expectations: Sendable {
    let expected = Mutex<[JSONValue]>([])

    func reply(to call: HookServer.Call) -> JSONValue {
      expected.withLock { expected in
        guard let index = expected.firstIndex(where: { $0["path"]?.stringValue == call.path })
        else { return WebhookStub.allow(call.review) }
        return WebhookStub.adapt(expected.remove(at: index), to: call.review)
      }
    }
  }

  init() throws {
    let state = Expectations()
    self.state = state
    server = try HookServer { call in
      let reply = state.reply(to: call)
      guard let code = reply["httpStatus"]?.integerValue else { return .json(reply) }
      return .status(Int(code), text: reply["text"]?.stringValue ?? "")
    }
  }

  var url: String { server.url }
  var caBundle: String { server.caBundle }

  /// The calls since `expect`, as recordings have them.
  var calls: [JSONValue] {
    server.calls.map {
      ["path": .string($0.path), "query": .string($0.query), "request": $0.review]
    }
  }

  /// What the next calls are answered with.
  func expect(_ webhooks: [JSONValue]) {
    server.forgetCalls()
    state.expected.withLock { $0 = webhooks }
  }

  func start() async throws { try await server.start() }
  func stop() async { await server.stop() }

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
