import KubernetesAPI
import KubernetesClient
import Logging
import OperatorRendering
import Synchronization

/// Hands on to the webhook server what servers of this cluster may negotiate. It belongs to the installation, with or
/// without a MetalLB object.
///
/// A webhook server reads the settings when it starts: one that is older than their last change is deleted, so that its
/// Deployment starts another.
final class WebhookServerSettings: Sendable {
  private let context: OperatorContext
  /// The change of the settings up to which no older Pod is left.
  private let seen = Mutex<Timestamp?>(nil)

  init(_ context: OperatorContext) { self.context = context }

  func bringInLine() async throws {
    let rendered = try TLSSettings.configMap(
      context.currentEnvironment.tls, namespace: context.namespace)
    try await context.objects.apply(rendered)
    guard context.restartsWebhookServers, let live = context.objects.object(ObjectKey(rendered)),
      let changed = Self.lastChange(live), changed != seen.withLock({ $0 })
    else { return }
    try await deletePods(olderThan: changed)
    seen.withLock { $0 = changed }
  }

  /// `nil` when no server can have missed anything: the settings say what goes without saying, and always did.
  private static func lastChange(_ settings: LiveObject) -> Timestamp? {
    let changed = ManagedFields(settings.value).time(by: FieldManager.objects)
    let isEmpty = (settings.value["data"]?.objectValue ?? [:]).allSatisfy { $0.value == "" }
    return isEmpty && changed == settings.metadata.creationTimestamp ? nil : changed
  }

  private func deletePods(olderThan change: Timestamp) async throws {
    let pods = try await context.client.list(
      Pod.self, namespace: context.namespace,
      options: ListOptions(labelSelector: WebhookServerPods.selector))
    for pod in pods.items where pod.metadata.deletionTimestamp == nil {
      guard let created = pod.metadata.creationTimestamp, created <= change else { continue }
      do {
        try await context.client.delete(
          Pod.resource, pod.metadata.name, namespace: context.namespace,
          options: DeleteOptions(uid: pod.metadata.uid))
      } catch let error as KubernetesError where error.isNotFound || error.isConflict {
        continue
      }
      context.logger.info(
        "restarted the webhook server, which has older TLS settings",
        metadata: ["pod": "\(pod.metadata.name)"])
    }
  }
}
