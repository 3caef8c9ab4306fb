import Crypto

/// A shared secret of 16, 24 or 32 bytes: an AES key. Never printed.
package struct GossipKey: Sendable, Equatable {
  let symmetricKey: SymmetricKey

  /// Nil for any other length.
  package init?(bytes: [UInt8]) {
    guard [16, 24, 32].contains(bytes.count) else { return nil }
    symmetricKey = SymmetricKey(data: bytes)
  }

  /// The key that MetalLB makes of the bytes of its secret: the first 32 bytes of the secret followed by the SHA-256 digest
  /// of nothing. That pads a short secret and cuts a long one; it is no digest of the secret.
  package init(secret: [UInt8]) {
    let padding = SHA256.hash(data: [] as [UInt8])
    symmetricKey = SymmetricKey(data: Array((secret + Array(padding)).prefix(32)))
  }
}

extension GossipKey: CustomStringConvertible, CustomReflectable {
  package var description: String { "GossipKey(\(symmetricKey.bitCount) bits)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The encryption of memberlist: AES-GCM with a nonce of 12 random bytes.
///
/// Sealed: version ‖ nonce (12) ‖ ciphertext ‖ tag (16). Version 0 pads the plaintext to blocks of 16 bytes as PKCS #7 says,
/// which members that speak protocol 1 want; version 1 does not.
///
/// Several keys serve rotation: the first encrypts, each of them decrypts. First give every member the new key in second
/// place, then everywhere in first place, then take the old one away.
struct GossipCipher {
  enum Version: UInt8 {
    case padded = 0
    case unpadded = 1
  }

  static let nonceLength = 12
  static let tagLength = 16
  /// What sealing adds, at most.
  static func overhead(_ version: Version) -> Int {
    switch version {
    case .padded: 1 + nonceLength + tagLength + 16
    case .unpadded: 1 + nonceLength + tagLength
    }
  }

  private let keys: [GossipKey]

  /// Nil without keys.
  init?(keys: [GossipKey]) {
    guard !keys.isEmpty else { return nil }
    self.keys = keys
  }

  /// The nonce must come from a cryptographic generator: one that repeats gives the key away.
  func seal(
    _ plaintext: [UInt8], version: Version = .unpadded, authenticating header: [UInt8],
    using generator: inout some RandomNumberGenerator
  ) -> [UInt8]? {
    var nonce: [UInt8] = []
    nonce.append(network: generator.next() as UInt64)
    nonce.append(network: generator.next() as UInt32)
    return seal(plaintext, version: version, authenticating: header, nonce: nonce)
  }

  func seal(
    _ plaintext: [UInt8], version: Version, authenticating header: [UInt8], nonce: [UInt8]
  ) -> [UInt8]? {
    var plaintext = plaintext
    if version == .padded {
      let padding = 16 - plaintext.count % 16
      plaintext.append(contentsOf: repeatElement(UInt8(padding), count: padding))
    }
    guard let key = keys.first, let gcmNonce = try? AES.GCM.Nonce(data: nonce),
      let box = try? AES.GCM.seal(
        plaintext, using: key.symmetricKey, nonce: gcmNonce, authenticating: header)
    else { return nil }
    var sealed: [UInt8] = [version.rawValue]
    sealed.append(contentsOf: nonce)
    sealed.append(contentsOf: box.ciphertext)
    sealed.append(contentsOf: box.tag)
    return sealed
  }

  func open(_ sealed: ArraySlice<UInt8>, authenticating header: [UInt8]) throws(WireError)
    -> [UInt8]
  {
    guard let version = sealed.first.flatMap(Version.init(rawValue:)),
      sealed.count >= 1 + Self.nonceLength + Self.tagLength
    else { throw .notDecryptable }
    let nonce = sealed.dropFirst().prefix(Self.nonceLength)
    let ciphertext = sealed.dropFirst(1 + Self.nonceLength).dropLast(Self.tagLength)
    guard
      let box = try? AES.GCM.SealedBox(
        nonce: AES.GCM.Nonce(data: nonce), ciphertext: ciphertext,
        tag: sealed.suffix(Self.tagLength))
    else { throw .notDecryptable }
    for key in keys {
      guard let data = try? AES.GCM.open(box, using: key.symmetricKey, authenticating: header)
      else { continue }
      let plaintext = [UInt8](data)
      guard version == .padded else { return plaintext }
      guard let padding = plaintext.last, padding >= 1, padding <= 16, padding <= plaintext.count
      else { throw .malformed }
      return plaintext.dropLast(Int(padding))
    }
    throw .notDecryptable
  }
}
