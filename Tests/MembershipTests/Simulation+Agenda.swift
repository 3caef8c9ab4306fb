import SeededRandomness
import Testing

@testable import Membership

extension Simulation {
  /// What is to happen, the earliest first; what was planned first among those at the same time.
  struct Agenda {
    private struct Key {
      var time: ContinuousClock.Instant
      var number: Int

      func precedes(_ other: Key) -> Bool {
        time == other.time ? number < other.number : time < other.time
      }
    }

    private var heap: [Key] = []
    private var entries: [Int: Entry] = [:]

    var nextTime: ContinuousClock.Instant? { heap.first?.time }

    mutating func insert(_ entry: Entry) {
      let key = Key(time: entry.time, number: entry.number)
      entries[entry.number] = entry
      heap.append(key)
      var child = heap.count - 1
      while child > 0, key.precedes(heap[(child - 1) / 2]) {
        heap[child] = heap[(child - 1) / 2]
        child = (child - 1) / 2
      }
      heap[child] = key
    }

    mutating func popFirst() -> Entry? {
      guard let first = heap.first, let last = heap.popLast() else { return nil }
      var parent = 0
      while 2 * parent + 1 < heap.count {
        var child = 2 * parent + 1
        if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
        guard heap[child].precedes(last) else { break }
        heap[parent] = heap[child]
        parent = child
      }
      if !heap.isEmpty { heap[parent] = last }
      return entries.removeValue(forKey: first.number)
    }
  }
}

/// A profile by name, for test output.
enum SimulatedProfile: String, CaseIterable {
  case lan, wan, fast

  var parameters: MemberlistParameters {
    switch self {
    case .lan: .lan
    case .wan: .wan
    case .fast: .fast
    }
  }
}

extension Simulation {
  /// How long after a time each other running node saw a member go.
  func departures(
    of index: Int, since time: ContinuousClock.Instant
  ) -> [(node: Int, delay: Duration, state: MemberState)] {
    let name = nodes[index].configuration.name
    return nodes.indices.compactMap { node in
      for (when, event) in nodes[node].events {
        if case .left(let member) = event, member.name == name {
          return (node, when - time, member.state)
        }
      }
      return nil
    }
  }

  /// Every departure that any node saw.
  var allDepartures: [String] {
    nodes.flatMap { node in
      node.events.compactMap { entry in
        if case .left(let member) = entry.event {
          "\(node.configuration.name) lost \(member.name) at \(entry.time - start)"
        } else {
          nil
        }
      }
    }
  }
}

extension Simulation {
  /// For choices of the test itself.
  var randomness: SeededGenerator {
    get { generator }
    set { generator = newValue }
  }

  /// Lets a node hear a message as if it came from the network.
  mutating func inject(_ message: Message, into index: Int) {
    let format = nodes[index].core?.format ?? WireFormat()
    tell(index) { core, now, generator in
      let datagram = format.datagram(message.encoded, withChecksum: true, using: &generator)
      return core.receive(
        datagram: datagram, from: core.address, now: now, using: &generator)
    }
  }
}
