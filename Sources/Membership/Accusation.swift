/// What `suspect` and `dead` say: somebody finds that a member does not answer. A member that declares itself dead is
/// leaving on purpose.
///
/// Map: `From`, `Incarnation`, `Node`.
package struct Accusation: Hashable, Sendable {
  package var incarnation: UInt32
  package var node: String
  package var from: String

  package init(incarnation: UInt32, node: String, from: String) {
    self.incarnation = incarnation
    self.node = node
    self.from = from
  }

  init(reading reader: inout MessagePackReader) throws(WireError) {
    self.init(incarnation: 0, node: "", from: "")
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "From": from = try reader.text(limit: Limits.nodeName)
      case "Incarnation": incarnation = try reader.integer()
      case "Node": node = try reader.text(limit: Limits.nodeName)
      default: try reader.skipValue()
      }
    }
    guard !node.isEmpty else { throw .malformed }
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: 3)
    bytes.append(text: "From")
    bytes.append(text: from)
    bytes.append(text: "Incarnation")
    bytes.append(unsigned: incarnation)
    bytes.append(text: "Node")
    bytes.append(text: node)
  }
}
