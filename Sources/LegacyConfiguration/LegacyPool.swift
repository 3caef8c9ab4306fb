import KubernetesAPI
package import MetalLBAPI
package import NetworkAddresses

/// One entry of `address-pools`: addresses together with the protocol that announces them.
package struct LegacyPool: Sendable, Hashable {
  package enum AnnouncementProtocol: String, Sendable, Hashable {
    case bgp
    /// Also what older generations call `arp` and `ndp`.
    case layer2
  }

  package var name: String
  package var `protocol`: AnnouncementProtocol
  /// CIDRs, ranges with a hyphen, or single addresses, as written.
  package var addresses: [String]
  package var autoAssign: Bool
  /// Whether IPv4 addresses that end in `.0` or `.255` stay unused.
  package var avoidBuggyIPs: Bool
  /// How BGP announces the addresses, each once per entry.
  package var advertisements: Advertisements
  /// The network and broadcast address of an `arp-network` (0.3 and 0.4): inside the pool, but never handed out.
  package var reservedAddresses: [IPAddress]

  package enum Advertisements: Sendable, Hashable {
    /// Nothing said: one advertisement with default values.
    case standard
    /// One or more entries.
    case listed([LegacyAdvertisement])
    /// Addresses are handed out and not announced: 0.1 and 0.2 without `advertisements`.
    case none
  }

  package init(
    name: String, protocol: AnnouncementProtocol, addresses: [String], autoAssign: Bool = true,
    avoidBuggyIPs: Bool = false, advertisements: Advertisements = .standard,
    reservedAddresses: [IPAddress] = []
  ) {
    self.name = name
    self.protocol = `protocol`
    self.addresses = addresses
    self.autoAssign = autoAssign
    self.avoidBuggyIPs = avoidBuggyIPs
    self.advertisements = advertisements
    self.reservedAddresses = reservedAddresses
  }
}

/// One entry of `bgp-advertisements`.
package struct LegacyAdvertisement: Sendable, Hashable {
  /// Nil means 32.
  package var aggregationLength: Int32?
  /// Nil means 128.
  package var aggregationLengthV6: Int32?
  /// Nil or 0 means that no LOCAL_PREF is set.
  package var localPref: UInt32?
  /// Names or `16bit:16bit` literals.
  package var communities: [String]

  package init(
    aggregationLength: Int32? = nil, aggregationLengthV6: Int32? = nil, localPref: UInt32? = nil,
    communities: [String] = []
  ) {
    self.aggregationLength = aggregationLength
    self.aggregationLengthV6 = aggregationLengthV6
    self.localPref = localPref
    self.communities = communities
  }
}

extension LegacyPool {
  /// The entry that stands for an `AddressPool` object.
  /// - Throws: when the protocol is neither `layer2` nor `bgp`, or `layer2` comes with BGP advertisements.
  package init(_ pool: AddressPool) throws(LegacyProblem) {
    let entry = LegacyProblem.Entry.pool(pool.metadata.name)
    guard let announcement = AnnouncementProtocol(rawValue: pool.spec.protocol) else {
      throw LegacyProblem(
        .invalidValue, entry: entry, path: "spec.protocol",
        message: "\"\(pool.spec.protocol)\" is not a protocol: write layer2 or bgp")
    }
    let advertisements = pool.spec.bgpAdvertisements ?? []
    guard announcement == .bgp || advertisements.isEmpty else {
      throw LegacyProblem(
        .conflictingKeys, entry: entry, path: "spec.bgpAdvertisements",
        message: "a layer2 pool has no BGP advertisements: remove them, or set protocol to bgp")
    }
    self.init(
      name: pool.metadata.name, protocol: announcement, addresses: pool.spec.addresses,
      autoAssign: pool.spec.autoAssign ?? true,
      advertisements: advertisements.isEmpty
        ? .standard
        : .listed(
          advertisements.map {
            LegacyAdvertisement(
              aggregationLength: $0.aggregationLength, aggregationLengthV6: $0.aggregationLengthV6,
              localPref: $0.localPref, communities: $0.communities ?? [])
          }))
  }

  /// The addresses without the reserved ones, which are cut out of the ranges that hold them. Entries that cannot be
  /// read stay as they are, for validation to name them.
  package var usableAddresses: [String] { addresses.flatMap(cuttingOutReserved) }

  /// The pool as the current kind.
  package func ipAddressPool(namespace: String) -> IPAddressPool {
    IPAddressPool(
      metadata: ObjectMeta(name: name, namespace: namespace),
      spec: IPAddressPool.Spec(
        addresses: usableAddresses, autoAssign: autoAssign ? nil : false,
        avoidBuggyIPs: avoidBuggyIPs ? true : nil))
  }

  /// The advertisement that `protocol: layer2` stands for: this pool, from every node, on every interface. Nil for BGP.
  package func l2Advertisement(namespace: String) -> L2Advertisement? {
    guard self.protocol == .layer2 else { return nil }
    var spec = L2Advertisement.Spec()
    spec.ipAddressPools = [name]
    return L2Advertisement(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
  }

  private func cuttingOutReserved(_ entry: String) -> [String] {
    guard !reservedAddresses.isEmpty, let range = AddressRange(entry) else { return [entry] }
    var parts = [range]
    for address in reservedAddresses {
      parts = parts.flatMap { $0.removing(address) }
    }
    return parts == [range] ? [entry] : parts.map(\.description)
  }
}

extension AddressRange {
  /// What is left without one address: up to two ranges.
  fileprivate func removing(_ address: IPAddress) -> [AddressRange] {
    guard contains(address) else { return [self] }
    let before = IPAddress(family: family, number: address.number &- 1)
    let after = address.advanced(by: 1)
    return [
      before.flatMap { AddressRange(first, $0) }, after.flatMap { AddressRange($0, last) },
    ].compactMap(\.self)
  }
}
