package import NIOSSL

/// What the TLS flags allow: `--tls-min-version`, `--tls-cipher-suites`, `--tls-curve-preferences`.
package struct TLSLimits: Sendable, Hashable {
  package var minimumVersion: TLSVersion = .tlsv13
  /// Only for TLS 1.2; empty for the defaults.
  package var cipherSuites: [NIOTLSCipher] = []
  /// In order of preference; empty for the defaults.
  package var curves: [NIOTLSCurve] = []

  /// TLS 1.3 with the library's suites and curves.
  package init() {}

  /// Reads the values of the flags; empty texts mean the defaults.
  ///
  /// - Parameters:
  ///   - minimumVersion: `VersionTLS12` or `VersionTLS13`.
  ///   - cipherSuites: IANA names, separated by commas; only with TLS 1.2.
  ///   - curvePreferences: numbers of the TLS Supported Groups registry, separated by commas.
  package init(
    minimumVersion: String, cipherSuites: String, curvePreferences: String
  ) throws(TLSLimitsError) {
    switch minimumVersion {
    case "", "VersionTLS13": self.minimumVersion = .tlsv13
    case "VersionTLS12": self.minimumVersion = .tlsv12
    default: throw .unknownVersion(minimumVersion)
    }
    for name in Self.items(cipherSuites) {
      guard let suite = Self.suites[name] else { throw .unknownCipherSuite(name) }
      self.cipherSuites.append(suite)
    }
    if !self.cipherSuites.isEmpty, self.minimumVersion == .tlsv13 {
      throw .cipherSuitesNeedTLS12
    }
    for text in Self.items(curvePreferences) {
      guard let number = UInt16(text), Self.knownCurves.contains(NIOTLSCurve(rawValue: number))
      else { throw .unknownCurve(text) }
      let curve = NIOTLSCurve(rawValue: number)
      guard !curves.contains(curve) else { throw .duplicateCurve(number) }
      curves.append(curve)
    }
  }

  func apply(to configuration: inout TLSConfiguration) {
    configuration.minimumTLSVersion = minimumVersion
    if !cipherSuites.isEmpty { configuration.cipherSuiteValues = cipherSuites }
    if !curves.isEmpty { configuration.curves = curves }
  }

  private static func items(_ list: String) -> [String] {
    list.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
  }

  /// The suites of TLS 1.2 that have forward secrecy and an AEAD.
  private static let suites: [String: NIOTLSCipher] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256":
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
  ]

  private static let knownCurves: Set<NIOTLSCurve> = [
    .secp256r1, .secp384r1, .secp521r1, .x25519, .x25519_MLKEM768,
  ]
}

/// A TLS flag with a value that cannot be meant.
package enum TLSLimitsError: Error, Hashable {
  case unknownVersion(String)
  case unknownCipherSuite(String)
  case cipherSuitesNeedTLS12
  case unknownCurve(String)
  case duplicateCurve(UInt16)
}

extension TLSLimitsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownVersion(let text):
      "--tls-min-version: \"\(text)\" is neither VersionTLS12 nor VersionTLS13"
    case .unknownCipherSuite(let name):
      "--tls-cipher-suites: \"\(name)\" is no cipher suite known here"
    case .cipherSuitesNeedTLS12:
      "--tls-cipher-suites has no effect on TLS 1.3: remove it, or set --tls-min-version=VersionTLS12"
    case .unknownCurve(let text):
      "--tls-curve-preferences: \"\(text)\" is not the number of a curve known here"
    case .duplicateCurve(let number):
      "--tls-curve-preferences: \(number) stands twice"
    }
  }
}
