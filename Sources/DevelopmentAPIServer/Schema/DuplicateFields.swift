/// Finds members that a JSON text names twice. Parsed values cannot tell: of duplicates the last one
/// counts. The text must be valid JSON.
enum DuplicateFields {
  /// Paths such as `data.k` or `spec.ports[0].name`, in the order of the text, each once.
  static func find(in json: some Collection<UInt8>) -> [String] {
    var scanner = Scanner(bytes: Array(json))
    scanner.value(at: "")
    return scanner.duplicates
  }

  private struct Scanner {
    let bytes: [UInt8]
    var offset = 0
    var duplicates: [String] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
      while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
        offset += 1
      }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      skipSpace()
      guard peek == byte else { return false }
      offset += 1
      return true
    }

    mutating func value(at path: String) {
      skipSpace()
      switch peek {
      case UInt8(ascii: "{"): object(at: path)
      case UInt8(ascii: "["): array(at: path)
      case UInt8(ascii: "\""): _ = string()
      default:
        while let byte = peek, !",]} \n\t\r".utf8.contains(byte) { offset += 1 }
      }
    }

    private mutating func object(at path: String) {
      offset += 1
      var seen: Set<String> = []
      while !take(UInt8(ascii: "}")), peek == UInt8(ascii: "\"") {
        let name = string()
        let place = path.isEmpty ? name : "\(path).\(name)"
        if !seen.insert(name).inserted, !duplicates.contains(place) { duplicates.append(place) }
        guard take(UInt8(ascii: ":")) else { return }
        value(at: place)
        _ = take(UInt8(ascii: ","))
        skipSpace()
      }
    }

    private mutating func array(at path: String) {
      offset += 1
      var index = 0
      while !take(UInt8(ascii: "]")), offset < bytes.count {
        let start = offset
        value(at: "\(path)[\(index)]")
        index += 1
        _ = take(UInt8(ascii: ","))
        if offset == start { return }
      }
    }

    /// The text of a string without its quotes; escapes stay as they are, which is enough to compare.
    private mutating func string() -> String {
      offset += 1
      let start = offset
      while let byte = peek, byte != UInt8(ascii: "\"") {
        offset += byte == UInt8(ascii: "\\") ? 2 : 1
      }
      let text = String(decoding: bytes[start..<min(offset, bytes.count)], as: UTF8.self)
      offset += 1
      return text
    }
  }
}
