internal import ControllerRuntime
internal import KubernetesAPI
internal import Logging
internal import NetworkLab

/// Keeps the nftables rules of one node as `ProxyRules` says.
struct KubeProxy: Sendable {
  let node: NodeContext
  let wake: Wake

  /// Runs until cancellation. `ready` is called once the first rules are loaded.
  func run(ready: @Sendable () -> Void) async {
    var loaded: String?
    while !Task.isCancelled {
      let ruleset = ProxyRules.ruleset(
        services: node.view.services.store.values,
        slices: node.view.endpointSlices.store.values,
        node: .init(name: node.name, pods: node.plan.pods, allPods: node.network.topology.pods))
      if ruleset != loaded {
        do {
          try await node.namespace.nft(ruleset)
          loaded = ruleset
          ready()
        } catch {
          if Task.isCancelled { return }
          node.logger.warning("rules not loaded", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: .milliseconds(500))
          continue
        }
      }
      await wake.wait()
      // Changes come in groups: a Service and its slices.
      try? await Task.sleep(for: .milliseconds(10))
    }
  }
}
