import FoundationEssentials
import KubernetesAPI
import KubernetesClient
import Logging

/// The Secret with the key that encrypts the speakers' gossip: created once, never changed.
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
    guard !name.isEmpty,
      try await client.find(Secret.self, name, namespace: options.namespace) == nil
    else { return }
    var secret = Secret(metadata: ObjectMeta(name: name, namespace: options.namespace))
    // `data` is base64 of the value, and the value itself is text.
    secret.data = [Self.dataKey: Data(Self.newKey().utf8).base64EncodedString()]
    if !options.deploymentName.isEmpty,
      let deployment = try await client.find(
        Deployment.self, options.deploymentName, namespace: options.namespace)
    {
      secret.metadata.ownerReferences = [
        deployment.ownerReference(controller: false, blockOwnerDeletion: false)
      ]
    }
    do {
      _ = try await client.create(secret)
      logger.info("created the secret of the speakers' gossip", metadata: ["secret": "\(name)"])
    } catch let error as KubernetesError where error.isAlreadyExists {
      return
    }
  }

  /// 16 random bytes in standard base64 without padding: 22 characters.
  static func newKey() -> String {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
  }
}
