/// What a speaker tells the others about itself through gossip, in at most ``limit`` bytes. Upstream's speakers tell nothing
/// and take no notice.
///
/// ```
/// "MLB" | format 1 | capabilities (4 bytes) | version: length, UTF-8 | number of interfaces | each: length, UTF-8
/// ```
///
/// Numbers are big-endian, lengths one byte. Later versions may append to it: what follows is not read.
package struct SpeakerMetadata: Sendable, Hashable {
  /// Of the program; for people.
  package var version: String
  /// What this speaker can do beyond upstream's; bits that only those understand who know them.
  package var capabilities: Capabilities
  /// The names of the interfaces on which it could announce now.
  package var interfaces: Set<String>

  package struct Capabilities: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// Leaves addresses to nodes that have an interface to announce them on.
    package static let interfaceAvailability = Capabilities(rawValue: 1)
    /// Leaves addresses of a node that is being drained to others.
    package static let draining = Capabilities(rawValue: 2)

    /// What this version can do.
    package static let known: Capabilities = [.interfaceAvailability, .draining]
  }

  /// Memberlist's.
  package static let limit = 512
  private static let start = Array("MLB".utf8) + [1]
  private static let longestVersion = 64

  package init(version: String, capabilities: Capabilities, interfaces: Set<String>) {
    self.version = version
    self.capabilities = capabilities
    self.interfaces = interfaces
  }

  /// A node with so many interfaces that their names do not fit does not take part in the rule about them.
  package var encoded: [UInt8] {
    var bytes = Self.start
    var capabilities = capabilities
    var names: [UInt8] = [UInt8(truncatingIfNeeded: interfaces.count)]
    for name in interfaces.sorted() { names += Self.text(Array(name.utf8)) }
    // A cut version may end within a character, and is for people only.
    let version = Self.text(Array(version.utf8.prefix(Self.longestVersion)))
    let length = bytes.count + 4 + version.count + names.count
    if interfaces.count > 255 || length > Self.limit {
      capabilities.remove(.interfaceAvailability)
      names = [0]
    }
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: capabilities.rawValue >> (24 - 8 * $0)) }
    return bytes + version + names
  }

  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: bytes.count)] + bytes.prefix(255)
  }

  /// Nil for whatever is not this format: the metadata of other programs, and none.
  package init?(decoding bytes: [UInt8]) {
    var rest = bytes[...]
    guard rest.starts(with: Self.start) else { return nil }
    rest = rest.dropFirst(Self.start.count)
    guard rest.count >= 4 else { return nil }
    capabilities = Capabilities(rawValue: rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    rest = rest.dropFirst(4)
    func text() -> String? {
      guard let length = rest.popFirst(), rest.count >= length else { return nil }
      defer { rest = rest.dropFirst(Int(length)) }
      return String(decoding: rest.prefix(Int(length)), as: UTF8.self)
    }
    guard let version = text(), let count = rest.popFirst() else { return nil }
    self.version = version
    interfaces = []
    for _ in 0..<count {
      guard let name = text() else { return nil }
      interfaces.insert(name)
    }
  }
}
