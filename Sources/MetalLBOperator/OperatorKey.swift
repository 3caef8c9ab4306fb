import KubernetesAPI

/// What there is to reconcile.
enum OperatorKey: Sendable, Hashable, CustomStringConvertible {
  /// The one MetalLB object that counts, and everything that it asks for.
  case installation
  /// All AddressPools and the ConfigMap that they become.
  case addressPools
  /// A MetalLB object that does not count.
  case refusal(NamespacedName)

  var description: String {
    switch self {
    case .installation: "installation"
    case .addressPools: "addressPools"
    case .refusal(let name): "refusal of \(name)"
    }
  }
}
