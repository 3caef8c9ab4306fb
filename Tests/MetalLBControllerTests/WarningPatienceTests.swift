import ClusterConfiguration
import ConfigurationWatch
import KubernetesAPI
import Testing

/// When users are told of likely mistakes.
struct WarningPatienceTests {
  private let start = ContinuousClock.now

  private func warning(_ message: String) -> ConfigurationWarning {
    ConfigurationWarning(
      object: ConfigurationObject(reference: ObjectReference()), reason: .unknownPool, message)
  }

  @Test func `A warning that stays true is given once, after a while`() {
    var patience = WarningPatience()
    #expect(patience.due([warning("a")], now: start) == [])
    #expect(patience.isWaiting)
    let later = start + WarningPatience.delay
    #expect(patience.due([warning("a"), warning("b")], now: later) == [warning("a")])
    #expect(patience.isWaiting)
    #expect(patience.due([warning("a")], now: later + WarningPatience.delay) == [])
    #expect(!patience.isWaiting)
  }

  @Test func `What was put right in time is not mentioned, and a new mistake waits anew`() {
    var patience = WarningPatience()
    _ = patience.due([warning("a")], now: start)
    #expect(patience.due([], now: start + .seconds(5)) == [])
    #expect(patience.due([warning("a")], now: start + .seconds(12)) == [])
    #expect(patience.due([warning("a")], now: start + .seconds(22)) == [warning("a")])
  }
}
