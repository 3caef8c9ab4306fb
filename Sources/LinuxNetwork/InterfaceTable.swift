import NetworkAddresses

/// The interfaces of a namespace, kept current from route messages. Pure: ``InterfaceMonitor`` feeds it.
///
/// A dump is bracketed by ``beginDump()`` and ``endDump()``; what it did not mention is gone. Messages that arrive
/// in between count as usual, so notifications and dumps may share a socket.
package struct InterfaceTable: Sendable {
  /// One difference to what was known before.
  package enum Change: Hashable, Sendable {
    /// The interface appeared, or something about it is different.
    case updated(NetworkInterface)
    case removed(index: Int32)
  }

  /// Without addresses; those are joined in by ``interface(_:)``.
  private var links: [Int32: NetworkInterface] = [:]
  /// Addresses may be told before their link.
  private var addresses: [Int32: [AddressKey: InterfaceAddress]] = [:]
  private var unseenLinks: Set<Int32>?
  private var unseenAddresses: [Int32: Set<AddressKey>] = [:]

  /// The kernel keeps one entry per address and prefix length.
  private struct AddressKey: Hashable, Comparable {
    var address: IPAddress
    var prefixLength: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.address, left.prefixLength) < (right.address, right.prefixLength)
    }
  }

  package init() {}

  /// All interfaces, by index.
  package var interfaces: [NetworkInterface] {
    links.keys.sorted().compactMap { interface($0) }
  }

  package func interface(_ index: Int32) -> NetworkInterface? {
    guard var interface = links[index] else { return nil }
    interface.addresses = (addresses[index] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    return interface
  }

  /// Takes in one message; nil when it says nothing new.
  package mutating func apply(_ message: RouteMessage.Body) -> Change? {
    switch message {
    case .link(let link):
      unseenLinks?.remove(link.index)
      guard links[link.index] != link else { return nil }
      links[link.index] = link
      return interface(link.index).map(Change.updated)
    case .linkRemoved(let index):
      addresses[index] = nil
      return links.removeValue(forKey: index).map { _ in .removed(index: index) }
    case .address(let address, let index):
      let key = AddressKey(address: address.address, prefixLength: address.prefixLength)
      unseenAddresses[index]?.remove(key)
      guard addresses[index, default: [:]].updateValue(address, forKey: key) != address else {
        return nil
      }
      return interface(index).map(Change.updated)
    case .addressRemoved(let address, let prefixLength, let index):
      let key = AddressKey(address: address, prefixLength: prefixLength)
      guard addresses[index]?.removeValue(forKey: key) != nil else { return nil }
      return interface(index).map(Change.updated)
    case .neighbor, .done, .answer, .other:
      return nil
    }
  }

  /// From now on the table notes what the dump does not mention.
  package mutating func beginDump() {
    unseenLinks = Set(links.keys)
    unseenAddresses = addresses.mapValues { Set($0.keys) }
  }

  /// Removes what the dump did not mention.
  package mutating func endDump() -> [Change] {
    var changes: [Change] = []
    for index in (unseenLinks ?? []).sorted() {
      if let change = apply(.linkRemoved(index: index)) { changes.append(change) }
    }
    for (index, keys) in unseenAddresses.sorted(by: { $0.key < $1.key }) {
      for key in keys.sorted() {
        let removal = RouteMessage.Body.addressRemoved(
          key.address, prefixLength: key.prefixLength, interface: index)
        if let change = apply(removal) { changes.append(change) }
      }
    }
    unseenLinks = nil
    unseenAddresses = [:]
    return changes
  }
}
