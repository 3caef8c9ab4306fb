import KubernetesAPI
import OperatorRendering

/// The kinds of the objects that the operator makes.
enum OwnedKinds {
  /// The ones that exist on a platform, in the order in which leftovers are removed: what runs before
  /// what it needs.
  static func all(on platform: Platform) -> [ResourceKind] {
    var kinds = [
      Deployment.resource, DaemonSet.resource, Service.resource, ConfigMap.resource,
      NetworkPolicy.resource,
    ]
    if platform == .openshift { kinds.append(SecurityContextConstraints.resource) }
    return kinds
  }
}
