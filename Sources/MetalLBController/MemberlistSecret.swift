import FoundationEssentials
import KubernetesAPI
import KubernetesClient
import Logging

/// The Secret with the key that encrypts the speakers' gossip: created where there is none, never changed.
///
/// It belongs to the controller's Deployment and to what that belongs to, the MetalLB object. So it outlives a Deployment
/// that is deleted and comes back, whose controller would make another key, with which speakers do not understand those
/// that have the old one yet; and it goes with the MetalLB object.
struct MemberlistSecret: Sendable {
  /// The data key that speakers mount as a file.
  static let dataKey = "secretkey"
  private static let byteCount = 16

  var options: ControllerOptions
  var client: APIClient
  var logger: Logger

  /// Creates the Secret if a name is configured and there is none.
  func ensure() async throws {
    let name = options.memberlistSecretName
    guard !name.isEmpty else { return }
    if let present = try await client.find(Secret.self, name, namespace: options.namespace) {
      try await complete(present)
    } else {
      try await create(name)
    }
  }

  private func create(_ name: String) async throws {
    guard let owners = try await owners() else {
      // An uninstallation took the Secret too.
      logger.info("no secret is made, as the controller's Deployment is gone")
      return
    }
    var secret = Secret(metadata: ObjectMeta(name: name, namespace: options.namespace))
    secret.metadata.ownerReferences = owners
    // `data` is base64 of the value, and the value itself is text.
    secret.data = [Self.dataKey: Data(Self.newKey().utf8).base64EncodedString()]
    do {
      _ = try await client.create(secret)
      logger.info("created the secret of the speakers' gossip", metadata: ["secret": "\(name)"])
    } catch let error as KubernetesError where error.isAlreadyExists {
      return
    }
  }

  /// Adds owners to a Secret that some controller made for the Deployment alone. A user's own stays as it is.
  private func complete(_ secret: Secret) async throws {
    let present = secret.metadata.ownerReferences
    guard present.contains(where: { $0.kind == "Deployment" && $0.name == options.deploymentName }),
      let owners = try await owners()
    else { return }
    let missing = owners.filter { owner in
      owner.kind != "Deployment" && !present.contains { $0.uid == owner.uid }
    }
    guard !missing.isEmpty else { return }
    let references = try (present + missing).map { try JSONValue(encoding: $0) }
    _ = try await client.patch(
      Secret.resource, secret.metadata.name, namespace: options.namespace,
      .merge([
        "metadata": [
          "resourceVersion": .string(secret.metadata.resourceVersion ?? ""),
          "ownerReferences": .array(references),
        ]
      ]))
  }

  /// The Deployment and its owners, or nobody where none is named; nil when it is gone or about to go.
  private func owners() async throws -> [OwnerReference]? {
    guard !options.deploymentName.isEmpty else { return [] }
    guard
      let deployment = try await client.find(
        Deployment.self, options.deploymentName, namespace: options.namespace),
      deployment.metadata.deletionTimestamp == nil
    else { return nil }
    let above = deployment.metadata.ownerReferences.map {
      OwnerReference(apiVersion: $0.apiVersion, kind: $0.kind, name: $0.name, uid: $0.uid)
    }
    return [deployment.ownerReference(controller: false, blockOwnerDeletion: false)] + above
  }

  /// 16 random bytes in standard base64 without padding: 22 characters.
  static func newKey() -> String {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
  }
}
