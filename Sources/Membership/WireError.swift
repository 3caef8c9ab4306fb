/// Why bytes from the network could not be read. Every case is the peer's fault, or an attacker's.
package enum WireError: Error, Hashable, Sendable {
  /// The bytes end inside a value. On a stream this only means that more must come.
  case truncated
  /// Not the wire format: an unknown encoding, a value of the wrong type, a number out of range, or text that is not UTF-8.
  case malformed
  /// A type byte that has no meaning in this place.
  case unexpectedType(UInt8)
  /// A message, or what it expands to, is longer than the limit.
  case tooLarge(limit: Int)
  /// Messages nested deeper than any sender does.
  case nestedTooDeep
  case checksumMismatch
  /// Another gossip label than ours, or none where we have one.
  case labelMismatch
  /// None of our keys opens it, or its encryption version is unknown.
  case notDecryptable
  /// It is in clear, and we have a key and insist on encryption.
  case notEncrypted
  /// It is encrypted, and we have no key.
  case noKey
}

extension WireError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated: "the message ends too early"
    case .malformed: "the message is malformed"
    case .unexpectedType(let type): "message type \(type) is not expected here"
    case .tooLarge(let limit): "the message is longer than \(limit) bytes"
    case .nestedTooDeep: "messages are nested too deep"
    case .checksumMismatch: "the checksum does not fit"
    case .labelMismatch: "the label is not ours"
    case .notDecryptable: "no installed key could decrypt the message"
    case .notEncrypted: "encryption is configured but the message is not encrypted"
    case .noKey: "the message is encrypted and encryption is not configured"
    }
  }
}
