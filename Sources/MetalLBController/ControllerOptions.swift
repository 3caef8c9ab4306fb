import KubernetesAPI
import LegacyConfiguration

/// What `metallb controller` is told by flags and environment (the names stand in the command's help). Values have the
/// defaults of the flags.
package struct ControllerOptions: Sendable, Hashable {
  /// What the process does about admission webhooks.
  package enum WebhookMode: String, Sendable, Hashable, CaseIterable {
    case enabled
    case disabled
    /// Serves webhooks and hands out no addresses; the operator runs one such process.
    case onlyWebhook = "onlywebhook"
  }

  /// `--namespace`, `METALLB_NAMESPACE`: MetalLB's own namespace.
  package var namespace: String
  /// `--config`: the ConfigMap of the legacy era.
  package var configMapName = LegacyDocument.configMapName
  /// `--ml-secret-name`, `METALLB_ML_SECRET_NAME`: the Secret with the speakers' gossip key, created when it is missing.
  /// Empty: none.
  package var memberlistSecretName = ""
  /// `--deployment`, `METALLB_DEPLOYMENT`: the Deployment that this process belongs to. Empty: unknown.
  package var deploymentName = ""
  /// `--pod-name`, `METALLB_POD_NAME`: the Pod that this process runs in. Empty: unknown.
  package var podName = ""
  /// `--lb-class`: only Services of this class are handled. Empty: those without a class.
  package var loadBalancerClass = ""
  package var webhookMode = WebhookMode.enabled
  /// `METALLB_BGP_TYPE`: what speaks BGP where no MetalLB object says so. Empty: native.
  package var bgpType = ""

  package init(namespace: String) { self.namespace = namespace }

  /// The Lease of the leader.
  var lease: NamespacedName { NamespacedName(namespace: namespace, name: "metallb-controller") }
}
