package import NetworkAddresses

/// What a speaker tells the others about itself through gossip, in at most ``limit`` bytes. Upstream's speakers tell nothing
/// and take no notice.
///
/// ```
/// "MLB" | format 1 | capabilities (4 bytes) | version: length, UTF-8
///  | number of interfaces | each: length, UTF-8
///  | with `familyAvailability`: for each interface, in the same order, a byte of families (1: IPv4, 2: IPv6)
///  | with `hardwareAddresses`: their number | each: 6 bytes
/// ```
///
/// Numbers are big-endian, lengths and counts one byte. Later versions may append to it: what follows is not read.
package struct SpeakerMetadata: Sendable, Hashable {
  /// Of the program; for people.
  package var version: String
  /// What this speaker can do beyond upstream's; bits that only those understand who know them.
  package var capabilities: Capabilities
  /// The interfaces on which it could announce now, by name, with the families. Of a speaker that does not tell families,
  /// both.
  package var interfaces: [String: Set<AddressFamily>]
  /// By which the others know its frames.
  package var hardwareAddresses: Set<MACAddress>

  package struct Capabilities: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// Leaves addresses to nodes that have an interface to announce them on.
    package static let interfaceAvailability = Capabilities(rawValue: 1)
    /// Leaves addresses of a node that is being drained to others.
    package static let draining = Capabilities(rawValue: 2)
    /// Counts an interface only for the families that it can answer for.
    package static let familyAvailability = Capabilities(rawValue: 4)
    /// Tells its hardware addresses.
    package static let hardwareAddresses = Capabilities(rawValue: 8)

    /// What this version can do.
    package static let known: Capabilities = [
      .interfaceAvailability, .draining, .familyAvailability, .hardwareAddresses,
    ]
  }

  /// Memberlist's.
  package static let limit = 512
  private static let start = Array("MLB".utf8) + [1]
  private static let longestVersion = 64

  package init(
    version: String, capabilities: Capabilities, interfaces: [String: Set<AddressFamily>] = [:],
    hardwareAddresses: Set<MACAddress> = []
  ) {
    self.version = version
    self.capabilities = capabilities
    self.interfaces = interfaces
    self.hardwareAddresses = hardwareAddresses
  }

  // MARK: Writing

  /// A node with so many interfaces that their names, or their families, do not fit does not take part in the rule about
  /// them. Of the hardware addresses as many are told as fit.
  package var encoded: [UInt8] {
    var capabilities = capabilities
    // A cut version may end within a character, and is for people only.
    let version = Self.text(Array(version.utf8.prefix(Self.longestVersion)))
    let names = interfaces.keys.sorted()
    var listed = [UInt8(truncatingIfNeeded: names.count)]
    for name in names { listed += Self.text(Array(name.utf8)) }
    var families = names.map { Self.bits(interfaces[$0, default: []]) }
    if !capabilities.contains(.familyAvailability) { families = [] }
    var room = Self.limit - Self.start.count - 4 - version.count
    if names.count > 255 || listed.count > room {
      capabilities.subtract([.interfaceAvailability, .familyAvailability])
      (listed, families) = ([0], [])
    }
    room -= listed.count
    if families.count > room {
      capabilities.remove(.familyAvailability)
      families = []
    }
    room -= families.count
    var addresses: [UInt8] = []
    if capabilities.contains(.hardwareAddresses), room > 0 {
      let told = hardwareAddresses.sorted().prefix(min(255, (room - 1) / 6))
      addresses = [UInt8(told.count)] + told.flatMap(\.bytes)
    } else {
      capabilities.remove(.hardwareAddresses)
    }
    let flags = (0..<4).map { UInt8(truncatingIfNeeded: capabilities.rawValue >> (24 - 8 * $0)) }
    return Self.start + flags + version + listed + families + addresses
  }

  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: bytes.count)] + bytes.prefix(255)
  }

  private static func bits(_ families: Set<AddressFamily>) -> UInt8 {
    (families.contains(.ipv4) ? 1 : 0) | (families.contains(.ipv6) ? 2 : 0)
  }

  // MARK: Reading

  /// Nil for whatever is not this format: the metadata of other programs, and none.
  package init?(decoding bytes: [UInt8]) {
    var rest = bytes[...]
    guard rest.starts(with: Self.start) else { return nil }
    rest = rest.dropFirst(Self.start.count)
    func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    func text() -> String? {
      rest.popFirst().flatMap { take(Int($0)) }.map { String(decoding: $0, as: UTF8.self) }
    }
    guard let flags = take(4), let version = text(), let count = rest.popFirst() else { return nil }
    let capabilities = Capabilities(rawValue: flags.reduce(0) { $0 << 8 | UInt32($1) })
    var names: [String] = []
    for _ in 0..<count {
      guard let name = text() else { return nil }
      names.append(name)
    }
    var families = Array(repeating: UInt8(3), count: names.count)
    if capabilities.contains(.familyAvailability) {
      guard let told = take(names.count) else { return nil }
      families = Array(told)
    }
    var addresses: Set<MACAddress> = []
    if capabilities.contains(.hardwareAddresses) {
      guard let count = rest.popFirst() else { return nil }
      for _ in 0..<count {
        guard let address = take(6).flatMap({ MACAddress(bytes: $0) }) else { return nil }
        addresses.insert(address)
      }
    }
    self.init(
      version: version, capabilities: capabilities,
      interfaces: Dictionary(
        zip(names, families.map(Self.families)), uniquingKeysWith: { first, _ in first }),
      hardwareAddresses: addresses)
  }

  private static func families(_ bits: UInt8) -> Set<AddressFamily> {
    var families: Set<AddressFamily> = []
    if bits & 1 != 0 { families.insert(.ipv4) }
    if bits & 2 != 0 { families.insert(.ipv6) }
    return families
  }
}
