/// Who asks; answers go there.
package struct Origin: Hashable, Sendable {
  package var address: MemberAddress
  package var node: String
}

/// Asks a member for an ``Message/ack(sequenceNumber:payload:)``.
///
/// Map: `Node` (whom it is meant for; whoever has another name drops it, unless it is empty), `SeqNo`, and from newer members
/// `SourceAddr`, `SourceNode`, `SourcePort`.
package struct Ping: Hashable, Sendable {
  package var sequenceNumber: UInt32
  package var node: String
  package var origin: Origin?

  init(sequenceNumber: UInt32, node: String, origin: Origin?) {
    self.sequenceNumber = sequenceNumber
    self.node = node
    self.origin = origin
  }

  init(reading reader: inout MessagePackReader) throws(WireError) {
    self.init(sequenceNumber: 0, node: "", origin: nil)
    var source = OriginFields()
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Node": node = try reader.text(limit: Limits.nodeName)
      case "SeqNo": sequenceNumber = try reader.integer()
      case let key: try source.read(key, &reader)
      }
    }
    origin = source.origin
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: origin == nil ? 2 : 5)
    bytes.append(text: "Node")
    bytes.append(text: node)
    bytes.append(text: "SeqNo")
    bytes.append(unsigned: sequenceNumber)
    origin?.encode(into: &bytes)
  }
}

/// Asks a third member to ping the target, because the target did not answer us.
///
/// Map: `Nack` (whether a ``Message/nack(sequenceNumber:)`` is wanted when the target does not answer), `Node`, `Port` (0: the
/// port that the receiver itself uses), `SeqNo`, the three source fields of ``Ping``, and `Target`.
package struct IndirectPing: Hashable, Sendable {
  package var sequenceNumber: UInt32
  package var target: MemberAddress
  package var node: String
  package var wantsNack: Bool
  package var origin: Origin?

  init(
    sequenceNumber: UInt32, target: MemberAddress, node: String, wantsNack: Bool, origin: Origin?
  ) {
    self.sequenceNumber = sequenceNumber
    self.target = target
    self.node = node
    self.wantsNack = wantsNack
    self.origin = origin
  }

  init(reading reader: inout MessagePackReader) throws(WireError) {
    var target: [UInt8]?
    var port: UInt16 = 0
    var sequenceNumber: UInt32 = 0
    var node = ""
    var wantsNack = false
    var source = OriginFields()
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Nack": wantsNack = try reader.boolean()
      case "Node": node = try reader.text(limit: Limits.nodeName)
      case "Port": port = try reader.integer()
      case "SeqNo": sequenceNumber = try reader.integer()
      case "Target": target = try reader.raw(limit: 16)
      case let key: try source.read(key, &reader)
      }
    }
    guard let target = MemberAddress(bytes: target ?? [], port: port) else { throw .malformed }
    self.init(
      sequenceNumber: sequenceNumber, target: target, node: node, wantsNack: wantsNack,
      origin: source.origin)
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: origin == nil ? 5 : 8)
    bytes.append(text: "Nack")
    bytes.append(boolean: wantsNack)
    bytes.append(text: "Node")
    bytes.append(text: node)
    bytes.append(text: "Port")
    bytes.append(unsigned: UInt32(target.port))
    bytes.append(text: "SeqNo")
    bytes.append(unsigned: sequenceNumber)
    origin?.encode(into: &bytes)
    bytes.append(text: "Target")
    bytes.append(raw: target.bytes)
  }
}

extension Origin {
  fileprivate func encode(into bytes: inout [UInt8]) {
    bytes.append(text: "SourceAddr")
    bytes.append(raw: address.bytes)
    bytes.append(text: "SourceNode")
    bytes.append(text: node)
    bytes.append(text: "SourcePort")
    bytes.append(unsigned: UInt32(address.port))
  }
}

/// The source fields while a map is being read.
private struct OriginFields {
  private var address: [UInt8] = []
  private var port: UInt16 = 0
  private var node = ""

  /// Reads the value of a source field, or skips that of an unknown one.
  mutating func read(_ key: String, _ reader: inout MessagePackReader) throws(WireError) {
    switch key {
    case "SourceAddr": address = try reader.raw(limit: 16) ?? []
    case "SourceNode": node = try reader.text(limit: Limits.nodeName)
    case "SourcePort": port = try reader.integer()
    default: try reader.skipValue()
    }
  }

  /// Nil when there is nothing to answer to; the sender's address counts then.
  var origin: Origin? {
    guard port > 0 else { return nil }
    return MemberAddress(bytes: address, port: port).map { Origin(address: $0, node: node) }
  }
}
