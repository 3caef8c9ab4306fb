/// The whole table of the sender, for a stream. Asked with one, a member answers with its own.
///
/// A map `Join`, `Nodes` (how many), `UserStateLen`; then that many maps of ``Row``; then the bytes of the user's part, which we
/// neither send nor read.
package struct PushPull: Hashable, Sendable {
  /// Whether the one who asks is new here.
  package var isJoin: Bool
  package var rows: [Row]
  package var userState: [UInt8] = []

  /// Map: `Addr`, `Incarnation`, `Meta`, `Name`, `Port`, `State`, `Vsn`.
  package struct Row: Hashable, Sendable {
    package var name: String
    package var address: MemberAddress
    package var metadata: [UInt8]?
    package var incarnation: UInt32
    package var state: MemberState
    package var versions: ProtocolVersions?
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: 3)
    bytes.append(text: "Join")
    bytes.append(boolean: isJoin)
    bytes.append(text: "Nodes")
    bytes.append(signed: rows.count)
    bytes.append(text: "UserStateLen")
    bytes.append(signed: userState.count)
    for row in rows { row.encode(into: &bytes) }
    bytes.append(contentsOf: userState)
  }
}

extension PushPull.Row {
  /// Nil for a row that is well-formed and of no use, such as one without an address; the others of the table still count.
  init?(reading reader: inout MessagePackReader) throws(WireError) {
    var address: [UInt8]?
    var port: UInt16 = 0
    var incarnation: UInt32 = 0
    var name = ""
    var metadata: [UInt8]?
    var state: MemberState?
    var versions: ProtocolVersions?
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Addr": address = try reader.raw()
      case "Incarnation": incarnation = try reader.integer()
      case "Meta": metadata = try reader.raw()
      case "Name": name = try reader.text(limit: Limits.nodeName)
      case "Port": port = try reader.integer()
      case "State": state = MemberState(rawValue: try reader.integer(as: Int.self))
      case "Vsn": versions = try ProtocolVersions(reading: &reader)
      default: try reader.skipValue()
      }
    }
    guard let address = MemberAddress(bytes: address ?? [], port: port), let state, !name.isEmpty,
      metadata?.count ?? 0 <= Limits.metadata
    else { return nil }
    self.init(
      name: name, address: address, metadata: metadata, incarnation: incarnation, state: state,
      versions: versions)
  }

  fileprivate func encode(into bytes: inout [UInt8]) {
    bytes.append(mapOf: 7)
    bytes.append(text: "Addr")
    bytes.append(raw: address.bytes)
    bytes.append(text: "Incarnation")
    bytes.append(unsigned: incarnation)
    bytes.append(text: "Meta")
    bytes.append(raw: metadata)
    bytes.append(text: "Name")
    bytes.append(text: name)
    bytes.append(text: "Port")
    bytes.append(unsigned: UInt32(address.port))
    bytes.append(text: "State")
    bytes.append(signed: state.rawValue)
    bytes.append(text: "Vsn")
    bytes.append(raw: versions?.bytes)
  }
}

/// Reads a table piece by piece as its bytes arrive, each row once.
struct PushPullReader {
  private struct Header {
    var isJoin = false
    var rowCount = 0
    var userStateLength = 0
  }

  private var header: Header?
  private var rowsRead = 0
  private var rows: [PushPull.Row] = []

  /// Reads what is complete from the start of `bytes`, sets `consumed` to how many bytes that were, and returns the table
  /// when all of it has come.
  mutating func read(_ bytes: RawSpan, consumed: inout Int) throws(WireError) -> PushPull? {
    var reader = MessagePackReader(bytes)
    consumed = 0
    do throws(WireError) {
      if header == nil { header = try readHeader(&reader) }
      guard let header else { return nil }
      consumed = reader.offset
      while rowsRead < header.rowCount {
        if let row = try PushPull.Row(reading: &reader) { rows.append(row) }
        rowsRead += 1
        consumed = reader.offset
      }
      let userState = try reader.take(header.userStateLength)
      consumed = reader.offset
      return PushPull(isJoin: header.isJoin, rows: rows, userState: userState)
    } catch .truncated {
      // What is not complete is read again when more has come, so it must stay small.
      guard rowsRead == header?.rowCount || bytes.byteCount - consumed <= Limits.row else {
        throw .tooLarge(limit: Limits.row)
      }
      return nil
    }
  }

  private func readHeader(_ reader: inout MessagePackReader) throws(WireError) -> Header {
    var header = Header()
    for _ in 0..<(try reader.mapCount()) {
      switch try reader.key() {
      case "Join": header.isJoin = try reader.boolean()
      case "Nodes": header.rowCount = try reader.integer()
      case "UserStateLen": header.userStateLength = try reader.integer()
      default: try reader.skipValue()
      }
    }
    guard header.rowCount >= 0, header.userStateLength >= 0 else { throw .malformed }
    guard header.userStateLength <= Limits.streamMessage else {
      throw .tooLarge(limit: Limits.streamMessage)
    }
    return header
  }
}
