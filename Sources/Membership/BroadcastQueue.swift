/// News that still has to spread, one piece per member: a newer one replaces an older.
struct BroadcastQueue: Sendable {
  /// What has been sent least goes first; among those the longest, so that datagrams are filled well; among those the newest.
  private struct Rank: Comparable {
    var transmissions = 0
    var length: Int
    /// Grows with each piece.
    var number: UInt64

    static func < (left: Rank, right: Rank) -> Bool {
      (left.transmissions, right.length, right.number)
        < (right.transmissions, left.length, left.number)
    }
  }

  private struct Broadcast {
    var rank: Rank
    var name: String
    var message: [UInt8]
  }

  /// By rank.
  private var broadcasts: [Broadcast] = []
  private var ranks: [String: Rank] = [:]
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { broadcasts.isEmpty }
  var count: Int { broadcasts.count }

  /// Whether there is still something to send about a member.
  func contains(_ name: String) -> Bool { ranks[name] != nil }

  mutating func add(_ message: [UInt8], about name: String) {
    if let rank = ranks[name] { broadcasts.remove(at: place(of: rank)) }
    lastNumber += 1
    insert(
      Broadcast(
        rank: Rank(length: message.count, number: lastNumber), name: name, message: message))
  }

  private mutating func insert(_ broadcast: Broadcast) {
    ranks[broadcast.name] = broadcast.rank
    broadcasts.insert(broadcast, at: place(of: broadcast.rank))
  }

  /// Where a rank is, or belongs.
  private func place(of rank: Rank) -> Int {
    var (low, high) = (0, broadcasts.count)
    while low < high {
      let middle = (low + high) / 2
      if broadcasts[middle].rank < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Takes the messages for one datagram: as many as fit in `limit` bytes, each costing `overhead` more. Each has then been
  /// sent once more, and is gone after `transmitLimit` times.
  mutating func take(limit: Int, overhead: Int, transmitLimit: Int) -> [[UInt8]] {
    var free = limit
    var taken: [Broadcast] = []
    var index = 0
    while index < broadcasts.count, free > overhead {
      guard broadcasts[index].message.count + overhead <= free else {
        index += 1
        continue
      }
      let broadcast = broadcasts.remove(at: index)
      ranks[broadcast.name] = nil
      free -= broadcast.message.count + overhead
      taken.append(broadcast)
    }
    for var broadcast in taken where broadcast.rank.transmissions + 1 < transmitLimit {
      broadcast.rank.transmissions += 1
      insert(broadcast)
    }
    return taken.map(\.message)
  }
}
