import KubernetesClient
import ManualTime
import Synchronization
import Testing

@testable import MetricsServer

@Suite struct MetricsAuthorizerTests {
  @Test func `Keeps answers for a while, and failures not at all`() async {
    let clock = ManualClock()
    let asked = Mutex<[String]>([])
    let authorizer = MetricsAuthorizer(time: TimeSource(clock: clock)) { token in
      asked.withLock { $0.append(token) }
      switch token {
      case "good": return .allowed
      case "poor": return .denied
      default: throw CancellationError()
      }
    }
    let ask = { (token: String) in
      let before = asked.withLock { $0.count }
      _ = await authorizer.decide(authorization: "Bearer \(token)")
      return asked.withLock { $0.count } - before
    }
    #expect(await ask("good") == 1)
    #expect(await ask("good") == 0)
    #expect(await ask("poor") == 1)
    #expect(await ask("poor") == 0)
    #expect(await ask("broken") == 1)
    #expect(await ask("broken") == 1)
    clock.advance(by: .seconds(11))
    #expect(await ask("poor") == 1)
    #expect(await ask("good") == 0)
    clock.advance(by: .seconds(50))
    #expect(await ask("good") == 1)
  }

  @Test func `A flood of tokens does not grow it without bound`() async {
    let asked = Mutex(0)
    let authorizer = MetricsAuthorizer { _ in
      asked.withLock { $0 += 1 }
      return .unauthenticated
    }
    for number in 0..<2_000 {
      _ = await authorizer.decide(authorization: "Bearer t\(number)")
    }
    #expect(asked.withLock { $0 } == 2_000)
    #expect(authorizer.cachedCount <= 256)
  }

  @Test(arguments: ["", "Bearer", "Bearer ", "Bearer a b", "good", "Basic Zm9v"])
  func `Malformed credentials never reach the API server`(authorization: String) async {
    let authorizer = MetricsAuthorizer { _ in
      Issue.record("asked for \(authorization)")
      return .allowed
    }
    guard case .unauthenticated = await authorizer.decide(authorization: authorization) else {
      Issue.record("accepted \(authorization)")
      return
    }
  }
}
