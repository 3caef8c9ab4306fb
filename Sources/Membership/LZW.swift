/// LZW as in GIF: codes are packed from the lowest bit on, literals have 8 bits, codes grow from 9 to 12 bits.
///
/// Code 256 clears the table, 257 ends. The writer begins with a clear, and clears again when code 4095 would be next, so
/// that its output equals that of memberlist's writer byte for byte.
enum LZW {
  private static let clear: UInt32 = 256
  private static let end: UInt32 = 257
  private static let firstWidth = 9
  private static let lastWidth = 12
  private static let lastCode: UInt32 = 4095

  // MARK: Writing

  static func compress(_ bytes: [UInt8]) -> [UInt8] {
    var output = BitWriter()
    var table = CodeTable(expecting: bytes.count)
    var width = firstWidth
    var newest = end
    output.write(clear, width: width)
    guard var code = bytes.first.map(UInt32.init) else {
      output.write(end, width: width)
      return output.finish()
    }

    /// Counts a code that the reader adds to its table too. Returns false when the table has been cleared.
    func advance() -> Bool {
      newest += 1
      if newest == 1 << UInt32(width) { width += 1 }
      guard newest == lastCode else { return true }
      output.write(clear, width: width)
      table.removeAll()
      width = firstWidth
      newest = end
      return false
    }

    for literal in bytes.dropFirst() {
      let key = code << 8 | UInt32(literal)
      if let known = table[key] {
        code = known
        continue
      }
      output.write(code, width: width)
      code = UInt32(literal)
      if advance() { table.insert(newest, for: key) }
    }
    output.write(code, width: width)
    _ = advance()
    output.write(end, width: width)
    return output.finish()
  }

  /// Open addressing; a slot holds the 20 bits of a key above the 12 bits of its code, and 0 when free.
  private struct CodeTable {
    private var slots: [UInt32]

    init(expecting count: Int) {
      var size = 256
      while size < 4 * min(count, Int(lastCode)) { size *= 2 }
      slots = Array(repeating: 0, count: size)
    }

    private func slot(_ key: UInt32) -> Int {
      var slot = Int(key >> 12 ^ key &* 0x9e5) & (slots.count - 1)
      while slots[slot] != 0, slots[slot] >> 12 != key { slot = (slot + 1) & (slots.count - 1) }
      return slot
    }

    subscript(key: UInt32) -> UInt32? {
      let entry = slots[slot(key)]
      return entry == 0 ? nil : entry & 0xfff
    }

    mutating func insert(_ code: UInt32, for key: UInt32) {
      slots[slot(key)] = key << 12 | code
    }

    mutating func removeAll() {
      slots = Array(repeating: 0, count: slots.count)
    }
  }

  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var pendingBits = 0

    mutating func write(_ code: UInt32, width: Int) {
      pending |= code << UInt32(pendingBits)
      pendingBits += width
      while pendingBits >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        pendingBits -= 8
      }
    }

    mutating func finish() -> [UInt8] {
      if pendingBits > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
      return bytes
    }
  }

  // MARK: Reading

  /// Expands to at most `limit` bytes. Throws `truncated` when the end code is missing, `malformed` for a code that cannot
  /// be known yet, `tooLarge` at the limit.
  static func expand(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
    var output: [UInt8] = []
    // What a code expands to: the expansion of its prefix, and one byte. Literals stand for themselves.
    var prefixes = [UInt16](repeating: 0, count: Int(lastCode) + 1)
    var suffixes = [UInt8](repeating: 0, count: Int(lastCode) + 1)
    var width = firstWidth
    var next = end
    var last: UInt32?
    var pending: UInt32 = 0
    var pendingBits = 0
    var chain: [UInt8] = []

    for byte in bytes {
      pending |= UInt32(byte) << UInt32(pendingBits)
      pendingBits += 8
      guard pendingBits >= width else { continue }
      let code = pending & (1 << UInt32(width) - 1)
      pending >>= UInt32(width)
      pendingBits -= width

      if code == end { return output }
      if code == clear {
        width = firstWidth
        next = end
        last = nil
        continue
      }
      guard code < next || (code == next && last != nil) else { throw .malformed }

      // Backwards: the bytes of the expansion, found from its end.
      chain.removeAll(keepingCapacity: true)
      var step = code
      if code == next, let last {
        // Not yet in the table: what came last, followed by its own first byte, which is put in below.
        chain.append(0)
        step = last
      }
      while step > end {
        chain.append(suffixes[Int(step)])
        step = UInt32(prefixes[Int(step)])
      }
      guard step < clear else { throw .malformed }
      let first = UInt8(truncatingIfNeeded: step)
      chain.append(first)
      if code == next { chain[0] = first }
      guard output.count + chain.count <= limit else { throw .tooLarge(limit: limit) }
      output.append(contentsOf: chain.reversed())

      // Once full, the table stays as it is until the next clear.
      guard next <= lastCode else { continue }
      if let last {
        prefixes[Int(next)] = UInt16(last)
        suffixes[Int(next)] = first
      }
      next += 1
      last = next <= lastCode ? code : nil
      if next == 1 << UInt32(width), width < lastWidth { width += 1 }
    }
    throw .truncated
  }
}
