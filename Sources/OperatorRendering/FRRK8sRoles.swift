import KubernetesAPI
import MetalLBAPI

extension Roles {
  /// Of frr-k8s and its status cleaner, which the backend `frr-k8s` runs.
  func frrK8sRoles() throws -> [RenderedObject] {
    let accounts = [AccountName.frrK8s]
    let group = "frrk8s.metallb.io"
    let daemon = "frr-k8s-daemon-role"
    let binding = "frr-k8s-daemon-rolebinding"
    return try clusterRole(
      daemon, binding: binding, accounts: accounts,
      [
        .allow(Verbs.read, "nodes"),
        .allow(
          Verbs.readAndWrite, "bgpsessionstates", "frrconfigurations", "frrnodestates",
          group: group),
        .allow(
          Verbs.update, "bgpsessionstates/status", "frrconfigurations/status",
          "frrnodestates/status", group: group),
        .allow(["update"], "frrconfigurations/finalizers", group: group),
        .allow(Verbs.read, "frrk8sconfigurations", group: group),
      ] + webhookRules)
      + role(
        daemon, binding: binding, accounts: accounts,
        [
          .allow(Verbs.read, "pods"),
          // Passwords of sessions, and the certificate of the webhook.
          .allow(Verbs.read + ["update"], "secrets"),
        ])
      + role(
        "frr-k8s-nodestate-cleaner-role", binding: "frr-k8s-nodestate-cleaner-rolebinding",
        accounts: accounts,
        [
          .allow(Verbs.read, "pods"),
          .allow(Verbs.read + ["delete"], "frrnodestates", group: group),
        ])
      + clusterRole(
        "frr-k8s-proxy-role", binding: "frr-k8s-proxy-rolebinding", accounts: accounts,
        PolicyRule.reviews)
      + securityContextRoles(accounts)
  }

  /// The status cleaner puts the authority of its certificate into the configuration of its webhook.
  private var webhookRules: [PolicyRule] {
    let resource = FRRK8sWebhook.resource
    return [
      .allow(Verbs.read, resource.plural, group: resource.group),
      .allow(
        ["update"], resource.plural, group: resource.group,
        named: [ObjectName.frrK8sWebhookConfiguration]),
    ]
  }

  /// On OpenShift FRR is privileged, as upstream's is.
  private func securityContextRoles(_ accounts: [String]) throws -> [RenderedObject] {
    guard platform == .openshift else { return [] }
    let resource = SecurityContextConstraints.resource
    return try role(
      "frr-k8s-daemon-scc", binding: "frr-k8s-daemon-scc-binding", accounts: accounts,
      [.allow(["use"], resource.plural, group: resource.group, named: ["privileged"])])
  }

  /// Who may read metrics: for people to bind, and for the token of PodMonitors.
  func metricsReaderRoles() throws -> [RenderedObject] {
    let rule = PolicyRule(nonResourceURLs: ["/metrics"], verbs: ["get"])
    return try clusterRole(
      "\(namespace):metrics-reader", binding: "\(namespace):metrics-reader",
      accounts: [AccountName.metricsReader], [rule])
      + [
        RenderedObject(
          ClusterRole(metadata: ObjectMeta(name: "frr-k8s-metrics-reader"), rules: [rule]))
      ]
  }
}
