package import KubernetesAPI
import Synchronization

/// The faults that are in force, and what they have done.
///
/// A request is held against all of them in the order of their injection: delays add up, the first
/// that ends the request does.
package final class FaultInjector: Sendable {
  /// A fault in force.
  package struct Record: Sendable, Hashable {
    package var id: Int
    package var fault: Fault
    /// Requests that were meant.
    package var seen: Int
    /// Requests that were hit.
    package var hits: Int

    package var json: JSONValue {
      var json: JSONValue = [
        "id": .integer(Int64(id)), "seen": .integer(Int64(seen)), "hits": .integer(Int64(hits)),
      ]
      for (name, value) in fault.json.objectValue ?? [:] { json[name] = value }
      return json
    }
  }

  private struct Entry {
    var record: Record
    var generator: FaultGenerator

    /// Counts one meant request, and says whether it is hit.
    mutating func isHit() -> Bool {
      record.seen += 1
      let schedule = record.fault.schedule
      let number = record.seen - schedule.after
      guard number > 0, number % schedule.every == 0, record.hits < schedule.count ?? .max else {
        return false
      }
      if schedule.probability < 1,
        Double.random(in: 0..<1, using: &generator) >= schedule.probability
      {
        return false
      }
      record.hits += 1
      return true
    }
  }

  private struct State {
    var entries: [Entry] = []
    var lastID = 0
  }

  private let state = Mutex(State())

  init() {}

  /// Puts a fault in force; returns its number.
  @discardableResult
  package func inject(_ fault: Fault) throws(FaultError) -> Int {
    try fault.check()
    return state.withLock { state in
      state.lastID += 1
      state.entries.append(
        Entry(
          record: Record(id: state.lastID, fault: fault, seen: 0, hits: 0),
          generator: FaultGenerator(state: fault.schedule.seed)))
      return state.lastID
    }
  }

  /// Ends one fault; `nil` when it is not in force.
  @discardableResult
  package func remove(_ id: Int) -> Record? {
    state.withLock { state in
      guard let index = state.entries.firstIndex(where: { $0.record.id == id }) else { return nil }
      return state.entries.remove(at: index).record
    }
  }

  /// Ends all faults.
  package func removeAll() { state.withLock { $0.entries = [] } }

  package var records: [Record] { state.withLock { $0.entries.map(\.record) } }

  /// How often a fault has hit; 0 when it is not in force.
  package func hits(of id: Int) -> Int { records.first { $0.id == id }?.hits ?? 0 }

  // MARK: Requests

  /// By how many seconds the clock is wrong that checks this request's token.
  func tokenSkew(_ attributes: RequestAttributes) -> Int {
    hits(attributes, user: nil, isPage: false) { fault in
      if case .clockSkew = fault.effect { true } else { false }
    }.reduce(0) { sum, effect in
      if case .clockSkew(let seconds) = effect { sum + seconds } else { sum }
    }
  }

  /// What goes wrong with a request.
  ///
  /// - Parameter isPage: a list goes on where another ended.
  func strike(_ attributes: RequestAttributes, user: UserInfo, isPage: Bool) -> FaultStrike {
    let effects = hits(attributes, user: user.name, isPage: isPage) { fault in
      if case .clockSkew = fault.effect { false } else { true }
    }
    return effects.reduce(into: FaultStrike()) { $0.add($1, attributes) }
  }

  private func hits(
    _ attributes: RequestAttributes, user: String?, isPage: Bool, where isAsked: (Fault) -> Bool
  ) -> [Fault.Effect] {
    state.withLock { state in
      // Most servers never see a fault.
      guard !state.entries.isEmpty else { return [] }
      var effects: [Fault.Effect] = []
      for index in state.entries.indices {
        let fault = state.entries[index].record.fault
        guard isAsked(fault), fault.means(attributes, user: user, isPage: isPage),
          state.entries[index].isHit()
        else { continue }
        effects.append(fault.effect)
      }
      return effects
    }
  }
}

/// SplitMix64: the same seed, the same faults.
struct FaultGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
