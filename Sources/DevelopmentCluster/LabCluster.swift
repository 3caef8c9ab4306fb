internal import ControllerRuntime
internal import KubernetesAPI
package import KubernetesClient
package import Logging
package import NetworkLab
internal import ServiceLifecycle
private import Synchronization

/// A small Kubernetes cluster on one machine, around an API server that somebody else runs.
///
/// Stand-ins for what makes a cluster: scheduler, node life cycle, Deployments, ReplicaSets,
/// DaemonSets, EndpointSlices, and on every node a kubelet and a proxy. Nodes and Pods are network
/// namespaces; containers are processes with their own files, user and capabilities. Decisions are
/// pure functions (`Scheduling`, `RolloutPlan`, `DaemonSetPlan`, `EndpointComputation`, `NodeHealth`,
/// `ProxyRules`, `PodStatusReport`…), which the controllers here only feed and obey.
///
/// It knows nothing of what runs on it. It leaves out: images (a catalog maps them to programs of
/// this machine), resource limits, cluster DNS, Jobs and StatefulSets, volumes with storage.
package final class LabCluster: ServiceLifecycle.Service {
  package struct Settings: Sendable {
    /// How often nodes say that they live, and how long they may be silent.
    package var heartbeat: Duration = .seconds(1)
    package var nodeGracePeriod: Duration = .seconds(3)
    /// What the first restart of a container waits; each further one waits twice as long.
    package var restartDelay: Duration = .seconds(1)
    /// Where the machine itself serves the API.
    package var apiServerPort = 6443

    package init() {}
  }

  private let network: ClusterNetwork
  private let view: ClusterView
  private let events: EventRecorder
  private let settings: Settings
  private let logger: Logger
  private let machines: [String: Machine]

  /// A node with its power switch.
  private final class Machine: Sendable {
    let agent: NodeAgent
    private let isOn = Mutex(true)
    private let switched = Wake()
    private let settled = Wake()

    init(agent: NodeAgent) { self.agent = agent }

    /// Turns the power on or off; returns once it is.
    func turn(on: Bool) async {
      let changes = isOn.withLock { isOn in
        defer { isOn = on }
        return isOn != on
      }
      guard changes else { return }
      switched.signal()
      await settled.wait()
    }

    /// Lets the agent live whenever there is power, until cancellation.
    func run() async {
      while !Task.isCancelled {
        if isOn.withLock({ $0 }) {
          await withTaskGroup(of: Void.self) { group in
            group.addTask {
              // An agent that cannot register tries again.
              while !Task.isCancelled {
                await self.agent.run()
                try? await Task.sleep(for: .milliseconds(200))
              }
            }
            await switched.wait()
            group.cancelAll()
          }
        } else {
          await switched.wait()
        }
        settled.signal()
      }
    }
  }

  package init(
    network: ClusterNetwork, client: APIClient, images: ImageCatalog,
    settings: Settings = Settings(), logger: Logger
  ) {
    self.network = network
    self.settings = settings
    self.logger = logger
    view = ClusterView(client: client, logger: logger)
    events = EventRecorder(client: client, component: "lab", logger: logger)
    var machines: [String: Machine] = [:]
    for plan in network.topology.nodes {
      guard let namespace = network.nodes[plan.name] else { continue }
      var nodeLogger = logger
      nodeLogger[metadataKey: "node"] = "\(plan.name)"
      machines[plan.name] = Machine(
        agent: NodeAgent(
          node: NodeContext(
            plan: plan, network: network, namespace: namespace, view: view, images: images,
            settings: settings, events: events, logger: nodeLogger)))
    }
    self.machines = machines
  }

  /// What the nodes call beside the tools of every lab: for probes.
  package static let tools = [
    RequiredTool(name: "curl", package: "curl"), RequiredTool(name: "bash", package: "bash"),
    RequiredTool(name: "timeout", package: "coreutils"),
  ]

  /// Where the output of containers is kept: `NAMESPACE_POD_CONTAINER.log`.
  package static func logFolder(of lab: Lab) -> String { "\(lab.directory)/logs" }

  /// Runs the cluster until cancellation or graceful shutdown; then all its processes are dead.
  package func run() async throws {
    try LabFiles.makeDirectory(Self.logFolder(of: network.lab))
    connectAgents()
    try await cancelWhenGracefulShutdown { try await self.runAll() }
  }

  private func runAll() async throws {
    let lifecycle = NodeLifecycleController(
      view: view, gracePeriod: settings.nodeGracePeriod, events: events)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.view.run() }
      group.addTask { try await self.events.run() }
      for controller in [
        Scheduler(view: view, events: events).controller(logger: logger),
        ReplicaSetController(view: view).controller(logger: logger),
        DeploymentController(view: view).controller(logger: logger),
        DaemonSetController(view: view).controller(logger: logger),
        EndpointSliceController(view: view).controller(logger: logger),
      ] {
        group.addTask { try await controller.run() }
      }
      let nodes = lifecycle.controller(logger: logger)
      group.addTask { try await nodes.run() }
      for machine in machines.values { group.addTask { await machine.run() } }
      try await group.waitForAll()
    }
  }

  /// Hands changes that concern a node to its agent.
  private func connectAgents() {
    let machines = machines
    view.pods.onChange { change in
      for pod in [change.old, change.new] {
        if let node = pod?.spec?.nodeName { machines[node]?.agent.podWake.signal() }
      }
    }
    view.services.onChange { _ in
      for machine in machines.values { machine.agent.proxyWake.signal() }
    }
    view.endpointSlices.onChange { _ in
      for machine in machines.values { machine.agent.proxyWake.signal() }
    }
    view.secrets.onChange { _ in for machine in machines.values { machine.agent.refreshVolumes() } }
    view.configMaps.onChange { _ in
      for machine in machines.values { machine.agent.refreshVolumes() }
    }
  }

  // MARK: Faults

  /// Why a node cannot be treated so.
  package enum Failure: Error, CustomStringConvertible {
    case unknownNode(String)

    package var description: String {
      switch self {
      case .unknownNode(let name): "there is no node \"\(name)\""
      }
    }
  }

  /// Takes a node's power away: its link goes down, then all its processes are killed, without a
  /// word to anybody.
  package func crash(_ name: String) async throws {
    guard let machine = machines[name] else { throw Failure.unknownNode(name) }
    let node = machine.agent.node
    try await node.namespace.setLink("eth0", up: false)
    async let killed: Void = node.namespace.killProcesses()
    await machine.turn(on: false)
    try await killed
    // What was just being started when the agent died.
    try await node.namespace.killProcesses()
  }

  /// Gives a crashed node its power back: link, routes and agent, which starts the node's Pods anew.
  package func restart(_ name: String) async throws {
    guard let machine = machines[name] else { throw Failure.unknownNode(name) }
    let node = machine.agent.node
    try await node.namespace.setLink("eth0", up: true)
    try await network.addRoutes(to: node.plan)
    await machine.turn(on: true)
  }

  /// Cuts the node's link or mends it. Everything on the node goes on, unheard: its agent, which
  /// lives outside of the node's network, keeps silent too.
  package func setLink(of name: String, up: Bool) async throws {
    guard let machine = machines[name] else { throw Failure.unknownNode(name) }
    let node = machine.agent.node
    node.isCut = !up
    try await node.namespace.setLink("eth0", up: up)
    if up {
      try await network.addRoutes(to: node.plan)
      machine.agent.podWake.signal()
    }
  }

  /// The processes of a node and its Pods on the machine.
  package func processes(on name: String) async throws -> [Int32] {
    guard let node = machines[name]?.agent.node else { throw Failure.unknownNode(name) }
    return try await node.namespace.processes()
  }
}
