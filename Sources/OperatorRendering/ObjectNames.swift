/// The two components, as their workloads, containers and service accounts are named.
package enum ComponentName {
  package static let controller = "controller"
  package static let speaker = "speaker"
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
  /// Of the objects of one component.
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
}
