import Hummingbird
import KubernetesAPI

/// One HTTP request with its body read.
struct APIRequest: Sendable {
  var method: String
  /// As sent, without the query.
  var path: String
  var query: Query
  var headers: HTTPFields
  var body: [UInt8]
  /// Who the client's certificate says it is, if it sent one that our CA signed.
  var certificateUser: UserInfo?

  func header(_ name: String) -> String? {
    HTTPFields.Element.Name(name).flatMap { headers[$0] }
  }

  /// The field manager that the API derives from `User-Agent`: what is before the first slash.
  var defaultFieldManager: String {
    let agent = headers[.userAgent] ?? "unknown"
    return String(agent.prefix { $0 != "/" }.prefix(128))
  }
}

/// The parameters after `?`, in order. Names may repeat.
struct Query: Sendable, Hashable {
  private(set) var items: [(name: String, value: String)]

  init(_ text: some StringProtocol) {
    items = text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        PercentEncoding.decode(parts[0], plusIsSpace: true),
        parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
      )
    }
  }

  subscript(name: String) -> String? { items.first { $0.name == name }?.value }
  func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

  /// As the API reads booleans in a query: present and not `false` or `0`.
  func flag(_ name: String) -> Bool {
    guard let value = self[name] else { return false }
    return value != "false" && value != "0"
  }

  static func == (left: Query, right: Query) -> Bool {
    left.items.elementsEqual(right.items) { $0 == $1 }
  }

  func hash(into hasher: inout Hasher) {
    for item in items {
      hasher.combine(item.name)
      hasher.combine(item.value)
    }
  }
}

enum PercentEncoding {
  /// Undoes RFC 3986 §2.1 escapes; broken ones stay as they are.
  static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = hex(bytes[index + 1]), let low = hex(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
