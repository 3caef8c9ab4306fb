internal import ControllerRuntime
package import KubernetesClient
package import Logging

/// The controllers of Deployments and ReplicaSets alone, without nodes: for who tests against an API
/// server without a cluster. Pods are made and deleted, nobody starts them.
package struct RolloutControllers: Sendable {
  private let view: ClusterView
  private let logger: Logger

  package init(client: APIClient, logger: Logger) {
    view = ClusterView(client: client, logger: logger)
    self.logger = logger
  }

  /// Runs until cancellation.
  package func run() async throws {
    let controllers = [
      ReplicaSetController(view: view).controller(logger: logger),
      DeploymentController(view: view).controller(logger: logger),
    ]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.view.run() }
      for controller in controllers { group.addTask { try await controller.run() } }
      try await group.waitForAll()
    }
  }
}
