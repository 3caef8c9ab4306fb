/// All members that this node knows, itself included, and the order in which they are probed.
struct MemberTable: Sendable {
  struct Record: Sendable {
    var member: Member
    /// As received: passed on without change.
    var metadata: [UInt8]?
    var versions: ProtocolVersions?
    /// When the state last changed.
    var since: ContinuousClock.Instant
    /// Running while the state is suspect.
    var suspicion: Suspicion?
  }

  private var records: [String: Record] = [:]
  private var order: [String] = []
  private var cursor = 0

  var count: Int { order.count }

  subscript(name: String) -> Record? {
    get { records[name] }
    /// Only for members that are here; ``insert(_:using:)`` adds.
    _modify {
      yield &records[name]
    }
  }

  /// In the order of probing, which is that of exchanged tables as well.
  var all: some Sequence<Record> { order.lazy.compactMap { records[$0] } }

  /// Adds a member at a random place: so a newcomer is probed after half a round on average.
  mutating func insert(_ record: Record, using generator: inout some RandomNumberGenerator) {
    assert(records[record.member.name] == nil, "each member has one record")
    records[record.member.name] = record
    order.append(record.member.name)
    order.swapAt(.random(in: order.indices, using: &generator), order.count - 1)
  }

  /// The next member to probe: all that are present take turns, each once a round. At the end of a round those are forgotten
  /// that have been gone for longer than `retention`.
  mutating func nextToProbe(
    except own: String, now: ContinuousClock.Instant, retention: Duration
  ) -> Record? {
    for _ in 0...order.count {
      if cursor >= order.count {
        forget(now: now, retention: retention)
        cursor = 0
      }
      guard cursor < order.count else { return nil }
      let name = order[cursor]
      cursor += 1
      if name != own, let record = records[name], record.member.state.isPresent { return record }
    }
    return nil
  }

  private mutating func forget(now: ContinuousClock.Instant, retention: Duration) {
    order.removeAll { name in
      guard let record = records[name], !record.member.state.isPresent,
        now - record.since > retention
      else { return false }
      records[name] = nil
      return true
    }
  }

  /// Up to `limit` different members that fit, each as likely as any other.
  func random(
    _ limit: Int, using generator: inout some RandomNumberGenerator, where fits: (Record) -> Bool
  ) -> [Record] {
    var chosen: [Record] = []
    // A shuffle that is done only as far as needed: positions that were swapped.
    var moved: [Int: Int] = [:]
    for index in order.indices {
      guard chosen.count < limit else { break }
      let other = Int.random(in: index..<order.count, using: &generator)
      let position = moved[other] ?? other
      moved[other] = moved[index] ?? index
      if let record = records[order[position]], fits(record) { chosen.append(record) }
    }
    return chosen
  }
}
