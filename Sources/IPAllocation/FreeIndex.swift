/// Which positions of `0...last` are free, with the lowest free one found without a scan.
///
/// A tree of 64-way bit maps. A set bit says "taken" in a leaf and "no free position below" above it, so each query
/// and change touches one node per six bits of `last`: 4 for a /8, 11 for an IPv6 /64. Subtrees that nobody touched
/// do not exist; a subtree whose last position comes back is forgotten again.
///
///     level 1   inner   [ ..1 ]            bit 0: positions 0…63 are all taken
///                        │  └── leaf 1     absent: 64…127 are all free
///     level 0   leaf 0  [1111…1]
struct FreeIndex: Sendable {
  private struct Inner {
    /// Bit d is set when child d has no free position.
    var full: UInt64
    /// How many children exist.
    var childCount = 0
  }

  private let last: UInt128
  private let levels: Int
  /// The low octet of the address at position 0, where addresses ending in `.0` or `.255` count as taken.
  private let avoidingFromOctet: UInt8?

  private var leaves: [UInt64] = []
  private var inners: [Inner] = []
  /// 64 slots per inner node: the child's place in `inners` or `leaves`, or -1.
  private var children: [Int32] = []
  private var unusedLeaves: [Int32] = []
  private var unusedInners: [Int32] = []

  private static let absent: Int32 = -1

  init(last: UInt128, avoidingFromOctet: UInt8? = nil) {
    self.last = last
    self.avoidingFromOctet = avoidingFromOctet
    levels = max(1, (UInt128.bitWidth - last.leadingZeroBitCount + 5) / 6)
    _ = makeNode(level: levels - 1, prefix: 0)
  }

  /// The lowest free position.
  var first: UInt128? {
    var position: UInt128 = 0
    var node: Int32 = 0
    for level in stride(from: levels - 1, through: 0, by: -1) {
      let taken =
        if node == Self.absent {
          untouched(level: level, prefix: position)
        } else if level == 0 {
          leaves[Int(node)]
        } else {
          inners[Int(node)].full
        }
      // Only the root can be full: a full child is never entered.
      guard taken != .max else { return nil }
      let digit = (~taken).trailingZeroBitCount
      position = position << 6 | UInt128(digit)
      if level > 0, node != Self.absent { node = children[Int(node) * 64 + digit] }
    }
    return position
  }

  func isFree(_ position: UInt128) -> Bool {
    guard position <= last else { return false }
    var node: Int32 = 0
    for level in stride(from: levels - 1, to: 0, by: -1) {
      node = children[Int(node) * 64 + digit(position, level)]
      if node == Self.absent { break }
    }
    let taken =
      node == Self.absent ? untouched(level: 0, prefix: position >> 6) : leaves[Int(node)]
    return taken >> UInt64(digit(position, 0)) & 1 == 0
  }

  /// Marks a free position as taken. Positions that are taken already stay so.
  mutating func take(_ position: UInt128) {
    guard position <= last else { return }
    _ = take(position, level: levels - 1, node: 0)
  }

  /// Marks a taken position as free. Only positions that ``take(_:)`` took may come back.
  mutating func giveBack(_ position: UInt128) {
    guard position <= last else { return }
    _ = giveBack(position, level: levels - 1, node: 0)
  }

  /// Returns whether the node has no free position left.
  private mutating func take(_ position: UInt128, level: Int, node: Int32) -> Bool {
    let digit = digit(position, level)
    guard level > 0 else {
      leaves[Int(node)] |= 1 << UInt64(digit)
      return leaves[Int(node)] == .max
    }
    let slot = Int(node) * 64 + digit
    if children[slot] == Self.absent {
      children[slot] = makeNode(level: level - 1, prefix: position >> UInt128(6 * level))
      inners[Int(node)].childCount += 1
    }
    if take(position, level: level - 1, node: children[slot]) {
      inners[Int(node)].full |= 1 << UInt64(digit)
    }
    return inners[Int(node)].full == .max
  }

  /// Returns whether the node is as if nobody had ever touched it.
  private mutating func giveBack(_ position: UInt128, level: Int, node: Int32) -> Bool {
    let digit = digit(position, level)
    guard level > 0 else {
      leaves[Int(node)] &= ~(1 << UInt64(digit))
      return leaves[Int(node)] == untouched(level: 0, prefix: position >> 6)
    }
    let slot = Int(node) * 64 + digit
    let child = children[slot]
    guard child != Self.absent else { return false }
    if giveBack(position, level: level - 1, node: child) {
      children[slot] = Self.absent
      inners[Int(node)].childCount -= 1
      if level == 1 { unusedLeaves.append(child) } else { unusedInners.append(child) }
    }
    inners[Int(node)].full &= ~(1 << UInt64(digit))
    return inners[Int(node)].childCount == 0
  }

  private func digit(_ position: UInt128, _ level: Int) -> Int {
    Int(truncatingIfNeeded: position >> UInt128(6 * level)) & 63
  }

  /// The bits of a node that nobody touched: set beyond `last`, and for addresses to avoid. `prefix` is what all
  /// positions below the node have in common, shifted down.
  private func untouched(level: Int, prefix: UInt128) -> UInt64 {
    var taken: UInt64 = 0
    if prefix == last >> UInt128(6 * (level + 1)) {
      taken = ~0 << UInt64(digit(last, level) + 1)
    }
    if level == 0, let avoidingFromOctet {
      let octet = avoidingFromOctet &+ UInt8(truncatingIfNeeded: prefix << 6)
      if octet == 0 { taken |= 1 }
      if octet >= 192 { taken |= 1 << UInt64(255 - octet) }
    }
    return taken
  }

  private mutating func makeNode(level: Int, prefix: UInt128) -> Int32 {
    let taken = untouched(level: level, prefix: prefix)
    if level == 0 {
      if let reused = unusedLeaves.popLast() {
        leaves[Int(reused)] = taken
        return reused
      }
      leaves.append(taken)
      return Int32(leaves.count - 1)
    }
    if let reused = unusedInners.popLast() {
      // Its slots are all absent: it had no child when it was given up.
      inners[Int(reused)] = Inner(full: taken)
      return reused
    }
    inners.append(Inner(full: taken))
    children.append(contentsOf: repeatElement(Self.absent, count: 64))
    return Int32(inners.count - 1)
  }
}
