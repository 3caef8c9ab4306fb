package import DevelopmentAPIServer
package import DevelopmentCluster
internal import KubernetesAPI
package import KubernetesClient
package import Logging
internal import NetworkAddresses
package import NetworkLab

/// A cluster that runs on this machine: networks, API server, nodes.
package struct LabSession: Sendable {
  package let lab: Lab
  package let network: ClusterNetwork
  package let cluster: LabCluster
  package let server: APIServer
  /// As an administrator of the cluster.
  package let client: APIClient
  package let kubeconfigPath: String

  package var topology: ClusterTopology { network.topology }

  package struct Options: Sendable {
    package var nodes = 3
    /// Where to write the administrator's kubeconfig; `nil` keeps it in the lab's folder.
    package var kubeconfig: String?
    package var images = ImageCatalog()
    package var settings = LabCluster.Settings()

    package init() {}
  }
}

extension LabSession {
  /// Why there can be no cluster on this machine, or no journey through it; `nil` when there can.
  package static func unmet() -> LabError? {
    LabRequirements.unmet(further: LabCluster.tools + ClientHost.tools)
  }
}

/// Runs a cluster for the time of `body`, and removes all of it afterwards.
package func withLabSession<Value: Sendable>(
  _ options: LabSession.Options, logger: Logger,
  _ body: @escaping @Sendable (LabSession) async throws -> Value
) async throws -> Value {
  try await withLab { lab in
    let network = try await ClusterNetwork.build(in: lab, nodes: options.nodes)
    let server = try APIServer(
      configuration: .init(
        host: network.topology.machine.address.description,
        port: options.settings.apiServerPort,
        serviceCIDRs: [network.topology.services.description]),
      logger: logger)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        try await server.run()
        return nil
      }
      try await server.waitUntilServing()
      let path = options.kubeconfig ?? "\(lab.directory)/kubeconfig"
      try LabFiles.write(try server.kubeconfig(), to: path, mode: 0o600)
      let client = APIClient(
        configuration: try .kubeconfig(path: path), userAgent: "metallb-lab")
      let cluster = LabCluster(
        network: network, client: client, images: options.images, settings: options.settings,
        logger: logger)
      group.addTask {
        try await cluster.run()
        return nil
      }
      let session = LabSession(
        lab: lab, network: network, cluster: cluster, server: server, client: client,
        kubeconfigPath: path)
      group.addTask { try await body(session) }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let value = result { return value }
      }
      throw CancellationError()
    }
  }
}

extension LabSession {
  /// Returns once all nodes are ready and take Pods.
  package func waitUntilReady(limit: Duration = .seconds(60)) async throws {
    for node in topology.nodes {
      _ = try await client.wait(for: Node.self, node.name, until: "is ready", limit: limit) {
        $0?.condition("Ready") == "True" && ($0?.spec?.taints ?? []).isEmpty
      }
    }
  }
}
