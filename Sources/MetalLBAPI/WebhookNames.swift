package import KubernetesAPI

/// One admission webhook as installations register it. Names and paths are upstream's, so that either
/// implementation can serve the registrations of the other.
package struct ValidatingWebhookName: Sendable, Hashable {
  /// `ipaddresspoolvalidationwebhook.metallb.io`
  package var name: String
  package var resource: ResourceKind
  /// `CREATE`, `UPDATE`, `DELETE`
  package var operations: [String]
  /// Whether it refuses nothing and only says what a change would do to Services. Without its server such a change is made
  /// all the same.
  package var isAdvice: Bool

  /// `/validate-metallb-io-v1beta1-ipaddresspool`, `/plan-…` for advice.
  package var path: String {
    let group = resource.group.split(separator: ".").joined(separator: "-")
    let verb = isAdvice ? "plan" : "validate"
    return "/\(verb)-\(group)-\(resource.version)-\(resource.kind.lowercased())"
  }

  package var failurePolicy: String { isAdvice ? "Ignore" : "Fail" }

  /// Nobody waits for advice as long as API servers would by themselves.
  package var timeoutSeconds: Int? { isAdvice ? 3 : nil }

  private init(
    _ name: String, _ kind: String, _ plural: String, version: String = "v1beta1",
    _ operations: [String], isAdvice: Bool = false
  ) {
    self.name = "\(name).\(metalLBGroup)"
    resource = ResourceKind(group: metalLBGroup, version: version, kind: kind, plural: plural)
    self.operations = operations
    self.isAdvice = isAdvice
  }

  package static let bgpPeer = ValidatingWebhookName(
    "bgppeersvalidationwebhook", "BGPPeer", "bgppeers", version: "v1beta2", ["CREATE", "UPDATE"])
  package static let bfdProfile = ValidatingWebhookName(
    "bfdprofilevalidationwebhook", "BFDProfile", "bfdprofiles", ["CREATE", "DELETE"])
  package static let bgpAdvertisement = ValidatingWebhookName(
    "bgpadvertisementvalidationwebhook", "BGPAdvertisement", "bgpadvertisements",
    ["CREATE", "UPDATE"])
  package static let community = ValidatingWebhookName(
    "communityvalidationwebhook", "Community", "communities", ["CREATE", "UPDATE"])
  package static let ipAddressPool = ValidatingWebhookName(
    "ipaddresspoolvalidationwebhook", "IPAddressPool", "ipaddresspools", ["CREATE", "UPDATE"])
  package static let l2Advertisement = ValidatingWebhookName(
    "l2advertisementvalidationwebhook", "L2Advertisement", "l2advertisements",
    ["CREATE", "UPDATE"])
  package static let metalLB = ValidatingWebhookName(
    "metallbvalidationwebhook", "MetalLB", "metallbs", ["CREATE", "UPDATE"])
  package static let addressPool = ValidatingWebhookName(
    "addresspoolvalidationwebhook", "AddressPool", "addresspools", ["CREATE", "UPDATE"])

  package static let ipAddressPoolPlan = ValidatingWebhookName(
    "ipaddresspoolplanwebhook", "IPAddressPool", "ipaddresspools", ["DELETE"], isAdvice: true)
  package static let l2AdvertisementPlan = ValidatingWebhookName(
    "l2advertisementplanwebhook", "L2Advertisement", "l2advertisements", ["DELETE"], isAdvice: true)
  package static let bgpAdvertisementPlan = ValidatingWebhookName(
    "bgpadvertisementplanwebhook", "BGPAdvertisement", "bgpadvertisements", ["DELETE"],
    isAdvice: true)
  package static let addressPoolPlan = ValidatingWebhookName(
    "addresspoolplanwebhook", "AddressPool", "addresspools", ["UPDATE", "DELETE"], isAdvice: true)
}

/// A webhook server with what it is known by: its registration, its Service and the Secret with its
/// certificates.
package struct WebhookServerNames: Sendable, Hashable {
  /// The `ValidatingWebhookConfiguration`.
  package var configuration: String
  /// Port 443 of this Service leads to ``port`` of the Pods. The certificate names
  /// `SERVICE.NAMESPACE.svc`.
  package var service: String
  /// Shipped empty; the server fills in `ca.crt`, `ca.key`, `tls.crt` and `tls.key`.
  package var secret: String
  package var webhooks: [ValidatingWebhookName]
  /// CRDs whose `spec.conversion.webhook` asks this server at ``conversionPath``.
  package var convertedDefinitions: [String]

  package static let port = 9443
  package static let conversionPath = "/convert"

  /// The controller's, in its own process or in the one that the operator's installation runs.
  package static let controller = WebhookServerNames(
    configuration: "metallb-webhook-configuration", service: "metallb-webhook-service",
    secret: "metallb-webhook-cert",
    webhooks: [
      .bgpPeer, .bfdProfile, .bgpAdvertisement, .community, .ipAddressPool, .l2Advertisement,
      .ipAddressPoolPlan, .l2AdvertisementPlan, .bgpAdvertisementPlan, .addressPoolPlan,
    ],
    convertedDefinitions: ["bgppeers.metallb.io"])

  package static let `operator` = WebhookServerNames(
    configuration: "metallb-operator-webhook-configuration",
    service: "metallb-operator-webhook-service", secret: "metallb-operator-webhook-server-cert",
    webhooks: [.metalLB, .addressPool], convertedDefinitions: [])

  /// The Deployment of the operator's installation that runs the controller for its webhooks alone.
  package static let controllerDeployment = "metallb-operator-webhook-server"
}
