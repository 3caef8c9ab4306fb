package import KubernetesAPI
package import KubernetesClient
internal import Synchronization

/// The Pod that this process runs in; it takes with it what the process says about itself.
package final class OwnPod: Sendable {
  private let client: APIClient
  private let namespace: String
  private let name: String
  private let known = Mutex<OwnerReference?>(nil)

  /// - Parameter name: empty where it is not known.
  package init(_ name: String, namespace: String, client: APIClient) {
    self.name = name
    self.namespace = namespace
    self.client = client
  }

  /// Nil when the Pod has no name here, or does not exist. Read once.
  package func reference() async throws -> OwnerReference? {
    if let known = known.withLock({ $0 }) { return known }
    guard !name.isEmpty, let pod = try await client.find(Pod.self, name, namespace: namespace)
    else { return nil }
    let owner = pod.ownerReference(controller: false, blockOwnerDeletion: false)
    known.withLock { $0 = owner }
    return owner
  }
}
