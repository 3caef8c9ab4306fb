import MetricsServer
import NIOSSL
import Testing

@Suite struct TLSLimitsTests {
  @Test func `Reads the flags`() throws {
    let defaults = try TLSLimits(minimumVersion: "", cipherSuites: "", curvePreferences: "")
    #expect(defaults == TLSLimits())
    let limits = try TLSLimits(
      minimumVersion: "VersionTLS12",
      cipherSuites:
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      curvePreferences: "29,23")
    #expect(limits.minimumVersion == .tlsv12)
    #expect(
      limits.cipherSuites == [
        .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      ])
    #expect(limits.curves == [.x25519, .secp256r1])
  }

  struct Refusal: CustomTestStringConvertible {
    var version = "VersionTLS12"
    var suites = ""
    var curves = ""
    var error: TLSLimitsError
    var testDescription: String { "\(error)" }

    static let rows = [
      Refusal(version: "1.2", error: .unknownVersion("1.2")),
      Refusal(version: "VersionTLS11", error: .unknownVersion("VersionTLS11")),
      Refusal(suites: "AES", error: .unknownCipherSuite("AES")),
      Refusal(
        version: "", suites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", error: .cipherSuitesNeedTLS12),
      Refusal(curves: "x25519", error: .unknownCurve("x25519")),
      Refusal(curves: "0", error: .unknownCurve("0")),
      Refusal(curves: "65536", error: .unknownCurve("65536")),
      Refusal(curves: "29,29", error: .duplicateCurve(29)),
    ]
  }

  @Test(arguments: Refusal.rows)
  func `Names the flag that is wrong`(row: Refusal) {
    #expect(throws: row.error) {
      try TLSLimits(
        minimumVersion: row.version, cipherSuites: row.suites, curvePreferences: row.curves)
    }
  }
}
