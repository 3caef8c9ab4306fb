import KubernetesAPI
import OperatorRendering

/// The kinds of the objects that the operator makes.
enum OwnedKinds {
  /// The ones that exist on a platform, in the order in which leftovers are removed: first the webhook that
  /// refuses every change once its server is gone, then what runs before what it needs.
  static func all(on platform: Platform) -> [ResourceKind] {
    var kinds = [FRRK8sWebhook.resource] + Monitors.kinds
    kinds += [
      Deployment.resource, DaemonSet.resource, Service.resource, ConfigMap.resource,
      Secret.resource, NetworkPolicy.resource,
    ]
    if platform == .openshift { kinds.append(SecurityContextConstraints.resource) }
    return kinds
  }
}
