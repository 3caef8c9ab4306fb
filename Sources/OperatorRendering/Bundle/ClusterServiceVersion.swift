import KubernetesAPI
import MetalLBAPI

/// The heart of the bundle: what the operator is, what it needs, and how the lifecycle manager installs it
/// (`operators.coreos.com/v1alpha1 ClusterServiceVersion`).
struct ClusterServiceVersion {
  let installation: Installation

  static let package = "metallb-operator"

  static var name: String { "\(package).v\(ProductVersion.current)" }

  func render() throws -> JSONValue {
    [
      "apiVersion": "operators.coreos.com/v1alpha1",
      "kind": "ClusterServiceVersion",
      "metadata": [
        "name": .string(Self.name),
        // The lifecycle manager replaces it.
        "namespace": "placeholder",
        "labels": .strings(architectures),
        "annotations": .strings(try annotations()),
      ],
      "spec": [
        "displayName": "MetalLB Operator",
        "description": .string(Self.description),
        "version": .string(ProductVersion.current),
        "minKubeVersion": "1.26.0",
        "maturity": "stable",
        "provider": ["name": "MetalLB", "url": "https://metallb.io"],
        "maintainers": [["name": "The MetalLB contributors", "email": "metallb@googlegroups.com"]],
        "keywords": ["metallb", "loadbalancer", "bgp", "arp", "bare-metal"],
        "links": [["name": "MetalLB", "url": "https://metallb.io"]],
        "icon": [["base64data": .string(Self.icon), "mediatype": "image/svg+xml"]],
        // Webhooks that convert allow no other mode.
        "installModes": [
          ["type": "OwnNamespace", "supported": false],
          ["type": "SingleNamespace", "supported": false],
          ["type": "MultiNamespace", "supported": false],
          ["type": "AllNamespaces", "supported": true],
        ],
        "customresourcedefinitions": [
          "owned": .array(try definitions().flatMap(\.descriptions))
        ],
        "install": ["strategy": "deployment", "spec": try strategy()],
        "webhookdefinitions": .array(webhookDefinitions()),
        "relatedImages": .array(relatedImages),
      ],
    ]
  }

  private func definitions() throws -> [OwnedDefinition] {
    try OwnedDefinition.all(namespace: installation.namespace)
  }

  private func annotations() throws -> [String: String] {
    let internalKinds = try definitions().filter { !$0.isWrittenByPeople }.map(\.name)
    let namespace = installation.namespace
    return [
      "alm-examples": BundleExamples.all(namespace: namespace).prettyText(),
      "capabilities": "Full Lifecycle",
      "categories": "Networking",
      "certified": "false",
      "containerImage": installation.image.description,
      "description": "A load balancer for Kubernetes clusters without a cloud.",
      "support": "Community",
      "olm.skipRange": "<\(ProductVersion.current)",
      "features.operators.openshift.io/cnf": "false",
      "features.operators.openshift.io/cni": "false",
      "features.operators.openshift.io/csi": "false",
      "features.operators.openshift.io/disconnected": "true",
      "features.operators.openshift.io/fips-compliant": "false",
      "features.operators.openshift.io/proxy-aware": "false",
      "features.operators.openshift.io/tls-profiles": "true",
      "features.operators.openshift.io/token-auth-aws": "false",
      "features.operators.openshift.io/token-auth-azure": "false",
      "features.operators.openshift.io/token-auth-gcp": "false",
      "operatorframework.io/suggested-namespace": namespace,
      "operatorframework.io/suggested-namespace-template": try installation.namespaceObject
        .jsonValue().jsonText,
      "operators.operatorframework.io/internal-objects": JSONValue.strings(internalKinds).jsonText,
    ]
  }

  private let architectures = [
    "operatorframework.io/arch.amd64": "supported", "operatorframework.io/arch.arm64": "supported",
    "operatorframework.io/os.linux": "supported",
  ]

  private func strategy() throws -> JSONValue {
    let objects = try installation.objects()
    let rights = BundleRights(objects, namespace: installation.namespace)
    return [
      "clusterPermissions": BundleRights.entries(rights.cluster),
      "permissions": BundleRights.entries(rights.namespaced),
      "deployments": .array(
        objects.filter { $0.resource == Deployment.resource }.map { deployment in
          [
            "name": .string(deployment.name.name),
            "label": deployment.value[path: ["metadata", "labels"]] ?? [:],
            "spec": deployment.value["spec"] ?? [:],
          ]
        }),
    ]
  }

  private func webhookDefinitions() -> [JSONValue] {
    let servers = [
      (WebhookServerNames.operator, OperatorDeployment.name),
      (.controller, WebhookServerNames.controllerDeployment),
    ]
    return servers.flatMap { names, deployment in
      names.webhooks.map { webhook in
        var definition = Self.webhook(webhook.name, webhook.path, deployment)
        definition["type"] = "ValidatingAdmissionWebhook"
        definition["failurePolicy"] = .string(webhook.failurePolicy)
        definition["timeoutSeconds"] = webhook.timeoutSeconds.map { .integer(Int64($0)) }
        definition["rules"] = [WebhookRegistrations.rule(webhook)]
        return definition
      }
        + names.convertedDefinitions.map { converted in
          let path = WebhookServerNames.conversionPath
          var definition = Self.webhook("c\(converted)", path, deployment)
          definition["type"] = "ConversionWebhook"
          definition["conversionCRDs"] = [.string(converted)]
          return definition
        }
    }
  }

  private static func webhook(
    _ name: String, _ path: String, _ deployment: String
  ) -> JSONValue {
    [
      "generateName": .string(name),
      "deploymentName": .string(deployment),
      "containerPort": 443,
      "targetPort": .integer(Int64(WebhookServerNames.port)),
      "webhookPath": .string(path),
      "admissionReviewVersions": ["v1"],
      "sideEffects": "None",
    ]
  }

  /// Everything that the operator runs or may run, so that a disconnected cluster can mirror it.
  private var relatedImages: [JSONValue] {
    var named: [(name: String, image: String)] = []
    for (name, image) in installation.allImages
    where !named.contains(where: { $0.image == image.description }) {
      named.append((name, image.description))
    }
    return named.map { ["name": .string($0.name), "image": .string($0.image)] }
  }

  private static let description = """
    MetalLB gives Services of type LoadBalancer an address on clusters without a cloud: it hands out addresses of \
    your pools and announces them by ARP and NDP, or by BGP.

    Create a `MetalLB` object named `metallb` in the operator's namespace to install it, then pools \
    (`IPAddressPool`, or `AddressPool` as in earlier versions) and how to announce them.

    The condition `PlatformSupported` of that object says whether this cluster is one that MetalLB works on. Remove IP \
    failover before you install it.
    """

  /// A star of lines between nodes.
  private static let icon = """
    PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA2NCA2NCI+PGcgc3Ryb2tlPSIjMzI2Y2U1IiBz\
    dHJva2Utd2lkdGg9IjQiIGZpbGw9IiMzMjZjZTUiPjxwYXRoIGQ9Ik0zMiAzMkwxMiAxNk0zMiAzMkw1MiAxNk0zMiAzMkwxMiA1Mk0zMiAz\
    Mkw1MiA1MiIvPjxjaXJjbGUgY3g9IjMyIiBjeT0iMzIiIHI9IjgiLz48Y2lyY2xlIGN4PSIxMiIgY3k9IjE2IiByPSI0Ii8+PGNpcmNsZSBj\
    eD0iNTIiIGN5PSIxNiIgcj0iNCIvPjxjaXJjbGUgY3g9IjEyIiBjeT0iNTIiIHI9IjQiLz48Y2lyY2xlIGN4PSI1MiIgY3k9IjUyIiByPSI0\
    Ii8+PC9nPjwvc3ZnPg==
    """
}
