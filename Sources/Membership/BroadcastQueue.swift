/// News that still has to spread, one piece per member: a newer one replaces an older.
///
/// What has been sent least goes first; among those the longest, so that datagrams are filled well; among those the newest.
struct BroadcastQueue: Sendable {
  private struct Broadcast {
    var name: String
    var message: [UInt8]
    var transmissions = 0
    /// Grows with each piece.
    var number: UInt64

    func precedes(_ other: Broadcast) -> Bool {
      (transmissions, -message.count, ~number)
        < (other.transmissions, -other.message.count, ~other.number)
    }
  }

  /// In the order of sending.
  private var broadcasts: [Broadcast] = []
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { broadcasts.isEmpty }
  var count: Int { broadcasts.count }

  /// Whether there is still something to send about a member.
  func contains(_ name: String) -> Bool {
    broadcasts.contains { $0.name == name }
  }

  mutating func add(_ message: [UInt8], about name: String) {
    broadcasts.removeAll { $0.name == name }
    lastNumber += 1
    insert(Broadcast(name: name, message: message, number: lastNumber))
  }

  private mutating func insert(_ broadcast: Broadcast) {
    var (low, high) = (0, broadcasts.count)
    while low < high {
      let middle = (low + high) / 2
      if broadcasts[middle].precedes(broadcast) { low = middle + 1 } else { high = middle }
    }
    broadcasts.insert(broadcast, at: low)
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
      free -= broadcast.message.count + overhead
      taken.append(broadcast)
    }
    for var broadcast in taken where broadcast.transmissions + 1 < transmitLimit {
      broadcast.transmissions += 1
      insert(broadcast)
    }
    return taken.map(\.message)
  }
}
