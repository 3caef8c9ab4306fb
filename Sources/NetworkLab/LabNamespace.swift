package import NetworkAddresses

/// A network namespace that a lab made, by the name that `ip netns` shows.
package struct LabNamespace: Sendable, Hashable, CustomStringConvertible {
  /// Unique on the machine: the lab's name, a dash, and the label.
  package let name: String
  /// What it is called within its lab: `client`, `node-1`.
  package let label: String

  /// The file that keeps the namespace alive, for `setns`.
  package var path: String { "/run/netns/\(name)" }
  package var description: String { label }

  /// What to put before a command so that it runs in this namespace.
  package var enter: [String] { ["nsenter", "--net=\(path)", "--"] }

  /// Runs a command in the namespace and throws unless it succeeds; returns what it printed.
  @discardableResult
  package func run(_ command: [String], input: String = "") async throws -> String {
    try await Tool.run(enter + command, input: input)
  }

  /// Runs a command in the namespace, whatever its end.
  package func attempt(_ command: [String], input: String = "") async throws -> Tool.Result {
    try await Tool.attempt(enter + command, input: input)
  }

  /// Gives `ip` one command per line, without the word `ip`: `["link set eth0 up"]`. The first
  /// one that fails ends the rest.
  package func ip(_ commands: [String]) async throws {
    try await Tool.run(
      ["ip", "-n", name, "-batch", "-"], input: commands.map { "\($0)\n" }.joined())
  }

  /// Loads nftables rules, all or nothing.
  package func nft(_ ruleset: String) async throws {
    try await run(["nft", "-f", "-"], input: ruleset)
  }

  package func addAddress(_ address: LabAddress, to interface: String) async throws {
    try await ip([Self.addAddressCommand(address, to: interface)])
  }

  package func removeAddress(_ address: LabAddress, from interface: String) async throws {
    try await ip(["address del \(address) dev \(interface)"])
  }

  /// Takes an interface up or down. Down keeps IPv4 addresses and drops IPv6 ones, as in life.
  package func setLink(_ interface: String, up: Bool) async throws {
    try await ip(["link set dev \(interface) \(up ? "up" : "down")"])
  }

  package func addRoute(to destination: CIDRBlock, via gateway: IPAddress) async throws {
    try await ip(["route replace \(destination) via \(gateway)"])
  }

  package func setSysctl(_ key: String, _ value: String) async throws {
    let file = "/proc/sys/\(key.split(separator: ".").joined(separator: "/"))"
    try await run(["sh", "-c", "printf %s \"$1\" > \"$2\"", "sh", value, file])
  }

  package func hardwareAddress(of interface: String) async throws -> MACAddress {
    let output = try await Tool.run(["ip", "-n", name, "-o", "link", "show", "dev", interface])
    guard let address = Self.hardwareAddress(inLink: output) else {
      throw LabError.invalidName(interface)
    }
    return address
  }

  static func addAddressCommand(_ address: LabAddress, to interface: String) -> String {
    // Duplicate address detection would keep an IPv6 address unusable for a second.
    let flags = address.address.family == .ipv6 ? " nodad" : ""
    return "address add \(address) dev \(interface)\(flags)"
  }

  /// Finds the word after `link/ether` in a line of `ip -o link`.
  static func hardwareAddress(inLink line: String) -> MACAddress? {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard let index = words.firstIndex(of: "link/ether"), index + 1 < words.endIndex else {
      return nil
    }
    return MACAddress(words[index + 1])
  }
}

/// An address with the length of its network's prefix; unlike `CIDRBlock` it keeps the host bits.
package struct LabAddress: Sendable, Hashable, CustomStringConvertible {
  package var address: IPAddress
  package var prefixLength: Int

  package init(_ address: IPAddress, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }

  /// Reads `192.0.2.1/24`; without a length the address stands alone (/32 or /128).
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
    var prefixLength = address.family.bitWidth
    if parts.count == 2 {
      guard let length = Int(parts[1]), 0...prefixLength ~= length else { return nil }
      prefixLength = length
    }
    self.init(address, prefixLength: prefixLength)
  }

  package var description: String { "\(address)/\(prefixLength)" }

  /// The network that the address is in.
  package var block: CIDRBlock? { CIDRBlock(address, prefixLength: prefixLength) }
}
