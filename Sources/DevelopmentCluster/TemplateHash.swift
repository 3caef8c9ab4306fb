package import KubernetesAPI

/// A short name for the content of a Pod template: equal templates have equal names, in every run.
package enum TemplateHash {
  /// Letters and digits that cannot form words, as Kubernetes chooses them for names.
  private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

  /// FNV-1a over the JSON text with sorted members, so that order does not count.
  package static func hash(_ template: PodTemplateSpec) throws -> String {
    let value = try JSONValue(encoding: template).withSortedMembers
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in value.jsonBytes {
      hash ^= UInt64(byte)
      hash = hash &* 0x100_0000_01b3
    }
    return text(hash, length: 9)
  }

  /// The end of a generated name.
  package static func randomSuffix() -> String { text(.random(in: 0...UInt64.max), length: 5) }

  private static func text(_ number: UInt64, length: Int) -> String {
    var number = number
    var bytes: [UInt8] = []
    for _ in 0..<length {
      bytes.append(alphabet[Int(number % UInt64(alphabet.count))])
      number /= UInt64(alphabet.count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension JSONValue {
  fileprivate var withSortedMembers: JSONValue {
    switch self {
    case .object(let object):
      var sorted = JSONObject(object.map { ($0.key, $0.value.withSortedMembers) })
      sorted.sort()
      return .object(sorted)
    case .array(let values): return .array(values.map(\.withSortedMembers))
    case .null, .bool, .integer, .double, .string: return self
    }
  }
}
