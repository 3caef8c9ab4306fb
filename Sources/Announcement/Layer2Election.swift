import Crypto
package import NetworkAddresses

/// Which node answers for an address: every speaker computes the same order from the same facts, without a message.
///
/// The order is upstream's, bit for bit, so that speakers of both kinds may share a cluster: the higher score first, then
/// the smaller SHA-256 digest of `node#address`, compared as unsigned bytes. The address is the first of the
/// Service, in canonical text; it decides for all others too.
package enum Layer2Election {
  package struct Candidate: Sendable, Hashable {
    package var node: String
    /// The sum of the preferences that the node matches; 0 without any.
    package var score: Int

    package init(node: String, score: Int = 0) {
      self.node = node
      self.score = score
    }
  }

  /// The node that leads, or nil without candidates.
  package static func leader(of address: IPAddress, among candidates: [Candidate]) -> String? {
    guard let best = candidates.map(\.score).max() else { return nil }
    let suffix = "#\(address)"
    return candidates.lazy.filter { $0.score == best }
      .map { (node: $0.node, rank: Rank(text: $0.node + suffix)) }
      .min { $0.rank < $1.rank }?.node
  }

  /// All candidates, the leader first.
  package static func order(of address: IPAddress, among candidates: [Candidate]) -> [String] {
    candidates.map { ($0, Rank(text: "\($0.node)#\(address)")) }
      .sorted { $0.0.score == $1.0.score ? $0.1 < $1.1 : $0.0.score > $1.0.score }
      .map(\.0.node)
  }

  /// A digest as a number of 256 bits, most significant word first.
  private struct Rank: Comparable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(text: String) {
      let bytes = Array(SHA256.hash(data: Array(text.utf8)))
      let word = { (index: Int) in
        bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
      }
      words = (word(0), word(1), word(2), word(3))
    }

    static func < (left: Self, right: Self) -> Bool { left.words < right.words }
    static func == (left: Self, right: Self) -> Bool { left.words == right.words }
  }
}
