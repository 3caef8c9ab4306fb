import KubernetesAPI
import NetworkAddresses

/// Which cluster IPs and node ports Services hold.
struct ServiceAddresses: Sendable {
  static let nodePorts: ClosedRange<Int64> = 30000...32767

  /// One block a family, the primary one first.
  let blocks: [CIDRBlock]
  private(set) var addresses: Set<IPAddress> = []
  private(set) var ports: Set<Int64> = []

  init(blocks: [CIDRBlock]) { self.blocks = blocks }

  /// What one write takes and gives back; applied only when the write happens.
  struct Change: Sendable {
    var taken: Set<IPAddress> = []
    var takenPorts: Set<Int64> = []
    var released: Set<IPAddress> = []
    var releasedPorts: Set<Int64> = []
  }

  mutating func apply(_ change: Change) {
    addresses.subtract(change.released)
    ports.subtract(change.releasedPorts)
    addresses.formUnion(change.taken)
    ports.formUnion(change.takenPorts)
  }

  func block(_ family: String) -> CIDRBlock? {
    blocks.first { Self.name($0.family) == family }
  }

  static func name(_ family: AddressFamily) -> String { family == .ipv4 ? "IPv4" : "IPv6" }

  /// A free address of a block, taken at random; the network's own and, for IPv4, the broadcast
  /// address are nobody's.
  func freeAddress(in block: CIDRBlock, besides taken: Set<IPAddress>) -> IPAddress? {
    // The first address is for the API itself.
    let first: UInt128 = 2
    let reserved: UInt128 = block.family == .ipv4 ? 3 : 2
    guard block.count > reserved else { return nil }
    let size = min(block.count - reserved, 1 << 32)
    let start = UInt128.random(in: 0..<size)
    for step in 0..<size {
      let candidate = block.first.advanced(by: first + (start + step) % size)
      if let candidate, !addresses.contains(candidate), !taken.contains(candidate) {
        return candidate
      }
    }
    return nil
  }

  func freePort(besides taken: Set<Int64>) -> Int64? {
    let start = Int64.random(in: Self.nodePorts)
    for step in 0..<Int64(Self.nodePorts.count) {
      let offset = (start - Self.nodePorts.lowerBound + step) % Int64(Self.nodePorts.count)
      let candidate = Self.nodePorts.lowerBound + offset
      if !ports.contains(candidate), !taken.contains(candidate) { return candidate }
    }
    return nil
  }
}
