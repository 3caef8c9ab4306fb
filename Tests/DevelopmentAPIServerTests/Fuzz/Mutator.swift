import KubernetesAPI

@testable import DevelopmentAPIServer

/// Breaks requests and documents, the same way for the same seed.
struct Mutator {
  private var random: FaultGenerator

  init(seed: UInt64) { random = FaultGenerator(state: seed) }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
  mutating func chance(_ share: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < share
  }
  mutating func pick<C: RandomAccessCollection>(_ choices: C) -> C.Element? {
    choices.randomElement(using: &random)
  }

  // MARK: Bytes

  private static let interesting = Array("{}[]\",:\\0-eE.%/&=+ \n\t*<>#'`|!@~$()\u{0}\u{7F}é".utf8)

  /// A few bytes changed, added, removed, repeated or cut off.
  mutating func bytes(_ bytes: [UInt8], others: [[UInt8]] = []) -> [UInt8] {
    var bytes = bytes
    for _ in 0...number(0..<4) {
      let at = number(0..<bytes.count + 1)
      switch number(0..<8) {
      case 0 where !bytes.isEmpty: bytes[min(at, bytes.count - 1)] = UInt8(number(0..<256))
      case 1: bytes.insert(pick(Self.interesting) ?? 0, at: at)
      case 2 where at < bytes.count: bytes.remove(at: at)
      case 3: bytes.removeSubrange(at...)
      case 4 where !bytes.isEmpty:
        let end = min(bytes.count, at + number(1..<64))
        bytes.insert(contentsOf: bytes[min(at, end)..<end], at: at)
      case 5:
        let other = pick(others) ?? []
        let start = number(0..<other.count + 1)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 64)], at: at)
      case 6 where !bytes.isEmpty: bytes[min(at, bytes.count - 1)] ^= 1 << number(0..<8)
      default:
        bytes.insert(
          contentsOf: repeatElement(pick(Self.interesting) ?? 0, count: number(1..<300)), at: at)
      }
    }
    return bytes
  }

  mutating func text(_ text: String) -> String {
    String(decoding: bytes(Array(text.utf8)), as: UTF8.self)
  }

  // MARK: Documents

  private static let oddities: [JSONValue] = [
    .null, true, false, 0, -1, 1, 9_223_372_036_854_775_807, -9_223_372_036_854_775_807,
    .double(1e308), .double(-0.5), "", " ", "0", "-1", "null", "true", "a/b/c", "\u{0}", "é\u{301}",
    "99999999999999999999", "1Ki", "5m", "2006-01-02T15:04:05Z", "10.0.0.1", "::1", "::/0",
    "300.1.1.1/99", "metadata", [], [:], [[]], [:], [.null], ["a": .null], ["$patch": "delete"],
    ["$patch": "replace"], ["$retainKeys": ["a"]], [["$patch": "delete"]],
    .string(String(repeating: "x", count: 300)), "https://", "${1:/x}", "self.a", "[*].b", ".a[0]",
  ]

  /// The document with a node or two replaced, removed, doubled or renamed.
  mutating func document(_ document: JSONValue, others: [JSONValue]) -> JSONValue {
    var document = document
    for _ in 0...number(0..<3) { document = changed(document, others, depth: 0) }
    return document
  }

  private mutating func changed(_ value: JSONValue, _ others: [JSONValue], depth: Int) -> JSONValue
  {
    if chance(depth == 0 ? 0.05 : 0.25) { return replacement(others) }
    switch value {
    case .object(var members) where !members.isEmpty:
      let keys = Array(members.keys)
      guard let key = pick(keys), let old = members[key] else { return value }
      switch number(0..<10) {
      case 0: members[key] = nil
      case 1: members[text(key)] = old
      case 2: members[pick(keys) ?? key] = old
      case 3: members["unknown"] = replacement(others)
      default: members[key] = changed(old, others, depth: depth + 1)
      }
      return .object(members)
    case .array(var elements) where !elements.isEmpty:
      let index = number(0..<elements.count)
      switch number(0..<6) {
      case 0: elements.remove(at: index)
      case 1: elements.append(elements[index])
      case 2: elements.append(replacement(others))
      default: elements[index] = changed(elements[index], others, depth: depth + 1)
      }
      return .array(elements)
    case .string(let old): return chance(0.5) ? .string(text(old)) : replacement(others)
    default: return replacement(others)
    }
  }

  private mutating func replacement(_ others: [JSONValue]) -> JSONValue {
    if chance(0.7) { return pick(Self.oddities) ?? .null }
    // A part of another document.
    var part = pick(others) ?? .null
    for _ in 0..<number(0..<4) {
      switch part {
      case .object(let members): part = pick(Array(members))?.value ?? part
      case .array(let elements): part = pick(elements) ?? part
      default: break
      }
    }
    return part
  }
}
