import KubernetesAPI
import MetalLBAPI

extension Roles {
  /// What a webhook server needs to be recognised: its certificates in a Secret, and its authority in what makes API
  /// servers call it.
  func webhookRoles() throws -> [RenderedObject] {
    let account = WebhookServerDeployment.account
    return try [
      (WebhookServerNames.operator, AccountName.operator), (.controller, account),
    ].flatMap { names, account in
      try clusterRole(
        "\(namespace):\(names.configuration)", binding: "\(namespace):\(names.configuration)",
        accounts: [account], registrationRules(names))
        + role(
          names.service, accounts: [account],
          [
            .allow(["get", "list", "update", "watch"], "secrets", named: [names.secret]),
            // A deleted Secret is made anew; what is created has no name to limit the right to.
            .allow(["create"], "secrets"),
          ])
    }
      + clusterRole(
        "\(namespace):\(account)", binding: "\(namespace):\(account)", accounts: [account],
        // Selectors of peers and advertisements are checked against the nodes; who takes addresses away is told whose.
        [.allow(["list"], "namespaces", "nodes", "services")] + PolicyRule.reviews)
      + role(
        account, accounts: [account],
        [
          .allow(
            ["list"], "addresspools", "bfdprofiles", "bgpadvertisements", "bgppeers",
            "communities", "ipaddresspools", "l2advertisements", "metallbs", group: metalLBGroup),
          .allow(["list"], "configmaps"),
          // Where the MetalLB object names no backend, the speakers that run have one.
          .allow(["get"], "daemonsets", group: "apps", named: [ComponentName.speaker]),
        ])
  }

  private func registrationRules(_ names: WebhookServerNames) -> [PolicyRule] {
    let resource = WebhookRegistrations.configurationResource
    let verbs = ["get", "list", "update", "watch"]
    var rules: [PolicyRule] = [
      .allow(verbs, resource.plural, group: resource.group, named: [names.configuration])
    ]
    if !names.convertedDefinitions.isEmpty {
      rules.append(
        .allow(
          verbs, "customresourcedefinitions", group: "apiextensions.k8s.io",
          named: names.convertedDefinitions))
    }
    return rules
  }
}
