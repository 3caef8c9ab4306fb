package import KubernetesAPI
package import NetworkAddresses

/// What deciding about a Service needs, read from the object once.
package struct ServiceFacts: Sendable, Hashable {
  package var key: NamespacedName
  package var labels: [String: String]
  package var isLoadBalancer: Bool
  package var loadBalancerClass: String?
  /// The addresses in `status.loadBalancer.ingress`, in its order.
  package var addresses: [IPAddress]
  /// The entries there that have none which can be read: their host names, or what stands in place of an address.
  package var entriesWithoutAddress: [String]
  /// `externalTrafficPolicy: Local`: only nodes with an endpoint of their own take traffic.
  package var isLocal: Bool
  /// Whether a sharing annotation is present, whatever its value.
  package var hasSharingAnnotation: Bool

  package init(
    key: NamespacedName, labels: [String: String] = [:], isLoadBalancer: Bool = true,
    loadBalancerClass: String? = nil, addresses: [IPAddress] = [],
    entriesWithoutAddress: [String] = [], isLocal: Bool = false, hasSharingAnnotation: Bool = false
  ) {
    self.key = key
    self.labels = labels
    self.isLoadBalancer = isLoadBalancer
    self.loadBalancerClass = loadBalancerClass
    self.addresses = addresses
    self.entriesWithoutAddress = entriesWithoutAddress
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
    addresses = []
    entriesWithoutAddress = []
    for entry in service.status?.loadBalancer?.ingress ?? [] {
      if let address = entry.ip.flatMap({ IPAddress($0) })?.unmapped {
        addresses.append(address)
      } else {
        entriesWithoutAddress.append(entry.ip ?? entry.hostname ?? "")
      }
    }
  }

  private static let sharingAnnotations = [
    "metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip",
  ]
}
