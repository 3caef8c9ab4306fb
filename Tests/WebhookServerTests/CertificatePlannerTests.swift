import FoundationEssentials
import KubernetesAPI
import KubernetesClient
import Testing
import X509

@testable import WebhookServer

struct CertificatePlannerTests {
  static let name = "metallb-webhook-service.metallb-system.svc"
  let planner = CertificatePlanner(names: [name])
  /// 2026-01-01
  let start = Timestamp(seconds: 1_767_225_600)

  func days(_ count: Int) -> Timestamp { start.advanced(by: .seconds(count * 86_400)) }

  func written(
    _ data: [String: String]?, served: WebhookCertificates? = nil, at now: Timestamp,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> WebhookCertificates {
    guard case .write(let certificates, _) = try planner.plan(for: data, served: served, now: now)
    else {
      Issue.record("nothing was written", sourceLocation: sourceLocation)
      throw CertificateFault("nothing written")
    }
    return certificates
  }

  func isKept(
    _ certificates: WebhookCertificates, until next: Timestamp? = nil, at now: Timestamp
  ) throws -> Bool {
    let plan = try planner.plan(for: certificates.secretData, served: nil, now: now)
    guard case .keep(let kept, let nextLook) = plan else { return false }
    return kept == certificates && (next == nil || nextLook == next)
  }

  @Test func `Without a Secret an authority and a certificate are made, and kept`() throws {
    let made = try written(nil, at: start)
    let leaf = try #require(made.chain.first)
    let authority = try #require(made.authorities.first)
    #expect(leaf.dnsNames == [Self.name])
    #expect(leaf.isSigned(by: authority))
    #expect(authority.subject.description == "CN=cert,O=metallb")
    #expect(leaf.notValidAfter == Date(days(365)))
    #expect(authority.notValidAfter == Date(days(3650)))
    #expect(made.authorityKey?.text.hasPrefix("-----BEGIN RSA PRIVATE KEY-----") == true)
    #expect(Set(try made.secretData.keys) == ["ca.crt", "ca.key", "tls.crt", "tls.key"])
    #expect(try isKept(made, until: start.advanced(by: .seconds(12 * 3600)), at: start))
  }

  @Test func `An empty Secret, as it is shipped, is filled`() throws {
    #expect(try isKept(try written([:], at: start), at: start))
  }

  @Test func `The server's certificate is replaced 90 days before its end, by the same authority`()
    throws
  {
    let first = try written(nil, at: start)
    #expect(try isKept(first, at: days(274)))
    let second = try written(first.secretData, served: first, at: days(275))
    #expect(second.authorities == first.authorities)
    #expect(second.chain != first.chain)
    #expect(second.chain.first?.notValidAfter == Date(days(275 + 365)))
  }

  @Test func `An authority near its end gets a successor beside it, and goes a day later`() throws {
    var policy = CertificatePolicy()
    policy.serverLifetime = policy.authorityLifetime
    let first = try written(nil, at: start)
    // Kept fresh until the authority itself is due.
    let last = try written(first.secretData, at: days(3500))
    let late = days(3570)
    let second = try written(last.secretData, served: last, at: late)
    #expect(second.authorities.count == 2)
    #expect(second.authorities.last == first.authorities.first)
    #expect(second.chain.first?.isSigned(by: try #require(second.authorities.first)) == true)
    #expect(try isKept(second, at: late.advanced(by: .seconds(3600))))
    let third = try written(
      second.secretData, served: second, at: late.advanced(by: .seconds(86_400)))
    #expect(third.authorities == Array(second.authorities.prefix(1)))
    #expect(third.chain == second.chain)
    #expect(third.key == second.key)
  }

  @Test func `No certificate outlives its authority`() throws {
    let first = try written(nil, at: start)
    let late = try written(first.secretData, at: days(3500))
    #expect(late.chain.first?.notValidAfter == first.authorities.first?.notValidAfter)
  }

  @Test func `When the Secret is gone, what is served stays trusted`() throws {
    let first = try written(nil, at: start)
    let second = try written(nil, served: first, at: days(1))
    #expect(second.authorities.first != first.authorities.first)
    #expect(second.authorities.contains(try #require(first.authorities.first)))
    #expect(try written(nil, at: days(1)).authorities.count == 1)
  }

  @Test func `Of earlier authorities only the last three are trusted`() throws {
    var served: WebhookCertificates?
    for hour in 0..<6 {
      served = try written(
        nil, served: served, at: start.advanced(by: .seconds(hour * 3600)))
    }
    #expect(served?.authorities.count == 4)
  }

  static let keys = ["ca.crt", "ca.key", "tls.crt", "tls.key"]
  static let garbage: [String?] = [
    nil, "", "%%%", encodeBase64(Array("hello".utf8)),
    encodeBase64(Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)),
  ]

  @Test(arguments: keys, garbage)
  func `Whatever somebody does to one key, usable certificates come of it`(
    _ key: String, _ value: String?
  ) throws {
    let first = try written(nil, at: start)
    var data = try first.secretData
    data[key] = value
    if key == "ca.key" {
      // Nothing needs it before the next renewal.
      guard case .keep = try planner.plan(for: data, served: nil, now: start) else {
        Issue.record("not kept")
        return
      }
      let renewed = try written(data, at: days(300))
      #expect(renewed.authorities.first != first.authorities.first)
      return
    }
    let mended = try written(data, served: first, at: start)
    #expect(try isKept(mended, at: start))
    let keepsAuthority = key.hasPrefix("tls")
    #expect((mended.authorities.first == first.authorities.first) == keepsAuthority)
    // What is served is trusted until it is replaced.
    #expect(mended.authorities.contains(try #require(first.authorities.first)))
  }

  @Test func `A key that belongs to another certificate is not served`() throws {
    let first = try written(nil, at: start)
    var data = try first.secretData
    data["tls.key"] = try written(nil, at: start).secretData["tls.key"]
    #expect(try isKept(try written(data, at: start), at: start))
  }

  @Test func `A certificate of another authority is not served`() throws {
    let (first, second) = (try written(nil, at: start), try written(nil, at: start))
    var data = try first.secretData
    data["tls.crt"] = try second.secretData["tls.crt"]
    data["tls.key"] = try second.secretData["tls.key"]
    let mended = try written(data, at: start)
    #expect(mended.authorities.first == first.authorities.first)
    #expect(mended.chain != second.chain)
  }

  @Test func `A certificate for another name is replaced`() throws {
    let other = CertificatePlanner(names: ["other.default.svc"])
    guard case .write(let certificates, _) = try other.plan(for: nil, served: nil, now: start)
    else { throw CertificateFault("nothing written") }
    let mended = try written(certificates.secretData, at: start)
    #expect(mended.authorities == certificates.authorities)
    #expect(mended.chain.first?.dnsNames == [Self.name])
  }

  @Test func `A Secret full of authorities is not believed`() throws {
    let first = try written(nil, at: start)
    var many = first
    many.authorities = Array(repeating: try #require(first.authorities.first), count: 100)
    #expect(try written(many.secretData, at: start).authorities.count == 1)
  }

  @Test func `Keys are not printed`() throws {
    let made = try written(nil, at: start)
    var text = ""
    dump(made, to: &text)
    #expect(!text.contains("PRIVATE KEY"))
    #expect(!"\(made)".contains("PRIVATE KEY"))
  }
}
