import KubernetesAPI
import MetalLBAPI

extension Roles {
  func controllerRoles() throws -> [RenderedObject] {
    let name = ComponentName.controller
    return try clusterRole(
      "\(namespace):\(name)", binding: "\(namespace):\(name)", accounts: [name],
      [
        .allow(Verbs.read, "namespaces", "nodes", "services"),
        .allow(["patch", "update"], "services/status"),
        .allow(["create", "patch"], "events"),
        .allow(Verbs.readAndWrite, "configurationstates", group: metalLBGroup),
        .allow(Verbs.update, "configurationstates/status", group: metalLBGroup),
        // What speakers found on the link.
        .allow(Verbs.read, "servicel2statuses", group: metalLBGroup),
      ])
      + role(
        name, accounts: [name],
        [
          // The key of the speakers' gossip, which the controller makes.
          .allow(Verbs.readAndWrite, "secrets"),
          .allow(Verbs.read, "configmaps"),
          .allow(["get"], "deployments", group: "apps", named: [name]),
          .allow(Verbs.lease, "leases", group: "coordination.k8s.io"),
        ] + configurationRules + [
          .allow(
            ["patch", "update"], "bfdprofiles/status", "bgpadvertisements/status",
            "bgppeers/status", "communities/status", "ipaddresspools/status",
            "l2advertisements/status", group: metalLBGroup)
        ])
  }

  func speakerRoles() throws -> [RenderedObject] {
    let name = ComponentName.speaker
    var rules: [PolicyRule] = []
    if platform == .openshift {
      let resource = SecurityContextConstraints.resource
      rules.append(
        .allow(
          ["use"], resource.plural, group: resource.group,
          named: [ObjectName.speakerSecurityContextConstraints]))
    }
    return try clusterRole(
      "\(namespace):\(name)", binding: "\(namespace):\(name)", accounts: [name],
      [
        .allow(Verbs.read, "endpoints", "namespaces", "nodes", "services"),
        .allow(Verbs.read, "endpointslices", group: "discovery.k8s.io"),
        .allow(["create", "patch"], "events"),
        .allow(
          ["*"], "configurationstates", "configurationstates/status", "servicel2statuses",
          "servicel2statuses/status", group: metalLBGroup),
        .allow(
          ["create", "delete", "get", "list", "update", "watch"], "frrconfigurations",
          group: "frrk8s.metallb.io"),
      ])
      + role(
        "pod-lister", accounts: [name, ComponentName.controller],
        [
          .allow(Verbs.read, "pods", "secrets", "configmaps"),
          .allow(
            ["*"], "servicebgpstatuses", "servicebgpstatuses/status", group: metalLBGroup),
        ] + configurationRules)
      + (rules.isEmpty ? [] : role(name, accounts: [name], rules))
  }

  private var configurationRules: [PolicyRule] {
    [
      .allow(
        Verbs.read, "bfdprofiles", "bgpadvertisements", "bgppeers", "communities",
        "ipaddresspools", "l2advertisements", group: metalLBGroup)
    ]
  }
}
