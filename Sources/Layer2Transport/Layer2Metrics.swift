import Layer2
import Metrics
import NetworkAddresses

/// Counts frames by address, under upstream's names. Used by one thread.
struct Layer2Metrics {
  private struct Counters {
    let requestsReceived: Counter
    let responsesSent: Counter
    let gratuitousSent: Counter
  }

  private let factory: any MetricsFactory
  private var counters: [IPAddress: Counters] = [:]
  private var ignored: [IgnoredFrame: Counter] = [:]

  init(factory: any MetricsFactory) {
    self.factory = factory
  }

  /// Counts a request for an announced address, where it is announced, and its answer if that was sent.
  mutating func countRequest(_ address: IPAddress, isAnswered: Bool) {
    let counters = self[address]
    counters.requestsReceived.increment()
    if isAnswered { counters.responsesSent.increment() }
  }

  mutating func countGratuitous(_ address: IPAddress, frames: Int) {
    self[address].gratuitousSent.increment(by: frames)
  }

  /// Counts a frame that got no answer. The reasons are few.
  mutating func countIgnored(_ reason: IgnoredFrame) {
    if let known = ignored[reason] {
      known.increment()
      return
    }
    let made = Counter(
      label: "metallb_layer2_frames_ignored_total", dimensions: [("reason", reason.rawValue)],
      factory: factory)
    made.increment()
    ignored[reason] = made
  }

  private subscript(address: IPAddress) -> Counters {
    mutating get {
      if let known = counters[address] { return known }
      let dimensions = [("ip", address.description)]
      let made = Counters(
        requestsReceived: Counter(
          label: "metallb_layer2_requests_received", dimensions: dimensions, factory: factory),
        responsesSent: Counter(
          label: "metallb_layer2_responses_sent", dimensions: dimensions, factory: factory),
        gratuitousSent: Counter(
          label: "metallb_layer2_gratuitous_sent", dimensions: dimensions, factory: factory))
      counters[address] = made
      return made
    }
  }
}
