import Crypto
import FoundationEssentials
import KubernetesAPI
import SwiftASN1
import X509

/// A certificate authority made at start and kept in memory, and what it signs: the server's own
/// certificate and those of clients.
struct ServerCertificates: Sendable {
  let caPEM: String
  let serverCertificatePEM: String
  let serverKeyPEM: String
  private let caKey: Certificate.PrivateKey
  private let caName: DistinguishedName
  private let notBefore: Timestamp
  private let notAfter: Timestamp

  struct ClientCertificate: Sendable {
    var certificatePEM: String
    var keyPEM: String
  }

  /// - Parameter addresses: IP addresses and DNS names that clients may use.
  init(dnsNames: [String], addresses: [[UInt8]], now: Timestamp) throws {
    // A little in the past, for clients whose clock is behind.
    notBefore = now.advanced(by: .seconds(-3600))
    notAfter = now.advanced(by: .seconds(3600 * 24 * 365))
    let caKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
    self.caKey = caKey
    caName = try DistinguishedName { CommonName("development-api-server-ca") }
    let ca = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: caKey.publicKey,
      notValidBefore: Date(notBefore), notValidAfter: Date(notAfter), issuer: caName,
      subject: caName, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
        SubjectKeyIdentifier(hash: caKey.publicKey)
      },
      issuerPrivateKey: caKey)
    caPEM = try ca.serializeAsPEM().pemString
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let names =
      dnsNames.map { GeneralName.dnsName($0) }
      + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
    let server = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: Date(notBefore), notValidAfter: Date(notAfter), issuer: caName,
      subject: try DistinguishedName { CommonName("kube-apiserver") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names)
        AuthorityKeyIdentifier(
          keyIdentifier: SubjectKeyIdentifier(hash: caKey.publicKey).keyIdentifier)
      },
      issuerPrivateKey: caKey)
    serverCertificatePEM = try server.serializeAsPEM().pemString
    serverKeyPEM = try key.serializeAsPEM().pemString
  }

  /// A certificate that makes its holder `user`: the common name is the name, organizations are
  /// groups.
  func issue(_ user: UserInfo) throws -> ClientCertificate {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let subject = try DistinguishedName {
      for group in user.groups { OrganizationName(group) }
      CommonName(user.name)
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: Date(notBefore), notValidAfter: Date(notAfter), issuer: caName,
      subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.clientAuth])
      },
      issuerPrivateKey: caKey)
    return ClientCertificate(
      certificatePEM: try certificate.serializeAsPEM().pemString,
      keyPEM: try key.serializeAsPEM().pemString)
  }

  /// Who a client certificate says its holder is; `nil` when it names nobody.
  static func user(der: [UInt8]) -> UserInfo? {
    guard let certificate = try? Certificate(derEncoded: der) else { return nil }
    var user = UserInfo(name: "")
    for relative in certificate.subject {
      for attribute in relative {
        guard let text = String(attribute.value) else { continue }
        if attribute.type == .RDNAttributeType.commonName { user.name = text }
        if attribute.type == .RDNAttributeType.organizationName { user.groups.append(text) }
      }
    }
    return user.name.isEmpty ? nil : user
  }
}

extension Date {
  fileprivate init(_ time: Timestamp) {
    self.init(timeIntervalSince1970: Double(time.microseconds / 1_000_000))
  }
}
