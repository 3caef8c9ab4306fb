/// What a member says of itself, passed on by all.
///
/// Map: `Addr`, `Incarnation`, `Meta`, `Node`, `Port`, `Vsn`.
package struct Alive: Hashable, Sendable {
  package var incarnation: UInt32
  package var node: String
  package var address: MemberAddress
  /// At most ``Limits/metadata`` bytes. Some send nothing as nil, others as no bytes.
  package var metadata: [UInt8]?
  package var versions: ProtocolVersions?

  package init(
    incarnation: UInt32, node: String, address: MemberAddress, metadata: [UInt8]?,
    versions: ProtocolVersions?
  ) {
    self.incarnation = incarnation
    self.node = node
    self.address = address
    self.metadata = metadata
    self.versions = versions
  }

  init(reading reader: inout MessagePackReader) throws(WireError) {
    var address: [UInt8] = []
    var port: UInt16 = 0
    var incarnation: UInt32 = 0
    var node = ""
    var metadata: [UInt8]?
    var versions: ProtocolVersions?
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Addr": address = try reader.raw(limit: 16) ?? []
      case "Incarnation": incarnation = try reader.integer()
      case "Meta": metadata = try reader.raw(limit: Limits.metadata)
      case "Node": node = try reader.text(limit: Limits.nodeName)
      case "Port": port = try reader.integer()
      case "Vsn": versions = try ProtocolVersions(reading: &reader)
      default: try reader.skipValue()
      }
    }
    guard let address = MemberAddress(bytes: address, port: port), !node.isEmpty else {
      throw .malformed
    }
    self.init(
      incarnation: incarnation, node: node, address: address, metadata: metadata,
      versions: versions)
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: 6)
    bytes.append(text: "Addr")
    bytes.append(raw: address.bytes)
    bytes.append(text: "Incarnation")
    bytes.append(unsigned: incarnation)
    bytes.append(text: "Meta")
    bytes.append(raw: metadata)
    bytes.append(text: "Node")
    bytes.append(text: node)
    bytes.append(text: "Port")
    bytes.append(unsigned: UInt32(address.port))
    bytes.append(text: "Vsn")
    bytes.append(raw: versions?.bytes)
  }
}
