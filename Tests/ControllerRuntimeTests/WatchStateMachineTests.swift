import Backoff
import KubernetesAPI
import KubernetesClient
import SeededRandomness
import Testing

@testable import ControllerRuntime

/// A machine with a clock and a generator at hand, and delays without jitter.
private struct Script {
  typealias Machine = WatchStateMachine<ConfigMap>

  var machine: Machine
  var now = ContinuousClock.now
  var generator = SeededGenerator(seed: 1)

  init(streamsLists: Bool) {
    machine = Machine(
      streamsLists: streamsLists,
      backoff: Backoff(initial: .seconds(1), cap: .seconds(8), jitter: 0))
  }

  mutating func step(_ event: Machine.Event, after delay: Duration = .zero) -> [Machine.Action] {
    now = now.advanced(by: delay)
    return machine.step(event, now: now, using: &generator)
  }

  /// Brings the machine to a watch from `version`.
  static func watching(from version: String = "10") -> Script {
    var script = Script(streamsLists: false)
    _ = script.step(.start)
    _ = script.step(.listed(WatchSnapshot(version: version)))
    _ = script.step(.watchOpened)
    return script
  }
}

@Suite struct WatchStateMachineTests {
  private func map(_ name: String, version: String) -> ConfigMap {
    ConfigMap(metadata: ObjectMeta(name: name, namespace: "ns", resourceVersion: version))
  }

  private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }

  private func snapshot(_ version: String, _ objects: ConfigMap...) -> WatchSnapshot<ConfigMap> {
    var snapshot = WatchSnapshot<ConfigMap>(version: version)
    for object in objects { snapshot.objects[object.namespacedName] = object }
    return snapshot
  }

  private func error(_ code: Int, retryAfter: Duration? = nil) -> KubernetesError {
    KubernetesError(
      APIStatus(message: "message", code: code), retryAfter: retryAfter, request: "request")
  }

  /// The version that the last action watches from; `""` for a streaming list.
  private func watched(_ actions: [WatchStateMachine<ConfigMap>.Action]) -> String? {
    guard case .watch(let options, _) = actions.last else { return nil }
    return options.resourceVersion ?? ""
  }

  // MARK: The normal life

  @Test func `it lists, then watches from the version of the list`() {
    var script = Script(streamsLists: false)
    #expect(script.step(.start) == [.list])
    let list = snapshot("10", map("a", version: "7"))
    let actions = script.step(.listed(list))
    #expect(actions.first == .replace(list))
    guard case .watch(let options, let silence) = actions.last else {
      Issue.record("\(actions)")
      return
    }
    #expect(options.resourceVersion == "10")
    #expect(!options.sendsInitialEvents)
    let seconds = options.timeoutSeconds ?? 0
    #expect(240...360 ~= seconds)
    #expect(silence == .seconds(seconds + 15))
  }

  @Test func `events change the copy, bookmarks only the version`() {
    var script = Script.watching()
    let a = map("a", version: "11")
    #expect(script.step(.received(.upsert(a, version: "11"))) == [.upsert(a)])
    #expect(script.step(.received(.remove(key("a"), version: "12"))) == [.remove(key("a"))])
    #expect(script.step(.received(.unreadable(key("b"), version: "13"))) == [])
    #expect(watched(script.step(.watchEnded)) == "13")
    _ = script.step(.watchOpened)
    let bookmark = WatchDelivery<ConfigMap>.bookmark(version: "20", isEndOfInitialEvents: false)
    #expect(script.step(.received(bookmark)) == [])
    #expect(watched(script.step(.watchEnded)) == "20")
  }

  @Test func `a streaming list collects until its bookmark and goes on as a watch`() {
    var script = Script(streamsLists: true)
    let start = script.step(.start)
    guard case .watch(let options, _) = start.last else {
      Issue.record("\(start)")
      return
    }
    #expect(options.sendsInitialEvents && options.resourceVersion == nil)
    #expect(script.step(.watchOpened) == [])
    let (a, b, b2) = (map("a", version: "1"), map("b", version: "2"), map("b", version: "4"))
    #expect(script.step(.received(.upsert(a, version: "1"))) == [])
    #expect(script.step(.received(.upsert(b, version: "2"))) == [])
    #expect(script.step(.received(.remove(key("a"), version: "3"))) == [])
    #expect(script.step(.received(.upsert(b2, version: "4"))) == [])
    #expect(script.step(.received(.unreadable(key("c"), version: "5"))) == [])
    var expected = snapshot("9", b2)
    expected.unreadable = [key("c")]
    let end = WatchDelivery<ConfigMap>.bookmark(version: "9", isEndOfInitialEvents: true)
    #expect(script.step(.received(end)) == [.replace(expected)])
    #expect(script.step(.received(.upsert(a, version: "10"))) == [.upsert(a)])
    #expect(watched(script.step(.watchEnded)) == "10")
  }

  @Test(arguments: [400, 422]) func `a server without streaming lists is listed from then on`(
    code: Int
  ) {
    var script = Script(streamsLists: true)
    _ = script.step(.start)
    #expect(script.step(.failed(error(code))) == [.list])
    _ = script.step(.listed(snapshot("10")))
    _ = script.step(.watchOpened)
    let gone = script.step(.received(.error(APIStatus(code: 410))))
    #expect(gone.last == .list)
  }

  @Test func `a streaming list that breaks off starts over and the copy stays`() {
    for event in [WatchStateMachine<ConfigMap>.Event.watchEnded, .watchSilent] {
      var script = Script(streamsLists: true)
      _ = script.step(.start)
      _ = script.step(.watchOpened)
      _ = script.step(.received(.upsert(map("a", version: "1"), version: "1")))
      let actions = script.step(event)
      #expect(actions.last == .wait(.seconds(1)))
      #expect(watched(script.step(.waited)) == "")
      _ = script.step(.watchOpened)
      let end = WatchDelivery<ConfigMap>.bookmark(version: "9", isEndOfInitialEvents: true)
      #expect(script.step(.received(end)) == [.replace(snapshot("9"))])
    }
  }

  // MARK: What can happen to a watch

  @Test func `410 lists again at once, and with back-off when it comes again`() {
    var script = Script.watching()
    let gone = error(410)
    var status = APIStatus(message: "message", code: 410)
    status.reason = "Expired"
    #expect(
      script.step(.received(.error(status))) == [
        .report(KubernetesError(status, request: "watch"), retry: nil), .list,
      ])
    #expect(
      script.step(.failed(gone)) == [.report(gone, retry: .seconds(2)), .wait(.seconds(2))])
    #expect(script.step(.waited) == [.list])
    #expect(script.step(.listed(snapshot("30"))).first == .replace(snapshot("30")))
  }

  @Test func `410 as an HTTP status does the same`() {
    var script = Script.watching()
    #expect(script.step(.failed(error(410))) == [.report(error(410), retry: nil), .list])
  }

  @Test func `a version that the server has not reached means a fresh list`() {
    var script = Script.watching()
    let ahead = KubernetesError(
      APIStatus(
        message: "Too large resource version",
        details: .init(causes: [.init(reason: "ResourceVersionTooLarge")], retryAfterSeconds: 1),
        code: 504), request: "watch")
    #expect(
      script.step(.failed(ahead)) == [.report(ahead, retry: .seconds(1)), .wait(.seconds(1))])
    #expect(script.step(.waited) == [.list])
  }

  @Test func `401 renews the credentials, at once the first time`() {
    var script = Script.watching()
    let first = script.step(.failed(error(401)))
    #expect(first.dropLast() == [.report(error(401), retry: nil), .renewCredentials])
    #expect(watched(first) == "10")
    #expect(
      script.step(.failed(error(401))) == [
        .report(error(401), retry: .seconds(2)), .renewCredentials, .wait(.seconds(2)),
      ])
    #expect(watched(script.step(.waited)) == "10")
    _ = script.step(.watchOpened)
    // The server took them: the next refusal is a first one again.
    let again = script.step(.failed(error(401)))
    #expect(watched(again) == "10")
  }

  @Test(arguments: [409, 429]) func `a server's wish to wait is followed`(code: Int) {
    var script = Script.watching()
    let busy = error(code, retryAfter: .seconds(7))
    #expect(script.step(.failed(busy)) == [.report(busy, retry: .seconds(7)), .wait(.seconds(7))])
    #expect(watched(script.step(.waited)) == "10")
    let mad = error(code, retryAfter: .seconds(86_400))
    #expect(script.step(.failed(mad)).last == .wait(.seconds(300)))
  }

  @Test(arguments: [
    KubernetesError.Failure.serverError, .timeout, .connection, .malformedResponse, .credentials,
    .forbidden, .notFound, .conflict, .tooManyRequests,
  ])
  func `other failures back off and go on from the last version`(
    failure: KubernetesError.Failure
  ) {
    var script = Script.watching()
    _ = script.step(.received(.upsert(map("a", version: "11"), version: "11")))
    let error = KubernetesError(failure)
    for seconds in [1, 2, 4, 8, 8] {
      #expect(
        script.step(.failed(error)) == [
          .report(error, retry: .seconds(seconds)), .wait(.seconds(seconds)),
        ])
      #expect(watched(script.step(.waited)) == "11")
    }
    // What arrives ends the back-off.
    _ = script.step(.watchOpened)
    _ = script.step(.received(.upsert(map("a", version: "12"), version: "12")))
    #expect(script.step(.failed(error)).last == .wait(.seconds(1)))
  }

  @Test func `a list that fails is tried again with back-off`() {
    var script = Script(streamsLists: false)
    _ = script.step(.start)
    for seconds in [1, 2, 4] {
      #expect(script.step(.failed(error(500))).last == .wait(.seconds(seconds)))
      #expect(script.step(.waited) == [.list])
    }
    _ = script.step(.listed(snapshot("10")))
    #expect(script.step(.failed(error(500))).last == .wait(.seconds(1)))
  }

  @Test func `an error event of the watch is treated like an error`() {
    var script = Script.watching()
    let status = APIStatus(message: "boom", code: 500)
    let error = KubernetesError(status, request: "watch")
    #expect(
      script.step(.received(.error(status))) == [
        .report(error, retry: .seconds(1)), .wait(.seconds(1)),
      ])
  }

  @Test func `a watch that the server ends is opened again at once`() {
    var script = Script.watching()
    #expect(watched(script.step(.watchEnded, after: .seconds(300))) == "10")
  }

  @Test func `a server that closes watches at once is not hammered`() {
    var script = Script.watching()
    #expect(script.step(.watchEnded, after: .milliseconds(10)).last == .wait(.seconds(1)))
    _ = script.step(.waited)
    _ = script.step(.watchOpened)
    #expect(script.step(.watchEnded, after: .milliseconds(10)).last == .wait(.seconds(2)))
    _ = script.step(.waited)
    _ = script.step(.watchOpened)
    _ = script.step(.received(.upsert(map("a", version: "11"), version: "11")))
    #expect(watched(script.step(.watchEnded)) == "11")
  }

  @Test func `silence reconnects from the last version`() {
    var script = Script.watching()
    _ = script.step(.received(.upsert(map("a", version: "11"), version: "11")))
    #expect(watched(script.step(.watchSilent, after: .seconds(400))) == "11")
  }
}
