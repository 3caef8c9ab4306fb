import NetworkAddresses

/// How many answers one requester gets, so that a host which floods does not keep this node busy with it alone. Hosts that
/// behave are far below it: they ask once a second for an address, and a router that lost its table asks once for each. The
/// default is also above what one busy client gets from a processor, so that it slows down nobody else than floods.
package struct RequesterLimit: Hashable, Sendable {
  package var answersPerSecond = 200_000
  /// Answers that may follow each other without a pause.
  package var burst = 50_000

  package init() {}
}

/// Counts answers by requester in a table of fixed size, so that no flood of invented hardware addresses takes memory.
///
/// Each slot keeps the time at which its requester would be back at the limit (the generic cell rate algorithm). Two
/// requesters in one slot take it from each other: rather one answer too many than none for a host that behaves.
struct RequesterLimiter: Sendable {
  private static let slotCount = 1024

  private struct Slot {
    var requester = MACAddress.zero
    var time: ContinuousClock.Instant
  }

  private let limit: RequesterLimit
  private let interval: Duration
  /// Empty before the first requester.
  private var slots: [Slot] = []

  init(_ limit: RequesterLimit) {
    self.limit = limit
    interval = .seconds(1) / max(1, limit.answersPerSecond)
  }

  /// Whether the requester may have an answer now, which then counts.
  mutating func allows(_ requester: MACAddress, now: ContinuousClock.Instant) -> Bool {
    if slots.isEmpty { slots = Array(repeating: Slot(time: now), count: Self.slotCount) }
    var hasher = Hasher()
    hasher.combine(requester)
    let index = Int(UInt(bitPattern: hasher.finalize()) % UInt(Self.slotCount))
    if slots[index].requester != requester { slots[index] = Slot(requester: requester, time: now) }
    let time = max(slots[index].time, now)
    guard time - now <= interval * (max(1, limit.burst) - 1) else { return false }
    slots[index].time = time + interval
    return true
  }
}
