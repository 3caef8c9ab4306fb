import CLinuxNetwork

/// Waits for several descriptors at once: a level-triggered epoll set, used by one thread.
package struct Poller: ~Copyable {
  private let set: OwnedDescriptor

  package init() throws(LinuxError) {
    set = try OwnedDescriptor(cln_poller_create(), "create poller")
  }

  /// Reports `token` for as long as the descriptor is readable. The caller removes a descriptor before closing it.
  package func add(_ descriptor: Int32, token: UInt64) throws(LinuxError) {
    _ = try LinuxError.check(
      cln_poller_add(set.rawValue, descriptor, token), "add to poller")
  }

  package func remove(_ descriptor: Int32) {
    _ = cln_poller_remove(set.rawValue, descriptor)
  }

  /// Waits until a descriptor is readable or the time has passed, and fills `tokens` with at most 32 of those that
  /// are. A timeout of nil waits for ever; any other is rounded up to a millisecond, so that a deadline has passed
  /// when the wait for it ends.
  package func wait(timeout: Duration?, into tokens: inout [UInt64]) throws(LinuxError) {
    tokens.removeAll(keepingCapacity: true)
    var buffer = InlineArray<32, UInt64>(repeating: 0)
    var span = buffer.mutableSpan
    let count = span.withUnsafeMutableBufferPointer { slots in
      cln_poller_wait(
        set.rawValue, slots.baseAddress, Int32(slots.count), Self.milliseconds(timeout))
    }
    for index in 0..<Int(try LinuxError.check(count, "wait for descriptors")) {
      tokens.append(buffer[index])
    }
  }

  /// Rounds up; nil is -1, which means for ever.
  package static func milliseconds(_ timeout: Duration?) -> Int32 {
    guard let timeout else { return -1 }
    guard timeout > .zero else { return 0 }
    let (seconds, attoseconds) = timeout.components
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    let fraction = attoseconds / 1_000_000_000_000_000
    let rest = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
    return Int32(seconds * 1000 + fraction) + Int32(rest)
  }
}
