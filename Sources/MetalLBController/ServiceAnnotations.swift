import KubernetesAPI

/// The annotations on Services. Each has a deprecated twin below `metallb.universe.tf/`, which counts where the stable
/// key is absent; a stable key with an empty value hides its twin.
enum ServiceAnnotation: String, Sendable, Hashable, CaseIterable {
  /// Asks for a pool by name.
  case addressPool = "address-pool"
  /// Asks for one or two addresses, separated by a comma.
  case loadBalancerIPs = "loadBalancerIPs"
  /// Services with the same value may hold one address together.
  case allowSharedIP = "allow-shared-ip"
  /// Written by the controller: the pool that the addresses come from.
  case allocatedFromPool = "ip-allocated-from-pool"

  static let deprecatedPrefix = "metallb.universe.tf"

  var key: String { "metallb.io/\(rawValue)" }
  var deprecatedKey: String { "\(Self.deprecatedPrefix)/\(rawValue)" }

  /// The value in force; nil when it is absent or empty.
  func value(on metadata: ObjectMeta) -> String? {
    let value = metadata.annotations[key] ?? metadata.annotations[deprecatedKey]
    return value.flatMap { $0.isEmpty ? nil : $0 }
  }
}

extension ObjectMeta {
  /// Keys of the deprecated group that are in use, sorted.
  var deprecatedAnnotationKeys: [String] {
    annotations.keys.filter { $0.hasPrefix(ServiceAnnotation.deprecatedPrefix) }.sorted()
  }
}
