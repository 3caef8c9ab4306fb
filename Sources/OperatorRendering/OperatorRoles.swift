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
    let webhooks = FRRK8sWebhook.resource
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
      .allow(
        ["create", "delete", "get", "patch"], webhooks.plural, group: webhooks.group,
        named: [ObjectName.frrK8sWebhookConfiguration]),
      // Rights to list and to watch cannot be limited to a name.
      .allow(["list", "watch"], webhooks.plural, group: webhooks.group),
      .allow(["delete", "list"], "frrconfigurations", group: "frrk8s.metallb.io"),
    ]
    rules += PolicyRule.reviews
    if platform == .openshift { rules += openShiftRules }
    return rules
  }

  private var openShiftRules: [PolicyRule] {
    let constraints = SecurityContextConstraints.resource
    let network = NetworkOperator.networkResource
    return [
      // Applying creates by name.
      .allow(
        ["create", "delete", "get", "patch"], constraints.plural, group: constraints.group,
        named: [ObjectName.speakerSecurityContextConstraints]),
      .allow(["list", "watch"], constraints.plural, group: constraints.group),
      .allow(
        Verbs.read, TLSProfile.resource.plural, NetworkOperator.resource.plural,
        group: TLSProfile.resource.group),
      .allow(Verbs.read, network.plural, group: network.group),
      .allow(
        ["patch"], network.plural, group: network.group, named: [NetworkOperator.networkName]),
    ]
  }

  private var namespaceRules: [PolicyRule] {
    [
      .allow(Verbs.readAndWrite, "configmaps", "secrets", "services"),
      .allow(["delete", "get"], "serviceaccounts"),
      .allow(["delete", "list"], "pods"),
      .allow(Verbs.readAndWrite, "daemonsets", "deployments", group: "apps"),
      .allow(Verbs.readAndWrite, "networkpolicies", group: "networking.k8s.io"),
      .allow(
        Verbs.readAndWrite, "podmonitors", "prometheusrules", "servicemonitors",
        group: Monitors.group),
      // Whether they say what a user's ConfigMap says, which may be taken over then.
      .allow(
        Verbs.read, "bfdprofiles", "bgpadvertisements", "bgppeers", "communities",
        "ipaddresspools", "l2advertisements", group: metalLBGroup),
      .allow(Verbs.lease, "leases", group: "coordination.k8s.io"),
    ]
  }
}
