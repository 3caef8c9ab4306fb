import Crypto
import FoundationEssentials
package import Logging
import NIOCore
package import NIOSSL
import NIOPosix
import SwiftASN1
import Synchronization
import X509

/// Where a server takes its certificate from.
package enum CertificateSource: Sendable {
  /// A certificate and key that exist only here.
  case fixed(ServingCertificate)
  /// A directory with `tls.crt` and `tls.key`, such as a mounted Secret.
  case directory(String)
  /// Two files.
  case files(certificate: String, key: String)
  /// Whatever the function answers at the moment.
  case changing(@Sendable () throws -> ServingCertificate)

  /// Reads the certificate as it is now. Blocks on files.
  package func load() throws(CertificateError) -> ServingCertificate {
    switch self {
    case .fixed(let certificate): return certificate
    case .directory(let path):
      return try Self.load(path + "/tls.crt", path + "/tls.key", place: path)
    case .files(let certificate, let key):
      return try Self.load(certificate, key, place: certificate)
    case .changing(let current):
      do {
        return try current()
      } catch {
        throw CertificateError(place: "memory", cause: error)
      }
    }
  }
}

extension CertificateSource {
  private static func load(
    _ certificate: String, _ key: String, place: String
  ) throws(CertificateError) -> ServingCertificate {
    do {
      return ServingCertificate(
        chain: try NIOSSLCertificate.fromPEMFile(certificate),
        key: try NIOSSLPrivateKey(file: key, format: .pem))
    } catch {
      throw CertificateError(place: place, cause: error)
    }
  }
}

/// A place without a usable pair of certificate and key.
package struct CertificateError: Error, CustomStringConvertible {
  /// A directory, or the file with the certificate.
  package var place: String
  package var cause: any Error

  package var description: String {
    "no usable tls.crt and tls.key in \(place): \(cause)"
  }
}

/// A certificate with what comes with it, and its key.
package struct ServingCertificate: Sendable {
  /// The leaf first.
  package var chain: [NIOSSLCertificate]
  package var key: NIOSSLPrivateKey

  package init(chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
    self.chain = chain
    self.key = key
  }

  /// A certificate for `names` that nobody vouches for: scrapers skip verification, as with upstream.
  ///
  /// - Parameter seconds: the present time since 1970.
  package static func selfSigned(names: [String], at seconds: Int64) throws -> ServingCertificate {
    let (certificate, key) = try selfSignedPEM(names: names, at: seconds)
    return ServingCertificate(
      chain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)),
      key: try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
  }

  static func selfSignedPEM(
    names: [String], at seconds: Int64
  ) throws -> (certificate: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let subject = try DistinguishedName { CommonName(names.first ?? "metallb") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date(timeIntervalSince1970: Double(seconds) - 3600),
      notValidAfter: Date(timeIntervalSince1970: Double(seconds) + 365 * 86_400),
      issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        // An authority for itself alone, so that a scraper may also choose to trust exactly this certificate.
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names.map { .dnsName($0) })
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    return (try certificate.serializeAsPEM().pemString, key.pemRepresentation)
  }
}

/// The certificate that was read last. A source that fails, while files are being replaced, leaves it in use.
final class LatestCertificate: Sendable {
  private let source: CertificateSource
  private let logger: Logger
  private let latest: Mutex<ServingCertificate>

  init(_ source: CertificateSource, logger: Logger) throws(CertificateError) {
    self.source = source
    self.logger = logger
    latest = Mutex(try source.load())
  }

  /// What was read last, without reading anew.
  var certificate: ServingCertificate { latest.withLock { $0 } }

  /// Reads anew. Blocks on files.
  func refresh() -> ServingCertificate {
    do {
      let current = try source.load()
      latest.withLock { $0 = current }
      return current
    } catch {
      logger.warning("Keeping the earlier serving certificate", error: error)
      return certificate
    }
  }
}

/// The configuration of a server that asks its source for the certificate at each handshake.
package func tlsConfiguration(
  source: CertificateSource, limits: TLSLimits, logger: Logger
) throws(CertificateError) -> TLSConfiguration {
  let latest = try LatestCertificate(source, logger: logger)
  let initial = latest.certificate
  var configuration = TLSConfiguration.makeServerConfiguration(
    certificateChain: initial.chain.map { .certificate($0) }, privateKey: .privateKey(initial.key))
  // No client certificate is ever verified: do not read the system's trust store.
  configuration.trustRoots = .certificates([])
  // Scrapers keep connections open: a stop does not wait long for their farewell.
  configuration.shutdownTimeout = .milliseconds(100)
  limits.apply(to: &configuration)
  if case .fixed = source { return configuration }
  configuration.sslContextCallback = { _, promise in
    let loaded = NIOThreadPool.singleton.runIfActive(eventLoop: promise.futureResult.eventLoop) {
      let current = latest.refresh()
      var change = NIOSSLContextConfigurationOverride()
      change.certificateChain = current.chain.map { .certificate($0) }
      change.privateKey = .privateKey(current.key)
      return change
    }
    loaded.cascade(to: promise)
  }
  return configuration
}
