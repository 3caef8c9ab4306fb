import NetworkAddresses

extension LegacyPool {
  /// Reads one item of `address-pools` of any generation.
  ///
  /// - Parameter mayBeEarly: whether nothing else in the document rules out 0.1 and 0.2, which had no `protocol` key.
  init(reading mapping: inout LegacyMapping, mayBeEarly: Bool) throws(LegacyProblem) {
    let name = try mapping.readRequiredString("name")
    let usesCIDR = mapping.contains("cidr")
    let addresses = try Self.readAddresses(&mapping)
    let entries = try Self.readAdvertisements(&mapping)
    let autoAssign = try mapping.readBool("auto-assign")
    let avoidBuggyIPs = try mapping.readBool("avoid-buggy-ips")
    let arpNetwork = try mapping.readString("arp-network")

    guard let word = try mapping.readString("protocol") else {
      let isEarly =
        mayBeEarly && usesCIDR && autoAssign == nil && arpNetwork == nil
        && !mapping.contains("bgp-advertisements")
      guard isEarly else {
        throw mapping.problem(.missingKey, "protocol", "protocol is missing: write layer2 or bgp")
      }
      self.init(
        name: name, protocol: .bgp, addresses: addresses, avoidBuggyIPs: avoidBuggyIPs ?? false,
        advertisements: entries.isEmpty ? .none : .listed(entries))
      return
    }
    let announcement: AnnouncementProtocol
    switch word {
    case "bgp": announcement = .bgp
    case "layer2", "arp", "ndp": announcement = .layer2
    default:
      throw mapping.problem(
        .invalidValue, "protocol", "\"\(word)\" is not a protocol: write layer2 or bgp")
    }
    if announcement == .layer2, !entries.isEmpty {
      let key = mapping.contains("advertisements") ? "advertisements" : "bgp-advertisements"
      throw mapping.problem(
        .conflictingKeys, key,
        "a layer2 pool has no BGP advertisements: remove them, or set protocol to bgp")
    }
    self.init(
      name: name, protocol: announcement, addresses: addresses, autoAssign: autoAssign ?? true,
      avoidBuggyIPs: avoidBuggyIPs ?? false,
      advertisements: entries.isEmpty ? .standard : .listed(entries))
    // 0.5 ignored `arp-network`; it is told from 0.3 and 0.4 by `addresses`.
    if word == "arp", usesCIDR {
      reservedAddresses = try Self.reservedAddresses(
        of: arpNetwork, around: addresses, in: mapping)
    }
  }

  /// `addresses`, or up to 0.5 `cidr`.
  private static func readAddresses(
    _ mapping: inout LegacyMapping
  ) throws(LegacyProblem) -> [String] {
    let addresses = try mapping.readStrings("addresses")
    let blocks = try mapping.readStrings("cidr")
    guard addresses == nil || blocks == nil else {
      throw mapping.problem(
        .conflictingKeys, "cidr", "cidr is the older name of addresses: write all of them there")
    }
    guard let list = addresses ?? blocks, !list.isEmpty else {
      throw mapping.problem(
        .missingKey, "addresses", "the pool has no addresses: add a CIDR such as 192.0.2.0/24")
    }
    return list
  }

  /// `bgp-advertisements`, or in 0.1 and 0.2 `advertisements`.
  private static func readAdvertisements(
    _ mapping: inout LegacyMapping
  ) throws(LegacyProblem) -> [LegacyAdvertisement] {
    if mapping.contains("advertisements") && mapping.contains("bgp-advertisements") {
      throw mapping.problem(
        .conflictingKeys, "advertisements",
        "advertisements is the older name of bgp-advertisements: write all of them there")
    }
    var entries: [LegacyAdvertisement] = []
    for key in ["advertisements", "bgp-advertisements"] {
      entries +=
        try mapping.readItems(key) { (item) throws(LegacyProblem) in
          try LegacyAdvertisement(reading: &item)
        } ?? []
    }
    return entries
  }

  /// The first and last address of the network whose ARP requests 0.3 and 0.4 answered: the one given, or the /24
  /// around the first CIDR. All CIDRs had to lie inside.
  private static func reservedAddresses(
    of arpNetwork: String?, around addresses: [String], in mapping: LegacyMapping
  ) throws(LegacyProblem) -> [IPAddress] {
    var network: CIDRBlock?
    if let arpNetwork {
      network = CIDRBlock(arpNetwork)
      guard let network, network.family == .ipv4 else {
        throw mapping.problem(
          .invalidValue, "arp-network", "\"\(arpNetwork)\" is not an IPv4 CIDR")
      }
    }
    for text in addresses {
      // Validation names what is no CIDR.
      guard let block = CIDRBlock(text), block.family == .ipv4 else { continue }
      let around = network ?? CIDRBlock(block.first, prefixLength: 24)
      network = around
      if let around, !around.contains(block) {
        throw mapping.problem(
          .invalidValue, "cidr",
          "\(block) is not inside the ARP network \(around): set arp-network to a network that holds all of them"
        )
      }
    }
    return network.map { [$0.first, $0.last] } ?? []
  }
}

extension LegacyAdvertisement {
  fileprivate init(reading mapping: inout LegacyMapping) throws(LegacyProblem) {
    self.init(
      aggregationLength: try mapping.readInteger("aggregation-length"),
      aggregationLengthV6: try mapping.readInteger("aggregation-length-v6"),
      localPref: try mapping.readInteger("localpref"),
      communities: try mapping.readStrings("communities") ?? [])
  }
}
