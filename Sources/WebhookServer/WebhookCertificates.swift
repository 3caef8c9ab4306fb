import FoundationEssentials
import KubernetesAPI
import KubernetesClient
import MetricsServer
import NIOSSL
import SwiftASN1
import X509

/// A server certificate, the authorities by which clients recognise it, and the keys: what the Secret of a webhook server
/// holds, under upstream's names.
///
/// | Key | Contents, all PEM |
/// |---|---|
/// | `ca.crt` | the authority that signs, then earlier ones that are trusted still; API servers are told exactly this |
/// | `ca.key` | the signing authority's key; absent when somebody else made the certificates |
/// | `tls.crt` | the server's certificate, with intermediate ones after it |
/// | `tls.key` | the server's key |
struct WebhookCertificates: Sendable, Hashable {
  /// The one that signs comes first. Never empty.
  var authorities: [Certificate]
  var authorityKey: SecretBytes?
  /// The server's own first. Never empty.
  var chain: [Certificate]
  var key: SecretBytes

  enum DataKey {
    static let authorities = "ca.crt"
    static let authorityKey = "ca.key"
    static let chain = "tls.crt"
    static let key = "tls.key"
  }

  /// What API servers have to trust: PEM.
  var trustBundle: String {
    get throws { try Self.pem(authorities) }
  }

  /// The values in base64, as a Secret has them.
  var secretData: [String: String] {
    get throws {
      var data = [
        DataKey.authorities: encodeBase64(Array(try trustBundle.utf8)),
        DataKey.chain: encodeBase64(Array(try Self.pem(chain).utf8)),
        DataKey.key: encodeBase64(key.bytes),
      ]
      data[DataKey.authorityKey] = authorityKey.map { encodeBase64($0.bytes) }
      return data
    }
  }

  /// As a TLS server takes it.
  var serving: ServingCertificate {
    get throws {
      ServingCertificate(
        chain: try NIOSSLCertificate.fromPEMBytes(Array(try Self.pem(chain).utf8)),
        key: try NIOSSLPrivateKey(bytes: key.bytes, format: .pem))
    }
  }

  private static func pem(_ certificates: [Certificate]) throws -> String {
    try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
  }
}

/// Certificates that cannot be used, with the reason in words.
struct CertificateFault: Error, Hashable, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// The data of a Secret, read as far as it can be.
struct StoredCertificates: Sendable {
  /// Empty when there are none or they are no certificates.
  var authorities: [Certificate] = []
  var authorityKey: SecretBytes?
  var chain: [Certificate] = []
  var key: SecretBytes?

  /// How many authorities are read: more are somebody's mistake, and each costs API servers time.
  private static let authorityLimit = 8

  /// - Parameter data: values in base64.
  init(_ data: [String: String]) {
    authorities = Self.certificates(data[WebhookCertificates.DataKey.authorities])
    if authorities.count > Self.authorityLimit { authorities = [] }
    authorityKey = Self.bytes(data[WebhookCertificates.DataKey.authorityKey])
    chain = Self.certificates(data[WebhookCertificates.DataKey.chain])
    key = Self.bytes(data[WebhookCertificates.DataKey.key])
  }

  private static func bytes(_ value: String?) -> SecretBytes? {
    guard let bytes = value.flatMap({ decodeBase64($0) }), !bytes.isEmpty else { return nil }
    return SecretBytes(bytes)
  }

  private static func certificates(_ value: String?) -> [Certificate] {
    guard let bytes = value.flatMap({ decodeBase64($0) }) else { return [] }
    let text = String(decoding: bytes, as: UTF8.self)
    return
      (try? PEMDocument.parseMultiple(pemString: text).map { try Certificate(pemDocument: $0) })
      ?? []
  }

  /// Whether the first authority can sign: its key is there and belongs to it.
  var canSign: Bool {
    guard let authority = authorities.first, let key = authorityKey,
      let parsed = try? Certificate.PrivateKey(pemEncoded: key.text)
    else { return false }
    return parsed.publicKey == authority.publicKey && authority.isAuthority
  }

  /// The certificates, when a client that trusts the authorities accepts the server under every name at `now`.
  func usable(names: [String], at now: Date) throws(CertificateFault) -> WebhookCertificates {
    guard let leaf = chain.first, let key else {
      throw CertificateFault("the Secret has no server certificate with its key")
    }
    guard let authority = authorities.first else {
      throw CertificateFault("the Secret has no authority")
    }
    guard authority.isValid(at: now) else {
      throw CertificateFault("the authority is not valid now")
    }
    guard leaf.isValid(at: now) else {
      throw CertificateFault("the server certificate is not valid now")
    }
    guard (try? Certificate.PrivateKey(pemEncoded: key.text))?.publicKey == leaf.publicKey else {
      throw CertificateFault("the server's key does not belong to its certificate")
    }
    let covered = leaf.dnsNames
    if let missing = names.first(where: { !covered.contains($0) }) {
      throw CertificateFault("the server certificate is not for \(missing)")
    }
    let isChained = zip(chain, chain.dropFirst()).allSatisfy { $0.isSigned(by: $1) }
    guard isChained, let last = chain.last, authorities.contains(where: { last.isSigned(by: $0) })
    else { throw CertificateFault("the server certificate is signed by none of the authorities") }
    return WebhookCertificates(
      authorities: authorities, authorityKey: authorityKey, chain: chain, key: key)
  }
}

extension Certificate {
  func isValid(at date: Date) -> Bool { notValidBefore <= date && date < notValidAfter }

  func isSigned(by issuer: Certificate) -> Bool {
    self.issuer == issuer.subject && issuer.publicKey.isValidSignature(signature, for: self)
  }

  /// RFC 5280 §4.2.1.9
  var isAuthority: Bool {
    if case .isCertificateAuthority? = try? extensions.basicConstraints { true } else { false }
  }

  /// RFC 5280 §4.2.1.6
  var dnsNames: Set<String> {
    let names =
      (try? extensions.subjectAlternativeNames).flatMap { $0 } ?? SubjectAlternativeNames()
    return Set(
      names.compactMap { name in
        if case .dnsName(let text) = name { text } else { nil }
      })
  }
}

extension WebhookCertificates {
  /// The authority by which clients recognise what is served: PEM.
  var authority: String {
    get throws {
      let signer = authorities.first { authority in
        chain.last.map { $0.isSigned(by: authority) } ?? false
      }
      return try Self.pem((signer ?? authorities.first).map { [$0] } ?? [])
    }
  }

  /// Whether clients accept it for its time.
  func isUsable(at now: Timestamp) -> Bool {
    chain.allSatisfy { $0.isValid(at: Date(now)) }
  }
}
