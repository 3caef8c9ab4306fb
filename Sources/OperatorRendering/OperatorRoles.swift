import KubernetesAPI
import MetalLBAPI

extension Roles {
  func operatorRoles() throws -> [RenderedObject] {
    let accounts = [AccountName.operator]
    let cluster = try clusterRole(
      "metallb-manager-role", binding: "metallb-manager-rolebinding", accounts: accounts,
      clusterRules)
    let own = try role(
      "metallb-manager-role", binding: "metallb-manager-rolebinding", accounts: accounts,
      namespaceRules)
    // Network policies need to know where the API server listens.
    let endpoints = try role(
      "metallb-operator-endpoint-reader", in: "default", accounts: accounts,
      [.allow(["get"], "endpointslices", group: "discovery.k8s.io", named: ["kubernetes"])])
    // In IPVS mode it needs strict ARP.
    let proxy = try role(
      "metallb-operator-proxy-reader", in: "kube-system", accounts: accounts,
      [.allow(["get"], "configmaps", named: ["kube-proxy"])])
    return cluster + own + endpoints + proxy
  }

  private var clusterRules: [PolicyRule] {
    var rules: [PolicyRule] = [
      // All namespaces, because an object in the wrong one gets an answer too.
      .allow(Verbs.read, "metallbs", "addresspools", group: metalLBGroup),
      .allow(Verbs.update, "metallbs/status", "addresspools/status", group: metalLBGroup),
      .allow(["update"], "metallbs/finalizers", group: metalLBGroup),
      .allow(["create", "patch"], "events"),
      // The platform check: whose the nodes are, and what else gives addresses to Services.
      .allow(["list"], "nodes"),
      .allow(["list"], "daemonsets", "deployments", group: "apps"),
      .allow(["get"], "namespaces", named: [namespace]),
      // Left behind by upstream's operator, where it would refuse every change.
      .allow(
        ["delete", "get"], "validatingwebhookconfigurations",
        group: "admissionregistration.k8s.io",
        named: ["frr-k8s-validating-webhook-configuration"]),
      .allow(["delete", "list"], "frrconfigurations", group: "frrk8s.metallb.io"),
    ]
    rules += PolicyRule.reviews
    if platform == .openshift {
      let resource = SecurityContextConstraints.resource
      rules.append(
        .allow(
          ["delete", "get", "patch"], resource.plural, group: resource.group,
          named: [ObjectName.speakerSecurityContextConstraints]))
      // Rights to create and to list cannot be limited to a name.
      rules.append(.allow(["create", "list", "watch"], resource.plural, group: resource.group))
    }
    return rules
  }

  private var namespaceRules: [PolicyRule] {
    [
      .allow(Verbs.readAndWrite, "configmaps", "services"),
      .allow(["delete", "get"], "secrets", "serviceaccounts"),
      .allow(Verbs.readAndWrite, "daemonsets", "deployments", group: "apps"),
      .allow(Verbs.readAndWrite, "networkpolicies", group: "networking.k8s.io"),
      .allow(Verbs.readAndWrite, "podmonitors", "servicemonitors", group: "monitoring.coreos.com"),
      .allow(Verbs.read, "ipaddresspools", group: metalLBGroup),
      .allow(Verbs.lease, "leases", group: "coordination.k8s.io"),
    ]
  }
}
