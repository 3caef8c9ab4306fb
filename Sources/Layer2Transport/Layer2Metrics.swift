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
