import NetworkAddresses

/// Which addresses are spoken for. Finding an overlap takes a binary search.
struct AddressSpace: Sendable {
  struct Claim: Sendable, Hashable {
    var range: AddressRange
    /// As its owner wrote it.
    var notation: String
    var pool: String
  }

  /// Without overlaps, sorted by address.
  private var claims: [Claim] = []

  /// A claim that has an address in common with the range.
  func overlap(with range: AddressRange) -> Claim? {
    let next = index(after: range.last)
    guard next > 0, claims[next - 1].range.overlaps(range) else { return nil }
    return claims[next - 1]
  }

  /// Adds a claim that overlaps no other.
  mutating func insert(_ claim: Claim) {
    claims.insert(claim, at: index(after: claim.range.first))
  }

  /// How many claims begin at or before the address.
  private func index(after address: IPAddress) -> Int {
    var (low, high) = (0, claims.count)
    while low < high {
      let middle = (low + high) / 2
      if claims[middle].range.first <= address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
