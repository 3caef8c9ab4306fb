import AsyncHTTPClient
import Hummingbird
import KubernetesAPI
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import DevelopmentAPIServer

/// What the server makes of bodies and clients that are no good, over the wire.
@Suite(.timeLimit(.minutes(2))) struct BadInputTests {
  private static let path = ServedAPI.configMaps

  struct Body: Sendable, CustomTestStringConvertible {
    var what: String
    var type = "application/json"
    var method = "POST"
    var text: String
    var code = 400
    var testDescription: String { what }
  }

  @Test(arguments: [
    Body(what: "nothing", text: ""), Body(what: "half an object", text: #"{"kind": "Conf"#),
    Body(what: "an array", text: "[1, 2]"), Body(what: "a number", text: "1"),
    Body(what: "no UTF-8", text: "{\"a\": \"\u{0}\"}"),
    Body(what: "two objects", text: "{}{}"),
    Body(what: "deep arrays", text: String(repeating: "[", count: 200_000)),
    Body(
      what: "deep objects", text: String(repeating: #"{"a":"#, count: 200_000)),
    Body(what: "bad YAML", type: "application/yaml", text: "a: [1"),
    Body(what: "deep YAML", type: "application/yaml", text: String(repeating: "[", count: 50_000)),
    Body(what: "bad protobuf", type: "application/vnd.kubernetes.protobuf", text: "k8s\u{0}\u{1}"),
    Body(what: "an unknown type", type: "text/csv", text: "a;b", code: 415),
    Body(
      what: "a patch that is none", type: "application/merge-patch+json", method: "PATCH",
      text: "[]"),
    Body(
      what: "an apply that is none", type: "application/apply-patch+yaml", method: "PATCH",
      text: "- a\n- b"),
    Body(
      what: "an unknown patch", type: "application/unknown-patch+json", method: "PATCH", text: "{}",
      code: 415),
  ])
  func `A bad body is answered with a Status`(_ body: Body) async throws {
    try await ServedAPI.run { api in
      #expect(try await api.createConfigMap("a").status == 201)
      let isPatch = body.method == "PATCH"
      let answer = try await api.send(
        body.method, Self.path + (isPatch ? "/a?fieldManager=m" : ""),
        headers: ["Content-Type": body.type], bytes: Array(body.text.utf8))
      #expect(answer.status == body.code)
      #expect(answer.body["kind"] == "Status" && answer.body["status"] == "Failure")
      #expect(answer.body["code"] == .integer(Int64(body.code)))
      #expect(!answer.message.isEmpty && answer.message.utf8.count < 4096)
    }
  }

  @Test(arguments: [false, true])
  func `A body beyond 3 MiB is answered with 413`(_ isChunked: Bool) async throws {
    try await ServedAPI.run { api in
      let limit = 3 * 1024 * 1024
      for (size, code) in [(limit, 400), (limit + 1, 413), (4 * limit, 413)] {
        var request = api.request(
          "POST", Self.path, headers: ["Content-Type": "application/json"])
        let chunk = ByteBuffer(repeating: UInt8(ascii: " "), count: 65536)
        if isChunked {
          let (chunks, sink) = AsyncStream.makeStream(of: ByteBuffer.self)
          for start in stride(from: 0, to: size, by: chunk.readableBytes) {
            let length = min(chunk.readableBytes, size - start)
            if let part = chunk.getSlice(at: 0, length: length) { sink.yield(part) }
          }
          sink.finish()
          request.body = .stream(chunks, length: .unknown)
        } else {
          request.body = .bytes(ByteBuffer(repeating: UInt8(ascii: " "), count: size))
        }
        let answer = try await api.send(request)
        #expect(answer.status == code)
        #expect(answer.body["code"] == .integer(Int64(code)))
        if code == 413 {
          #expect(answer.body["reason"] == "RequestEntityTooLarge")
          #expect(answer.message == "Request entity too large: limit is 3145728")
        }
      }
      #expect(try await api.createConfigMap("still-there").status == 201)
    }
  }

  @Test func `Two hundred connections watch, see a change, and leave nothing behind`() async throws
  {
    try await ServedAPI.run { api in
      let count = 200
      let opened = Signal()
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<count {
          group.addTask {
            let stream = try await api.watch(Self.path, query: "&fieldSelector=metadata.name%3Db")
            opened.send()
            for try await chunk in stream where chunk.readableBytes > 0 { return true }
            return false
          }
        }
        await opened.wait(for: count)
        #expect(api.server.watches.count == count)
        #expect(try await api.createConfigMap("b").status == 201)
        var seen = 0
        for try await isSeen in group where isSeen { seen += 1 }
        #expect(seen == count)
      }
      // Clients that stop reading drop their connections.
      while api.server.watches.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
    }
  }

  @Test func `Thousands of watches all see every change`() async throws {
    let server = try APIServer()
    try await server.prepare()
    let handler = server.handler
    func request(_ method: String, _ query: String, _ body: JSONValue? = nil) async -> APIResponse {
      await handler.handle(
        APIRequest(
          method: method, path: Self.path, query: Query(query),
          headers: [.authorization: "Bearer \(server.adminToken)"], body: body?.jsonBytes ?? []))
    }
    let count = 3000
    let started = Signal()
    let seen = Signal()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        guard case .stream(let stream) = await request("GET", "watch=1").body else {
          Issue.record("no stream")
          return
        }
        group.addTask {
          // It ends when the group is cancelled.
          try? await stream.write { lines in
            // `kube-root-ca.crt` is there from the start.
            started.send()
            for _ in lines { seen.send() }
          }
        }
      }
      await started.wait(for: count)
      for number in 0..<3 {
        let answer = await request(
          "POST", "",
          [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string("m\(number)")],
          ])
        #expect(answer.status == 201)
      }
      await seen.wait(for: 4 * count)
      group.cancelAll()
    }
  }

  @Test func `A watch whose reader does not read is cut`() async throws {
    try await ServedAPI.run(.init(stalledReaderLimit: .milliseconds(300))) { api in
      let stream = try await api.watch(Self.path)
      let data = String(repeating: "x", count: 900_000)
      var number = 0
      // What sockets and pipelines buffer is finite: at some point a write waits for the reader.
      while api.server.watches.cutCount == 0 {
        number += 1
        let answer = try await api.send(
          "PUT", "\(Self.path)/kube-root-ca.crt",
          [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "kube-root-ca.crt"],
            "data": ["x": .string(data), "n": .string(String(number))],
          ])
        #expect(answer.status == 200)
      }
      #expect(api.server.watches.count == 0)
      await #expect(throws: (any Error).self) { for try await _ in stream {} }
      #expect(try await api.createConfigMap("still-there").status == 201)
    }
  }
}

/// Counts what many tasks do, for one that waits.
private final class Signal: Sendable {
  private struct State {
    var count = 0
    var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  func send() {
    let ready = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.count += 1
      guard let waiting = state.waiting, state.count >= waiting.count else { return nil }
      state.waiting = nil
      return waiting.continuation
    }
    ready?.resume()
  }

  /// Returns when there were so many.
  func wait(for count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.count < count { state.waiting = (count, continuation) }
        return state.count >= count
      }
      if isReady { continuation.resume() }
    }
  }
}
