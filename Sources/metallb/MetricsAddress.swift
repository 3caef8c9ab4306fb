import ArgumentParser
import Glibc
import KubernetesClient
import Logging
import MetricsServer
import PrometheusMetrics
import ServiceLifecycle

/// The value of `--metrics-addr`.
enum MetricsAddress: ExpressibleByArgument {
  case off
  case at(ListenAddress)

  init?(argument: String) {
    if argument == "0" {
      self = .off
      return
    }
    guard let address = SocketAddressArgument(argument: argument) else { return nil }
    self = .at(
      address.host.isEmpty
        ? .everywhere(port: address.port) : ListenAddress(host: address.host, port: address.port))
  }

  var defaultValueDescription: String { "0" }

  /// HTTPS with a certificate made on the spot, for those whom the API server lets read metrics.
  func endpoint(
    registry: PrometheusRegistry, limits: TLSLimits, client: APIClient, logger: Logger
  ) throws -> [any Service] {
    guard case .at(let address) = self else { return [] }
    let certificate = try ServingCertificate.selfSigned(
      names: ["metallb-operator"], at: Int64(time(nil)))
    return [
      MetricsEndpoint(
        address: address, security: .tls(.fixed(certificate), limits), registry: registry,
        authorizer: MetricsAuthorizer(client: client), logger: logger)
    ]
  }
}
