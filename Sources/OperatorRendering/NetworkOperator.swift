package import KubernetesAPI

/// OpenShift's cluster network operator, which runs frr-k8s where the backend is `frr-k8s-external` and
/// `DEPLOY_FRRK8S_FROM_CNO` is set, once it is asked to and if it is new enough.
package enum NetworkOperator {
  /// Says which version of it runs.
  package static let resource = ResourceKind(
    group: "config.openshift.io", version: "v1", kind: "ClusterOperator",
    plural: "clusteroperators", isNamespaced: false)
  package static let objectName = "network"
  /// What it is asked.
  package static let networkResource = ResourceKind(
    group: "operator.openshift.io", version: "v1", kind: "Network", plural: "networks",
    isNamespaced: false)
  package static let networkName = "cluster"

  package enum Capability: Sendable, Hashable {
    case capable
    /// For people; updates of the cluster change it.
    case tooOld(String)
    case unknown(String)
  }

  /// - Parameters:
  ///   - object: the ClusterOperator; `nil` when there is none.
  ///   - minimum: `nil` when every version will do.
  package static func capability(
    _ object: JSONValue?, minimum: SemanticVersion?
  ) -> Capability {
    guard let minimum else { return .capable }
    let versions = object?[path: ["status", "versions"]]?.arrayValue ?? []
    guard let text = versions.first(where: { $0["name"] == "operator" })?["version"]?.stringValue
    else { return .unknown("ClusterOperator \(objectName) does not say its version") }
    guard let version = SemanticVersion(text) else {
      return .unknown("ClusterOperator \(objectName) has the version \"\(text)\", which is none")
    }
    guard version < minimum else { return .capable }
    return .tooOld(
      """
      the cluster network operator has version \(version) and runs frr-k8s from \(minimum): update \
      the cluster, or set spec.bgpBackend to another backend
      """)
  }

  /// The merge patch that asks for FRR; `nil` when that was asked already.
  package static func request(_ network: JSONValue) -> JSONValue? {
    let path = ["spec", "additionalRoutingCapabilities", "providers"]
    let providers = network[path: path]?.arrayValue ?? []
    guard !providers.contains("FRR") else { return nil }
    var patch: JSONValue = [:]
    patch[path: path] = .array(providers + ["FRR"])
    // The list is replaced whole: only at the version that was read.
    if let version = network[path: ["metadata", "resourceVersion"]] {
      patch[path: ["metadata", "resourceVersion"]] = version
    }
    return patch
  }
}
