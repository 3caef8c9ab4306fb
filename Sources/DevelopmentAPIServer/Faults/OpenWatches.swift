package import KubernetesAPI
import NIOCore
import Synchronization

/// The watches that are open, so that they can be counted and cut: on request, or because their reader
/// does not read.
package final class OpenWatches: Sendable {
  private struct Watch {
    var attributes: RequestAttributes
    var user: String
    var channel: any Channel
    /// Since when the reader has kept a write waiting.
    var stalledSince: ContinuousClock.Instant?
  }

  private struct State {
    var watches: [UInt64: Watch] = [:]
    var lastID: UInt64 = 0
    var cut = 0
  }

  private let state = Mutex(State())

  init() {}

  package var count: Int { state.withLock { $0.watches.count } }

  /// How many were ended by the server before their time.
  package var cutCount: Int { state.withLock { $0.cut } }

  func open(
    _ attributes: RequestAttributes, user: String, _ channel: any Channel
  ) -> UInt64 {
    state.withLock { state in
      state.lastID += 1
      state.watches[state.lastID] = Watch(attributes: attributes, user: user, channel: channel)
      return state.lastID
    }
  }

  func close(_ id: UInt64) { state.withLock { $0.watches[id] = nil } }

  /// A write begins to wait for the reader, or is done.
  func note(_ id: UInt64, isWriting: Bool) {
    state.withLock { $0.watches[id]?.stalledSince = isWriting ? .now : nil }
  }

  /// Ends connections in the middle of their streams; returns how many.
  @discardableResult
  package func cut(_ match: Fault.Match = Fault.Match()) -> Int {
    cut { match.means($0.attributes, user: $0.user) }
  }

  /// Ends those whose reader has not taken what was written for `limit`.
  func cutStalled(for limit: Duration, now: ContinuousClock.Instant = .now) {
    _ = cut { watch in watch.stalledSince.map { now - $0 > limit } ?? false }
  }

  private func cut(where isMeant: (Watch) -> Bool) -> Int {
    let channels = state.withLock { state in
      let meant = state.watches.filter { isMeant($0.value) }
      for id in meant.keys { state.watches[id] = nil }
      state.cut += meant.count
      return meant.values.map(\.channel)
    }
    for channel in channels { channel.close(promise: nil) }
    return channels.count
  }

  /// A line for each, in the order in which they were opened.
  package var json: JSONValue {
    let watches = state.withLock { $0.watches.sorted { $0.key < $1.key }.map(\.value) }
    return .array(
      watches.map { watch in
        let request = watch.attributes
        return [
          "resource": .string(request.resource), "group": .string(request.group),
          "namespace": .string(request.namespace), "user": .string(watch.user),
          "stalled": .bool(watch.stalledSince != nil),
        ]
      })
  }
}
