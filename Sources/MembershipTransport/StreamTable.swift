import Membership
import NIOCore

/// The TCP connections of a member, and how much they may cost.
///
/// The core limits how many connections others may open and how long each may take. Here are the limits that need to know
/// where a connection comes from and what it has brought: one host cannot take all places, and all unfinished messages
/// together cannot take all memory.
///
/// It only keeps the books: closing a connection calls back at once, so that is done by whoever asked.
struct StreamTable {
  /// Connections that one host may have open to us.
  static let perHost = 16
  /// Bytes that all connections which others opened may have brought, until they are done.
  static let inboundBytes = 16 << 20

  private struct Entry {
    var channel: any Channel
    /// Of a connection that another host opened.
    var host: [UInt8]?
    var received = 0
    var isFinishing = false
    var isInputClosed = false
  }

  private var entries: [StreamID: Entry] = [:]
  private var hosts: [[UInt8]: Int] = [:]
  private var inbound = 0

  var count: Int { entries.count }

  func mayAccept(from host: [UInt8]) -> Bool {
    hosts[host, default: 0] < Self.perHost
  }

  /// - Parameter host: who opened it; nil when we did.
  mutating func add(_ id: StreamID, _ channel: any Channel, from host: [UInt8]?) {
    entries[id] = Entry(channel: channel, host: host)
    if let host { hosts[host, default: 0] += 1 }
  }

  /// Counts what a connection brings. False when it is too much: end it.
  mutating func receive(_ count: Int, on id: StreamID) -> Bool {
    guard let entry = entries[id], entry.host != nil else { return true }
    entries[id]?.received += count
    inbound += count
    return inbound <= Self.inboundBytes
  }

  /// The other side will send no more. Returns the connection when there is nothing more to do on it: what is still being
  /// written is for the other side to read.
  mutating func inputClosed(_ id: StreamID) -> (any Channel)? {
    entries[id]?.isInputClosed = true
    guard let entry = entries[id], !entry.isFinishing else { return nil }
    return entry.channel
  }

  /// Notes that the last bytes are being sent, and returns the connection and what to close after them: where the other
  /// side still sends, closing both directions at once could take away what it has not read yet.
  mutating func finish(_ id: StreamID) -> (channel: any Channel, closing: CloseMode)? {
    entries[id]?.isFinishing = true
    return entries[id].map { ($0.channel, $0.isInputClosed ? .all : .output) }
  }

  mutating func remove(_ id: StreamID) -> (any Channel)? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let host = entry.host {
      inbound -= entry.received
      let left = hosts[host, default: 1] - 1
      hosts[host] = left > 0 ? left : nil
    }
    return entry.channel
  }

  mutating func removeAll() -> [any Channel] {
    defer { self = StreamTable() }
    return entries.values.map(\.channel)
  }
}
