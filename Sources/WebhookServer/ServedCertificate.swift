import ControllerRuntime
package import MetricsServer
import Synchronization

/// The certificate that a webhook server presents at the moment. Connections that exist keep the one that they began
/// with.
package final class ServedCertificate: Sendable {
  private struct Current: Sendable {
    var certificates: WebhookCertificates
    var serving: ServingCertificate
  }

  private let current = Mutex<Current?>(nil)
  private let first = Gate()

  package init() {}

  /// Returns once there is a certificate to serve; throws `CancellationError`.
  package func waitForFirst() async throws { try await first.wait() }

  /// For the server; fails while there is none.
  package var source: CertificateSource {
    .changing { [self] in
      guard let serving = current.withLock({ $0?.serving }) else {
        throw CertificateFault("there is no certificate yet")
      }
      return serving
    }
  }

  var certificates: WebhookCertificates? { current.withLock { $0?.certificates } }

  func replace(_ certificates: WebhookCertificates) throws {
    let serving = try certificates.serving
    current.withLock { $0 = Current(certificates: certificates, serving: serving) }
    first.open()
  }
}
