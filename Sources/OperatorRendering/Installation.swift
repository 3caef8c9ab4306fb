import KubernetesAPI
import KubernetesYAML
import MetalLBAPI

/// What an administrator applies once: the operator itself, the kinds that it knows, and the accounts
/// and roles of everything that it will run. `bundle/` holds its output.
///
/// The operator creates none of this, so that it needs no right to hand out rights.
package struct Installation: Sendable {
  /// What applies the objects.
  package enum Packaging: Sendable, Hashable {
    /// `kubectl`: one file with everything.
    case manifest
    /// The Operator Lifecycle Manager, which makes the webhooks' certificates and registrations.
    case lifecycleManager
  }

  package var platform: Platform
  package var namespace: String
  package var packaging = Packaging.manifest
  /// Runs the operator and, in other containers, the controller and the speakers.
  package var image: ImageReference
  /// Other images for single components.
  package var overrides = ImageOverrides()
  /// Of the operator, of which one acts, and of the webhook server.
  package var replicas = 1
  /// Further variables of the operator's container, such as `METRICS_PORT`.
  package var variables: [String: String] = [:]
  /// Further labels of the namespace.
  package var namespaceLabels: [String: String] = [:]
  /// Whether what no network policy allows is denied in the namespace.
  package var hasDenyPolicy = true
  /// The only ports that operator and webhook server may reach under their network policies; with none, any port of
  /// TCP. Nobody can tell before the operator runs where the API server listens, and a network plugin may compare with
  /// that port instead of the Service's.
  package var apiServerPorts: [Int] = []

  package struct ImageOverrides: Sendable, Hashable {
    package var controller: ImageReference?
    package var speaker: ImageReference?
    package var frr: ImageReference?
    package var frrK8s: ImageReference?

    package init() {}
  }

  package init(
    platform: Platform, namespace: String = defaultNamespace, image: ImageReference
  ) {
    self.platform = platform
    self.namespace = namespace
    self.image = image
  }

  package static let defaultNamespace = "metallb-system"

  /// The name that a build on this machine gives its image. A tag other than `latest` makes kubelets run the image
  /// that was loaded onto the node instead of asking a registry for it.
  package static let defaultImage = "localhost/metallb:v\(ProductVersion.current)"

  /// Everything but the CRDs, in the order in which `kubectl apply` may create it.
  package func objects() throws -> [RenderedObject] {
    let accounts = try [
      AccountName.operator, ComponentName.controller, ComponentName.speaker, AccountName.frrK8s,
      AccountName.metricsReader, WebhookServerDeployment.account,
    ].map {
      try RenderedObject(ServiceAccount(metadata: ObjectMeta(name: $0, namespace: namespace)))
    }
    var policies = [
      NetworkPolicies.policy(
        "operator", namespace: namespace, pods: OperatorDeployment.labels, egress: apiServerPorts,
        ingress: ["webhook", "metricshttps"]),
      NetworkPolicies.policy(
        "webhook-service", namespace: namespace, pods: WebhookServerDeployment.labels,
        egress: apiServerPorts, ingress: ["webhook", "metricshttps"]),
    ]
    // Without its own policy the controller would be cut off by this one.
    if hasDenyPolicy, variables["DISABLE_NETWORK_POLICIES"] != "true" {
      policies.insert(NetworkPolicies.denyAll(namespace: namespace), at: 0)
    }
    return try [RenderedObject(namespaceObject)] + accounts
      + Roles(platform: platform, namespace: namespace).objects()
      + policies.map { try RenderedObject($0) } + WebhookRegistrations.render(self)
      + [
        RenderedObject(WebhookServerDeployment.render(self)),
        RenderedObject(OperatorDeployment.render(self)),
      ]
  }

  /// What runs each component.
  var images: OperatorEnvironment.Images {
    OperatorEnvironment.Images(
      controller: overrides.controller ?? image, speaker: overrides.speaker ?? image,
      frr: overrides.frr, frrK8s: overrides.frrK8s)
  }

  /// The environment of the operator, as far as it is known before it runs.
  package var operatorVariables: [String: String] {
    var variables = [
      "OPERATOR_NAMESPACE": namespace,
      "CONTROLLER_IMAGE": images.controller.description,
      "SPEAKER_IMAGE": images.speaker.description,
    ]
    variables["FRR_IMAGE"] = images.frr?.description
    variables["FRRK8S_IMAGE"] = images.frrK8s?.description
    return variables.merging(platformVariables) { $1 }.merging(self.variables) { $1 }
  }

  /// OpenShift's nodes use some of the default ports themselves, and its Prometheus is always there.
  private var platformVariables: [String: String] {
    switch platform {
    case .kubernetes: return ["FRRK8S_EXTERNAL_NAMESPACE": "frr-k8s-system"]
    case .openshift:
      var variables = [
        "FRRK8S_EXTERNAL_NAMESPACE": "openshift-frr-k8s", "METRICS_PORT": "29150",
        "FRR_METRICS_PORT": "29151", "MEMBER_LIST_BIND_PORT": "9122",
        "OPERAND_LIVENESS_PORT": "7472",
      ]
      // There can be one kind of monitors only.
      if self.variables["DEPLOY_PODMONITORS"] != "true" {
        variables["DEPLOY_SERVICEMONITORS"] = "true"
      }
      return variables
    }
  }

  /// Every image that may run, with a name for it.
  var allImages: [(name: String, image: String)] {
    [
      ("metallb", image.description), ("controller", images.controller.description),
      ("speaker", images.speaker.description), ("frr", images.effectiveFRR),
      ("frr-k8s", images.effectiveFRRK8s),
    ]
  }

  /// The lifecycle manager mounts certificates of its own where the servers look for them.
  var certificateArguments: [String] {
    switch packaging {
    case .manifest: []
    case .lifecycleManager: ["--disable-cert-rotation"]
    }
  }

  /// The whole manifest as YAML for `kubectl apply -f`: the namespace, the CRDs, then the rest.
  package func manifest() throws -> String {
    let objects = try objects().map { try $0.value.yamlText() }
    let crds = CustomResourceDefinitions.yaml(namespace: namespace)
    return (objects.prefix(1) + crds + objects.dropFirst()).map { "---\n\($0)" }.joined()
  }

  /// Speakers need the host's network and raw sockets, which only the level `privileged` admits.
  var namespaceObject: Namespace {
    var labels = ["control-plane": "controller-manager"]
    for mode in ["enforce", "audit", "warn"] {
      labels["pod-security.kubernetes.io/\(mode)"] = "privileged"
    }
    if platform == .openshift {
      labels["security.openshift.io/scc.podSecurityLabelSync"] = "false"
    }
    return Namespace(
      metadata: ObjectMeta(name: namespace, labels: labels.merging(namespaceLabels) { $1 }))
  }
}
