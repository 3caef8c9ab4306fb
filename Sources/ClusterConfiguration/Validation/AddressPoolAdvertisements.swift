import LegacyConfiguration
import NetworkAddresses

/// The rules for the `bgpAdvertisements` of an `AddressPool`.
enum AddressPoolAdvertisements {
  /// - Parameter ranges: the pool's addresses.
  /// - Throws: the first fault, in the order of the fields.
  static func check(
    _ advertisements: LegacyPool.Advertisements, ranges: [AddressRange]
  ) throws(ConfigurationFault) {
    guard case .listed(let entries) = advertisements else { return }
    // A length that is shorter than every block's would announce addresses beyond the pool.
    let blocks = ranges.flatMap(\.blocks)
    let shortest = AddressFamily.allCases.map { family in
      (family, blocks.lazy.filter { $0.family == family }.map(\.prefixLength).min())
    }
    for (index, entry) in entries.enumerated() {
      let field = "spec.bgpAdvertisements[\(index)]"
      if let first = entries[..<index].firstIndex(where: { $0.withDefaults == entry.withDefaults })
      {
        throw ConfigurationFault(
          .invalidAdvertisement, field: field,
          "says the same as spec.bgpAdvertisements[\(first)]: remove one of them")
      }
      for (family, shortest) in shortest {
        try check(entry.length(for: family), family, shortest: shortest, field: field)
      }
      try check(communities: entry.communities, field: "\(field).communities")
    }
  }

  private static func check(
    _ length: Int32, _ family: AddressFamily, shortest: Int?, field: String
  ) throws(ConfigurationFault) {
    let field = field + (family == .ipv4 ? ".aggregationLength" : ".aggregationLengthV6")
    guard 0...family.bitWidth ~= Int(length) else {
      throw ConfigurationFault(
        .invalidAdvertisement, field: field,
        "\(length) is not a prefix length for \(family): write a number up to \(family.bitWidth)")
    }
    if let shortest, length < shortest {
      throw ConfigurationFault(
        .invalidAdvertisement, field: field,
        "\(length) covers more than the pool's addresses: write at least \(shortest)")
    }
  }

  /// RFC 1997: two numbers of 16 bits.
  private static func check(
    communities: [String], field: String
  ) throws(ConfigurationFault) {
    for (index, text) in communities.enumerated() {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ UInt16($0) != nil }) else {
        throw ConfigurationFault(
          .invalidAdvertisement, field: "\(field)[\(index)]",
          "\"\(text)\" is not a community: write two numbers up to 65535, as in 64512:7")
      }
      guard !communities[..<index].contains(text) else {
        throw ConfigurationFault(
          .invalidAdvertisement, field: "\(field)[\(index)]",
          "\"\(text)\" stands there twice: remove one of them")
      }
    }
  }
}

extension LegacyAdvertisement {
  fileprivate func length(for family: AddressFamily) -> Int32 {
    switch family {
    case .ipv4: aggregationLength ?? 32
    case .ipv6: aggregationLengthV6 ?? 128
    }
  }

  fileprivate var withDefaults: LegacyAdvertisement {
    LegacyAdvertisement(
      aggregationLength: length(for: .ipv4), aggregationLengthV6: length(for: .ipv6),
      localPref: localPref ?? 0, communities: communities)
  }
}
