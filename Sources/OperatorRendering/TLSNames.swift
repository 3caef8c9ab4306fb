/// How TLS is spoken of: names of the IANA registries, as flags and environment variables hold them, and
/// OpenSSL's, as OpenShift's profiles hold them.
enum TLSNames {
  static let versions = ["VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"]

  /// Every suite that a server of ours or of upstream's may be told.
  static let cipherSuites = Set(ianaNames.values).union([
    // Not chosen by anybody: with TLS 1.3 these are what there is.
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    // Without OpenSSL's name in any profile.
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  ])

  /// TLS Supported Groups: P-256, P-384, P-521, X25519, and the hybrids with ML-KEM.
  static let curves: Set<UInt16> = [23, 24, 25, 29, 4587, 4588, 4589]

  /// The IANA name of a suite that a profile names. `nil` for those that servers written in Go or on
  /// BoringSSL do not have, such as finite-field Diffie-Hellman: profiles list them for others.
  static func ianaName(_ name: String) -> String? {
    name.hasPrefix("TLS_") && cipherSuites.contains(name) ? name : ianaNames[name]
  }

  private static let ianaNames = [
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "ECDHE-RSA-AES128-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "ECDHE-ECDSA-AES128-SHA": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "ECDHE-RSA-AES128-SHA": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "ECDHE-ECDSA-AES256-SHA": "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "ECDHE-RSA-AES256-SHA": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "AES256-GCM-SHA384": "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "AES128-SHA256": "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "AES128-SHA": "TLS_RSA_WITH_AES_128_CBC_SHA",
    "AES256-SHA": "TLS_RSA_WITH_AES_256_CBC_SHA",
    "DES-CBC3-SHA": "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
  ]
}

extension OperatorEnvironment.TLSOptions {
  /// The same as servers take it, which refuse the rest and would not start. None of them, upstream's neither, takes
  /// versions before 1.2, nor suites where only TLS 1.3 is spoken, whose suites are fixed.
  package var forServers: Self {
    var options = self
    switch minVersion {
    case "VersionTLS10", "VersionTLS11", "VersionTLS12": options.minVersion = "VersionTLS12"
    case "": options.cipherSuites = ""
    // Also a version that is newer than this program.
    default: (options.minVersion, options.cipherSuites) = ("VersionTLS13", "")
    }
    return options
  }

  var cipherSuiteNames: [String] {
    cipherSuites.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter {
      !$0.isEmpty
    }
  }
}
