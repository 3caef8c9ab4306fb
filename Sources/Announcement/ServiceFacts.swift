package import KubernetesAPI
package import NetworkAddresses

/// What deciding about a Service needs, read from the object once.
package struct ServiceFacts: Sendable, Hashable {
  package var key: NamespacedName
  package var labels: [String: String]
  package var isLoadBalancer: Bool
  package var loadBalancerClass: String?
  /// The addresses in `status.loadBalancer.ingress`, in its order; nil when an entry has none that can be read.
  package var addresses: [IPAddress]?
  /// `externalTrafficPolicy: Local`: only nodes with an endpoint of their own take traffic.
  package var isLocal: Bool
  /// Whether a sharing annotation is present, whatever its value.
  package var hasSharingAnnotation: Bool

  package init(
    key: NamespacedName, labels: [String: String] = [:], isLoadBalancer: Bool = true,
    loadBalancerClass: String? = nil, addresses: [IPAddress]? = [], isLocal: Bool = false,
    hasSharingAnnotation: Bool = false
  ) {
    self.key = key
    self.labels = labels
    self.isLoadBalancer = isLoadBalancer
    self.loadBalancerClass = loadBalancerClass
    self.addresses = addresses
    self.isLocal = isLocal
    self.hasSharingAnnotation = hasSharingAnnotation
  }

  package init(_ service: Service) {
    key = service.namespacedName
    labels = service.metadata.labels
    isLoadBalancer = service.spec?.type == "LoadBalancer"
    loadBalancerClass = service.spec?.loadBalancerClass
    isLocal = service.spec?.externalTrafficPolicy == "Local"
    hasSharingAnnotation = Self.sharingAnnotations.contains {
      service.metadata.annotations[$0] != nil
    }
    let ingress = service.status?.loadBalancer?.ingress ?? []
    let parsed = ingress.compactMap { $0.ip.flatMap { IPAddress($0) }?.unmapped }
    addresses = parsed.count == ingress.count ? parsed : nil
  }

  private static let sharingAnnotations = [
    "metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip",
  ]
}
