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

  @Test func `What a profile allows and no server should offer is left out`() throws {
    let old = try TLSLimits(
      minimumVersion: "VersionTLS10",
      cipherSuites: """
        TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_3DES_EDE_CBC_SHA
        """, curvePreferences: "4587,29")
    #expect(old.minimumVersion == .tlsv12)
    #expect(old.cipherSuites == [.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256])
    #expect(old.curves == [.x25519])
    let modern = try TLSLimits(
      minimumVersion: "VersionTLS13", cipherSuites: "TLS_AES_128_GCM_SHA256", curvePreferences: ""
    )
    #expect(modern == TLSLimits())
    let weak = try TLSLimits(
      minimumVersion: "VersionTLS12", cipherSuites: "TLS_RSA_WITH_AES_128_CBC_SHA",
      curvePreferences: "")
    #expect(weak.minimumVersion == .tlsv13, "no suite of TLS 1.2 is left")
  }

  @Test func `What nobody can mean is left out where it is tolerated`() {
    var problems: [TLSLimitsError] = []
    let limits = TLSLimits(
      minimumVersion: "VersionTLS12",
      cipherSuites: "AES,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", curvePreferences: "29,x,29,23",
      problems: &problems)
    #expect(problems == [.unknownCipherSuite("AES"), .unknownCurve("x"), .duplicateCurve(29)])
    #expect(limits.minimumVersion == .tlsv12)
    #expect(limits.cipherSuites == [.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256])
    #expect(limits.curves == [.x25519, .secp256r1])
  }

  @Test(arguments: ["", "VersionTLS13", "VersionTLS14"])
  func `Suites without TLS 1.2 open nothing where they are tolerated`(version: String) {
    var problems: [TLSLimitsError] = []
    let limits = TLSLimits(
      minimumVersion: version, cipherSuites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      curvePreferences: "", problems: &problems)
    #expect(problems.last == .cipherSuitesNeedTLS12)
    #expect(limits == TLSLimits())
  }

  struct Refusal: CustomTestStringConvertible {
    var version = "VersionTLS12"
    var suites = ""
    var curves = ""
    var error: TLSLimitsError
    var testDescription: String { "\(error)" }

    static let rows = [
      Refusal(version: "1.2", error: .unknownVersion("1.2")),
      Refusal(version: "VersionTLS14", error: .unknownVersion("VersionTLS14")),
      Refusal(suites: "AES", error: .unknownCipherSuite("AES")),
      Refusal(
        version: "", suites: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", error: .cipherSuitesNeedTLS12),
      Refusal(curves: "x25519", error: .unknownCurve("x25519")),
      Refusal(curves: "0", error: .unknownCurve("0")),
      Refusal(curves: "65536", error: .unknownCurve("65536")),
      Refusal(curves: "29,29", error: .duplicateCurve(29)),
      Refusal(curves: "4587,4587", error: .duplicateCurve(4587)),
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
