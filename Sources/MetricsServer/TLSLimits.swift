package import NIOSSL

/// What the TLS flags allow: `--tls-min-version`, `--tls-cipher-suites`, `--tls-curve-preferences`.
package struct TLSLimits: Sendable, Hashable {
  package var minimumVersion: TLSVersion = .tlsv13
  /// For TLS 1.2; empty for the defaults.
  package var cipherSuites: [NIOTLSCipher] = []
  /// In order of preference; empty for the defaults.
  package var curves: [NIOTLSCurve] = []

  /// TLS 1.3 with the library's suites and curves.
  package init() {}

  /// Reads the values of the flags; empty texts mean the defaults.
  ///
  /// A cluster's TLS profile is written for all kinds of servers: what it allows and this one does not offer (versions
  /// before 1.2, suites without forward secrecy, some curves) is left out. What it does not allow is never offered.
  ///
  /// - Parameters:
  ///   - minimumVersion: `VersionTLS10` to `VersionTLS13`; below 1.2 means 1.2.
  ///   - cipherSuites: IANA names, separated by commas. Those of TLS 1.3 are always on, and the others need TLS 1.2.
  ///   - curvePreferences: numbers of the TLS Supported Groups registry, separated by commas.
  package init(
    minimumVersion: String, cipherSuites: String, curvePreferences: String
  ) throws(TLSLimitsError) {
    var problems: [TLSLimitsError] = []
    self.init(
      minimumVersion: minimumVersion, cipherSuites: cipherSuites,
      curvePreferences: curvePreferences, problems: &problems)
    if let first = problems.first { throw first }
  }

  /// The same, with what cannot be meant left out: of a version the newest remains, of the rest the defaults. For values
  /// that somebody wrote for several servers, as in an environment.
  ///
  /// - Parameter problems: what was left out is added.
  package init(
    minimumVersion: String, cipherSuites: String, curvePreferences: String,
    problems: inout [TLSLimitsError]
  ) {
    switch minimumVersion {
    case "", "VersionTLS13": self.minimumVersion = .tlsv13
    case "VersionTLS10", "VersionTLS11", "VersionTLS12": self.minimumVersion = .tlsv12
    default: problems.append(.unknownVersion(minimumVersion))
    }
    let names = Self.items(cipherSuites)
    for name in names where !Self.suitesOfTLS13.contains(name) {
      guard let suite = Self.suites[name] else {
        if !Self.unofferedSuites.contains(name) { problems.append(.unknownCipherSuite(name)) }
        continue
      }
      self.cipherSuites.append(suite)
    }
    if !self.cipherSuites.isEmpty, self.minimumVersion == .tlsv13 {
      problems.append(.cipherSuitesNeedTLS12)
      self.cipherSuites = []
    }
    // Nothing that TLS 1.2 could use: an empty list would mean its defaults.
    if self.cipherSuites.isEmpty, !names.isEmpty { self.minimumVersion = .tlsv13 }
    var seen: Set<UInt16> = []
    for text in Self.items(curvePreferences) {
      guard let number = UInt16(text),
        Self.curves.contains(number) || Self.unofferedCurves.contains(number)
      else {
        problems.append(.unknownCurve(text))
        continue
      }
      guard seen.insert(number).inserted else {
        problems.append(.duplicateCurve(number))
        continue
      }
      if Self.curves.contains(number) { curves.append(NIOTLSCurve(rawValue: number)) }
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
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
  ]

  private static let suitesOfTLS13: Set = [
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
  ]

  /// Known, and no longer safe.
  private static let unofferedSuites: Set = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
  ]

  /// P-256, P-384, P-521, X25519, X25519MLKEM768.
  private static let curves: Set<UInt16> = [23, 24, 25, 29, 4588]

  /// SecP256r1MLKEM768 and SecP384r1MLKEM1024, which the library lacks.
  private static let unofferedCurves: Set<UInt16> = [4587, 4589]
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
  /// The flag that has the value.
  package var flag: String {
    switch self {
    case .unknownVersion: "--tls-min-version"
    case .unknownCipherSuite, .cipherSuitesNeedTLS12: "--tls-cipher-suites"
    case .unknownCurve, .duplicateCurve: "--tls-curve-preferences"
    }
  }

  package var description: String {
    switch self {
    case .unknownVersion(let text):
      "\(flag): \"\(text)\" is not a version: write VersionTLS12 or VersionTLS13"
    case .unknownCipherSuite(let name):
      "\(flag): \"\(name)\" is no cipher suite known here"
    case .cipherSuitesNeedTLS12:
      "\(flag) has no effect on TLS 1.3: remove it, or set --tls-min-version=VersionTLS12"
    case .unknownCurve(let text):
      "\(flag): \"\(text)\" is not the number of a curve known here"
    case .duplicateCurve(let number):
      "\(flag): \(number) stands twice"
    }
  }
}
