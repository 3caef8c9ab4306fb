import Crypto
import CryptoExtras
import FoundationEssentials
import KubernetesClient
import SwiftASN1
import X509

/// How long certificates live and when they are replaced.
struct CertificatePolicy: Sendable, Hashable {
  private static let day = 86_400.0

  // Seconds.
  var authorityLifetime = 3650 * day
  var serverLifetime = 365 * day
  /// How long before its end a certificate is replaced; a third of its life when that is less.
  var renewBefore = 90 * day
  /// How long an earlier authority stays trusted beside its successor.
  var overlap = day
  /// Certificates begin in the past, for clients whose clock is behind.
  static let backdating = 3600.0
}

/// An authority that can sign.
struct SigningAuthority: Sendable {
  let certificate: Certificate
  /// PEM. PKCS #1, the only form that upstream reads back.
  let key: SecretBytes

  /// Makes a new authority, with the names that upstream's have.
  init(now: Date, policy: CertificatePolicy) throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let signer = Certificate.PrivateKey(key)
    let name = try DistinguishedName {
      OrganizationName("metallb")
      CommonName("cert")
    }
    certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey,
      notValidBefore: now - CertificatePolicy.backdating,
      notValidAfter: now + policy.authorityLifetime, issuer: name, subject: name,
      signatureAlgorithm: .sha256WithRSAEncryption,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(digitalSignature: true, keyEncipherment: true, keyCertSign: true))
        // Authorities of one name are told apart by it (RFC 5280 §4.2.1.2).
        SubjectKeyIdentifier(hash: signer.publicKey)
        SubjectAlternativeNames([.dnsName("cert")])
      },
      issuerPrivateKey: signer)
    self.key = SecretBytes(key.pemRepresentation)
  }

  /// - Parameter key: belongs to the certificate.
  init(certificate: Certificate, key: SecretBytes) {
    self.certificate = certificate
    self.key = key
  }

  /// Signs a new server certificate for all names. It never outlives its authority.
  func issue(
    names: [String], now: Date, policy: CertificatePolicy
  ) throws -> (certificate: Certificate, key: SecretBytes) {
    let key = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(key.publicKey)
    let signer = try Certificate.PrivateKey(pemEncoded: self.key.text)
    let authorityIdentifier =
      try certificate.extensions.subjectKeyIdentifier
      ?? SubjectKeyIdentifier(hash: certificate.publicKey)
    let leaf = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: max(now - CertificatePolicy.backdating, certificate.notValidBefore),
      notValidAfter: min(now + policy.serverLifetime, certificate.notValidAfter),
      issuer: certificate.subject,
      subject: try DistinguishedName {
        CommonName(names.first.map { String($0.prefix(64)) } ?? "")
      },
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names.map { .dnsName($0) })
        AuthorityKeyIdentifier(keyIdentifier: authorityIdentifier.keyIdentifier)
      },
      issuerPrivateKey: signer)
    return (leaf, SecretBytes(key.pemRepresentation))
  }
}
