import Crypto
import CryptoExtras
import KubernetesAPI
import Synchronization

/// The RSA key that signs service account tokens (RS256, RFC 7518 §3.3). It is made when it is first
/// needed, because that takes a while and many servers never issue a token.
final class TokenSigningKey: Sendable {
  private let made = Mutex<Made?>(nil)

  private struct Made: Sendable {
    var key: _RSA.Signing.PrivateKey
    var id: String
  }

  private func key() throws -> Made {
    try made.withLock { made in
      if let made { return made }
      let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
      let digest = SHA256.hash(data: key.publicKey.derRepresentation)
      let new = Made(key: key, id: Base64URL.encode(Array(digest)))
      made = new
      return new
    }
  }

  /// `header.claims.signature`
  func sign(_ claims: JSONValue) throws -> String {
    let made = try key()
    let header: JSONValue = ["alg": "RS256", "kid": .string(made.id)]
    let signed = Base64URL.encode(header.jsonBytes) + "." + Base64URL.encode(claims.jsonBytes)
    let signature = try made.key.signature(
      for: SHA256.hash(data: Array(signed.utf8)), padding: .insecurePKCS1v1_5)
    return signed + "." + Base64URL.encode(Array(signature.rawRepresentation))
  }

  /// The claims of a token that this key signed; `nil` for every other text.
  func claims(of token: String) -> JSONValue? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let made = made.withLock({ $0 }),
      let signature = Base64URL.decode(parts[2]), let payload = Base64URL.decode(parts[1])
    else { return nil }
    let digest = SHA256.hash(data: Array("\(parts[0]).\(parts[1])".utf8))
    guard
      made.key.publicKey.isValidSignature(
        _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest,
        padding: .insecurePKCS1v1_5)
    else { return nil }
    return try? JSONValue(parsing: payload)
  }

  /// RFC 7517 §5, with the public key alone.
  func keySet() throws -> JSONValue {
    let made = try key()
    let numbers = try made.key.publicKey.getKeyPrimitives()
    return [
      "keys": [
        [
          "use": "sig", "kty": "RSA", "kid": .string(made.id), "alg": "RS256",
          "n": .string(Base64URL.encode(Array(numbers.modulus))),
          "e": .string(Base64URL.encode(Array(numbers.publicExponent))),
        ]
      ]
    ]
  }
}
