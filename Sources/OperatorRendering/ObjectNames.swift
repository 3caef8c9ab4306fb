/// The components, as their workloads, containers and service accounts are named.
package enum ComponentName {
  package static let controller = "controller"
  package static let speaker = "speaker"
  /// Drives FRR on each node, in the backend of that name.
  package static let frrK8s = "frr-k8s"
  /// Validates what frr-k8s is told, and clears away what gone nodes reported.
  package static let statusCleaner = "statuscleaner"
}

/// Names that other processes rely on.
package enum ObjectName {
  /// Which interfaces no speaker announces on; mounted by the speakers.
  package static let excludedInterfaces = "metallb-excludel2"
  /// Made by the controller when it starts, never rendered.
  package static let memberlistSecret = "metallb-memberlist"
  /// Settings of the gossip that a user may make.
  package static let memberlistSettings = "metallb-memberlist-config"
  package static let webhookCertificate = "metallb-webhook-cert"
  package static let speakerSecurityContextConstraints = "metallb-speaker"
  package static let controllerServingCertificate = "controller-certs-secret"
  package static let speakerServingCertificate = "speaker-certs-secret"
  package static let frrK8sServingCertificate = "frr-k8s-certs-secret"
  /// Files that FRR starts with, until it is told more.
  package static let frrStartup = "frr-startup"
  package static let frrK8sWebhookCertificate = "frr-k8s-webhook-server-cert"
  package static let frrK8sWebhookService = "frr-k8s-webhook-service"
  package static let frrK8sWebhookConfiguration = "frr-k8s-validating-webhook-configuration"
  /// The token with which PodMonitors read metrics.
  package static let metricsToken = "metrics-token"
  /// What all servers of the installation may negotiate, read by the webhook server.
  package static let tlsSettings = "metallb-tls-config"
}

/// Service accounts that are not named like a component.
package enum AccountName {
  package static let `operator` = "manager-account"
  package static let frrK8s = "frr-k8s-daemon"
  /// May read metrics and nothing else.
  package static let metricsReader = "metrics-reader"
}

/// Who writes what, as the API server records it.
package enum FieldManager {
  package static let objects = "metallb-operator"
  package static let status = "metallb-operator-status"
  /// The name under which upstream's operator updated its objects before it applied them.
  package static let predecessor = "manager"
}

/// The label by which the operator finds what it made, to remove what it no longer renders. Never
/// part of a selector, so that it can change.
package enum Inventory {
  package static let label = "metallb.io/inventory"

  /// A label selector for everything that the operator of this namespace made.
  package static func selector(namespace: String) -> String { "\(label)=\(namespace)" }
}

enum ObjectLabel {
  /// Of the objects of controller or speaker.
  static func object(_ component: String) -> [String: String] {
    [
      "app": "metallb",
      "component": component,
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/version": "v0.0.0",
      "helm.sh/chart": "metallb-0.0.0",
    ]
  }

  /// Of Pods, and what selects them. Selectors cannot be changed in a cluster: these never change.
  static func pod(_ component: String) -> [String: String] {
    ["app": "metallb", "component": component]
  }

  /// Of the objects of frr-k8s.
  static let frrK8sObject = [
    "app": "frr-k8s",
    "app.kubernetes.io/component": "frr-k8s",
    "app.kubernetes.io/managed-by": "Helm",
    "app.kubernetes.io/version": "v0.0.25",
    "helm.sh/chart": "frr-k8s-0.0.25",
  ]

  /// Of the Pods of frr-k8s, and what selects them; these never change.
  static let frrK8sPod = ["app": "frr-k8s", "app.kubernetes.io/component": "frr-k8s"]

  /// Of the Pod of the status cleaner, and what selects it; this never changes.
  static let statusCleanerPod = ["component": ComponentName.statusCleaner]
}
