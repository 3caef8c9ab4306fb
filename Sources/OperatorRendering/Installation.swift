import KubernetesAPI
import KubernetesYAML
import MetalLBAPI

/// What an administrator applies once: the operator itself, the kinds that it knows, and the accounts
/// and roles of everything that it will run. `bundle/` holds its output.
///
/// The operator creates none of this, so that it needs no right to hand out rights.
package struct Installation: Sendable {
  package var platform: Platform
  package var namespace: String
  /// Runs the operator and, in other containers, the controller and the speakers.
  package var image: ImageReference
  /// Ports that the operator may reach under its network policy.
  package var apiServerPorts: [Int]

  package init(
    platform: Platform, namespace: String = defaultNamespace, image: ImageReference,
    apiServerPorts: [Int] = RenderingInput.defaultAPIServerPorts
  ) {
    self.platform = platform
    self.namespace = namespace
    self.image = image
    self.apiServerPorts = apiServerPorts
  }

  package static let defaultNamespace = "metallb-system"

  /// The name that a build on this machine gives its image.
  package static let defaultImage = "localhost/metallb:latest"

  /// Everything but the CRDs, in the order in which `kubectl apply` may create it.
  package func objects() throws -> [RenderedObject] {
    let accounts = try [
      AccountName.operator, ComponentName.controller, ComponentName.speaker, AccountName.frrK8s,
      AccountName.metricsReader,
    ].map {
      try RenderedObject(ServiceAccount(metadata: ObjectMeta(name: $0, namespace: namespace)))
    }
    let policies = try [
      NetworkPolicies.denyAll(namespace: namespace),
      NetworkPolicies.policy(
        "operator", namespace: namespace, pods: OperatorDeployment.labels, egress: apiServerPorts,
        ingress: [9443]),
    ].map { try RenderedObject($0) }
    return try [RenderedObject(namespaceObject)] + accounts
      + Roles(platform: platform, namespace: namespace).objects()
      + policies + [RenderedObject(OperatorDeployment.render(self))]
  }

  /// The whole manifest as YAML for `kubectl apply -f`: the namespace, the CRDs, then the rest.
  package func manifest() throws -> String {
    let objects = try objects().map { try $0.value.yamlText() }
    let crds = CustomResourceDefinitions.yaml(namespace: namespace)
    return (objects.prefix(1) + crds + objects.dropFirst()).map { "---\n\($0)" }.joined()
  }

  /// Speakers need the host's network and raw sockets, which only the level `privileged` admits.
  private var namespaceObject: Namespace {
    var labels = ["control-plane": "controller-manager"]
    for mode in ["enforce", "audit", "warn"] {
      labels["pod-security.kubernetes.io/\(mode)"] = "privileged"
    }
    if platform == .openshift {
      labels["security.openshift.io/scc.podSecurityLabelSync"] = "false"
    }
    return Namespace(metadata: ObjectMeta(name: namespace, labels: labels))
  }
}
