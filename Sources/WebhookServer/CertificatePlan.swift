import FoundationEssentials
import KubernetesAPI
import X509

/// What to do about the certificates of a Secret.
enum CertificatePlan: Sendable, Equatable {
  /// They are good until something has to be done at `nextLook`.
  case keep(WebhookCertificates, nextLook: Timestamp)
  /// Store these; the text says why.
  case write(WebhookCertificates, reason: String)
}

/// Decides about the certificates of a webhook server. Several replicas decide alike: what one of them stored, the others
/// keep.
struct CertificatePlanner: Sendable {
  /// What clients call the server.
  let names: [String]
  var policy = CertificatePolicy()

  /// However good the certificates are, they are looked at this often, in seconds.
  static let longestWait = 12 * 3600.0

  /// How many earlier authorities stay trusted at most.
  private static let earlierLimit = 3

  /// - Parameters:
  ///   - data: the Secret's, in base64; `nil` when there is no Secret.
  ///   - served: what is served at present. When everything is made anew, its authorities stay trusted for a while.
  func plan(
    for data: [String: String]?, served: WebhookCertificates?, now: Timestamp
  ) throws -> CertificatePlan {
    let now = Date(now)
    let stored = StoredCertificates(data ?? [:])
    let present: WebhookCertificates
    do throws(CertificateFault) {
      present = try stored.usable(names: names, at: now)
    } catch {
      let reason = data == nil ? "there is no Secret" : error.description
      return .write(try renewed(stored, served: served, now: now), reason: reason)
    }
    guard let leaf = present.chain.first, let authority = present.authorities.first,
      now < renewal(of: leaf), now < renewal(of: authority)
    else {
      return .write(
        try renewed(stored, served: served, now: now), reason: "the certificates end soon")
    }
    var nextLook = min(now + Self.longestWait, renewal(of: leaf), renewal(of: authority))
    if present.authorities.count > 1, stored.canSign {
      let end = authority.notValidBefore + CertificatePolicy.backdating + policy.overlap
      // Only what nobody needs any more goes: the server certificate may still be the earlier authority's.
      if now >= end, present.chain.last.map({ $0.isSigned(by: authority) }) ?? false {
        var trimmed = present
        trimmed.authorities = [authority]
        return .write(trimmed, reason: "an earlier authority is not needed any more")
      }
      if end > now { nextLook = min(nextLook, end) }
    }
    return .keep(present, nextLook: Timestamp(nextLook))
  }

  private func renewal(of certificate: Certificate) -> Date {
    let life = certificate.notValidAfter.timeIntervalSince(certificate.notValidBefore)
    return certificate.notValidAfter - min(policy.renewBefore, life / 3)
  }

  /// A new server certificate, by the present authority if that can sign and lasts, else by a new one.
  private func renewed(
    _ stored: StoredCertificates, served: WebhookCertificates?, now: Date
  ) throws -> WebhookCertificates {
    if stored.canSign, let certificate = stored.authorities.first, let key = stored.authorityKey,
      certificate.isValid(at: now), now < renewal(of: certificate)
    {
      let authority = SigningAuthority(certificate: certificate, key: key)
      return try issued(by: authority, earlier: Array(stored.authorities.dropFirst()), now: now)
    }
    // The earlier authorities go on being trusted until nobody can be served by them any more.
    var earlier: [Certificate] = []
    for certificate in (served?.authorities ?? []) + stored.authorities
    where certificate.isValid(at: now) && !earlier.contains(certificate) {
      earlier.append(certificate)
    }
    let authority = try SigningAuthority(now: now, policy: policy)
    return try issued(by: authority, earlier: earlier, now: now)
  }

  private func issued(
    by authority: SigningAuthority, earlier: [Certificate], now: Date
  ) throws -> WebhookCertificates {
    let leaf = try authority.issue(names: names, now: now, policy: policy)
    return WebhookCertificates(
      authorities: [authority.certificate] + earlier.prefix(Self.earlierLimit),
      authorityKey: authority.key, chain: [leaf.certificate], key: leaf.key)
  }
}

extension Date {
  init(_ time: Timestamp) {
    self.init(timeIntervalSince1970: Double(time.microseconds) / 1_000_000)
  }
}

extension Timestamp {
  fileprivate init(_ date: Date) {
    self.init(microseconds: Int64(date.timeIntervalSince1970 * 1_000_000))
  }
}
