import KubernetesAPI
import KubernetesClient
import Logging
import OperatorRendering
import Synchronization

/// Objects that upstream's operator makes and this one does not: they have no inventory label, so they
/// are known by name. Removed once in the life of the process, and only where they belong to a MetalLB
/// object: the same names may be somebody else's.
final class PredecessorObjects: Sendable {
  private let client: APIClient
  private let platform: Platform
  private let logger: Logger
  private let isDone = Mutex(false)

  init(client: APIClient, platform: Platform, logger: Logger) {
    self.client = client
    self.platform = platform
    self.logger = logger
  }

  func removeLeftovers(namespace: String, keeping kept: Set<ObjectKey>) async throws {
    guard !isDone.withLock({ $0 }) else { return }
    for (kind, names) in Self.names(on: platform) {
      for name in names {
        let key = ObjectKey(
          kind, NamespacedName(namespace: kind.isNamespaced ? namespace : "", name: name))
        if !kept.contains(key) { try await remove(key) }
      }
    }
    isDone.withLock { $0 = true }
  }

  private func remove(_ key: ObjectKey) async throws {
    let namespace = key.resource.isNamespaced ? key.name.namespace : nil
    do {
      let object = try LiveObject(
        await client.get(key.resource, key.name.name, namespace: namespace))
      // Nobody but an operator makes security constraints of this name, and upstream's has no owner.
      let isOurs =
        object.isOwnedByMetalLB || key.resource == SecurityContextConstraints.resource
      guard isOurs, object.metadata.deletionTimestamp == nil else { return }
      try await client.delete(
        key.resource, key.name.name, namespace: namespace,
        options: DeleteOptions(propagation: .background, uid: object.metadata.uid))
      logger.info("removed what another operator left", metadata: ["object": "\(key)"])
    } catch let error as KubernetesError where error.isNotFound || error.isConflict {
      return
    } catch let error as KubernetesError where error.isForbidden {
      logger.warning(
        "may not look for what another operator left",
        metadata: ["object": "\(key)", "error": "\(error)"])
    }
  }

  private static func names(on platform: Platform) -> [(ResourceKind, [String])] {
    var names: [(ResourceKind, [String])] = [
      // First, because without its server it refuses every change.
      (
        ResourceKind(
          group: "admissionregistration.k8s.io", version: "v1",
          kind: "ValidatingWebhookConfiguration", plural: "validatingwebhookconfigurations",
          isNamespaced: false), ["frr-k8s-validating-webhook-configuration"]
      ),
      (monitor("ServiceMonitor"), ["controller-monitor", "speaker-monitor", "frr-k8s-monitor"]),
      (monitor("PodMonitor"), ["controller", "speaker"]),
      (Deployment.resource, ["statuscleaner"]),
      (DaemonSet.resource, ["frr-k8s"]),
      (
        Service.resource,
        [
          "controller-monitor-service", "speaker-monitor-service", "frr-k8s-webhook-service",
          "frr-k8s-monitor-service",
        ]
      ),
      (ConfigMap.resource, ["frr-startup"]),
      (Secret.resource, ["metrics-token", "frr-k8s-webhook-server-cert"]),
      (ServiceAccount.resource, ["metrics-reader"]),
      (NetworkPolicy.resource, ["controller"]),
    ]
    if platform == .openshift {
      names.append(
        (
          SecurityContextConstraints.resource,
          [ObjectName.speakerSecurityContextConstraints]
        ))
    }
    return names
  }

  private static func monitor(_ kind: String) -> ResourceKind {
    ResourceKind(
      group: "monitoring.coreos.com", version: "v1", kind: kind, plural: kind.lowercased() + "s")
  }
}
