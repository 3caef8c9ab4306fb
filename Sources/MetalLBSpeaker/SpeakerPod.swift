import KubernetesAPI
import KubernetesClient
import Synchronization

/// The Pod that this process runs in; it takes with it what the speaker says about itself.
final class SpeakerPod: Sendable {
  private let client: APIClient
  private let options: SpeakerOptions
  private let known = Mutex<OwnerReference?>(nil)

  init(client: APIClient, options: SpeakerOptions) {
    self.client = client
    self.options = options
  }

  /// Nil when the Pod has no name here, or does not exist. Read once.
  func reference() async throws -> OwnerReference? {
    if let known = known.withLock({ $0 }) { return known }
    guard !options.podName.isEmpty,
      let pod = try await client.find(Pod.self, options.podName, namespace: options.namespace)
    else { return nil }
    let owner = pod.ownerReference(controller: false, blockOwnerDeletion: false)
    known.withLock { $0 = owner }
    return owner
  }
}
