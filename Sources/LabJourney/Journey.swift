internal import DevelopmentCluster
internal import KubernetesAPI
internal import KubernetesClient
internal import KubernetesYAML
internal import MetalLBAPI
internal import NetworkAddresses
internal import NetworkLab
internal import OperatorRendering

/// The way of a user through MetalLB, from the manifest to the uninstallation, on a cluster that
/// runs: each step is done as a user does it, and measured from outside.
///
/// What counts as having worked is what the client sees: its packets, its kernel's neighbours, its
/// answers. Nothing here asks MetalLB whether it is content, except where a user would.
package struct Journey: Sendable {
  let session: LabSession
  let timeline: Timeline
  /// The installation as YAML, as it is shipped.
  let manifest: String
  let objects: JourneyObjects
  let host: ClientHost

  package init(session: LabSession, timeline: Timeline, manifest: String) throws {
    self.session = session
    self.timeline = timeline
    self.manifest = manifest
    host = ClientHost(namespace: session.network.client)
    objects = JourneyObjects(
      operatorNamespace: Installation.defaultNamespace,
      addresses: session.topology.loadBalancers, replicas: session.topology.nodes.count)
  }

  var client: APIClient { session.client }

  /// Walks the whole way. Throws where a step does not hold.
  package func walk() async throws -> JourneySummary {
    var summary = JourneySummary()
    try await awaitNodes()
    try await installOperator()
    let before = try await timeline.step("look around") {
      let census = try await ObjectCensus.take(client, label: Inventory.label, owner: nil)
      return (census, .init("\(census.entries.count) objects before MetalLB"))
    }
    let metalLB = try await createMetalLB(&summary)
    try await addPool()
    try await startEcho()
    let (address, assigned) = try await expose(&summary)
    let owner = try await reach(address, since: assigned, &summary)
    try await weigh(&summary)
    try await failOver(address, from: owner, &summary)
    try await bringBack(owner, address)
    try await uninstall(metalLB, before, address, &summary)
    return summary
  }

  // MARK: Installation

  func awaitNodes() async throws {
    try await timeline.step("nodes") {
      try await session.waitUntilReady()
      let names = session.topology.nodes.map { "\($0.name) \($0.address.address)" }
      return ((), .init("ready: \(names.joined(separator: ", "))"))
    }
  }

  func installOperator() async throws {
    try await timeline.step("install the operator") {
      let documents = try JSONValue.documents(yaml: manifest)
      var deployments: [String] = []
      for document in documents {
        let kind = try await self.kind(of: document)
        _ = try await client.apply(document, kind, fieldManager: "kubectl", force: true)
        if kind.kind == "CustomResourceDefinition" { try await awaitEstablished(document) }
        if kind.kind == "Deployment" {
          deployments += [document[path: ["metadata", "name"]]?.stringValue].compactMap(\.self)
        }
      }
      guard !deployments.isEmpty else {
        throw JourneyError.failed("the manifest has no Deployment")
      }
      for name in deployments {
        _ = try await client.wait(
          for: Deployment.self, name, namespace: objects.operatorNamespace, until: "is available"
        ) { ($0?.status?.availableReplicas ?? 0) > 0 }
      }
      let figures: JSONObject = ["documents": .integer(Int64(documents.count))]
      let names = deployments.joined(separator: ", ")
      return ((), .init("\(documents.count) objects applied, available: \(names)", figures))
    }
  }

  /// Finds out how the API names the kind of a document, as kubectl does.
  private func kind(of document: JSONValue) async throws -> ResourceKind {
    let apiVersion = document["apiVersion"]?.stringValue ?? ""
    let root = apiVersion.contains("/") ? "/apis/" : "/api/"
    let kinds = ObjectCensus.kinds(inDiscovery: try await client.json(root + apiVersion))
    let name = document["kind"]?.stringValue ?? ""
    guard let kind = kinds.first(where: { $0.kind == name }) else {
      throw JourneyError.failed("the API server does not know \(apiVersion) \(name)")
    }
    return kind
  }

  private func awaitEstablished(_ definition: JSONValue) async throws {
    let group = definition[path: ["spec", "group"]]?.stringValue ?? ""
    let plural = definition[path: ["spec", "names", "plural"]]?.stringValue ?? ""
    _ = try await client.wait(
      for: DefinitionConditions.self, "\(plural).\(group)", until: "is established"
    ) { object in
      (object?.status?.conditions ?? []).contains {
        $0["type"]?.stringValue == "Established" && $0["status"]?.stringValue == "True"
      }
    }
  }

  /// Creates an object that a webhook judges. Its Pod may have become ready a moment ago, and its Service may not lead
  /// there yet.
  private func create<R: KubernetesResource>(_ object: R) async throws -> R {
    let end = ContinuousClock.now + .seconds(10)
    while true {
      do {
        return try await client.create(object)
      } catch let error as KubernetesError where error.failure == .serverError {
        guard ContinuousClock.now < end else { throw error }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  func createMetalLB(_ summary: inout JourneySummary) async throws -> MetalLB {
    let (created, took) = try await timeline.step("create the MetalLB object") {
      let begin = ContinuousClock.now
      let created = try await create(objects.metalLB)
      let (_, moment) = try await client.wait(
        for: MetalLB.self, created.metadata.name, namespace: created.metadata.namespace,
        until: "is available"
      ) {
        $0?.status?.conditions?.contains { $0.type == "Available" && $0.status == "True" } == true
      }
      let pods = try await client.list(Pod.self, namespace: created.metadata.namespace).items
      let names = pods.map { "\($0.metadata.name) on \($0.spec?.nodeName ?? "?")" }.sorted()
      let took = moment - begin
      return (
        (created, took),
        .init(
          "Available after \(took.secondsText)\n\(names.joined(separator: "\n"))",
          ["availableSeconds": .double(took.inMilliseconds)])
      )
    }
    summary.timeToAvailable = took
    return created
  }

  // MARK: Configuration and use

  func addPool() async throws {
    try await timeline.step("add an AddressPool") {
      let pool = try await create(objects.addressPool)
      _ = try await client.wait(
        for: AddressPool.self, pool.metadata.name, namespace: pool.metadata.namespace,
        until: "is accepted"
      ) {
        $0?.status?.conditions?.contains { $0.type == "Accepted" && $0.status == "True" } == true
      }
      return ((), .init("\(pool.metadata.name): \(objects.addresses), layer 2, accepted"))
    }
  }

  func startEcho() async throws {
    try await timeline.step("start an echo Deployment") {
      _ = try await client.create(objects.userNamespace)
      let deployment = try await client.create(objects.deployment)
      _ = try await client.wait(
        for: Deployment.self, deployment.metadata.name, namespace: JourneyObjects.namespace,
        until: "is available"
      ) { $0?.status?.availableReplicas == objects.replicas }
      return ((), .init("\(objects.replicas) Pods are ready"))
    }
  }

  func expose(
    _ summary: inout JourneySummary
  ) async throws -> (address: String, assigned: ContinuousClock.Instant) {
    let (address, begin, assigned) = try await timeline.step("expose it as a Service") {
      let begin = ContinuousClock.now
      let service = try await client.create(objects.service)
      let (object, moment) = try await client.wait(
        for: Service.self, service.metadata.name, namespace: JourneyObjects.namespace,
        until: "has an address"
      ) { $0?.status?.loadBalancer?.ingress?.first?.ip != nil }
      guard let address = object?.status?.loadBalancer?.ingress?.first?.ip,
        let parsed = IPAddress(address), objects.addresses.contains(parsed)
      else { throw JourneyError.failed("the Service got an address from outside of the pool") }
      let took = moment - begin
      return (
        (address, begin, moment),
        .init(
          "\(address) after \(took.secondsText)",
          ["address": .string(address), "addressSeconds": .double(took.inMilliseconds)])
      )
    }
    summary.address = address
    summary.timeToAddress = assigned - begin
    return (address, assigned)
  }

  /// Fetches for the first time, which makes the client's kernel ask who has the address.
  func reach(
    _ address: String, since assigned: ContinuousClock.Instant, _ summary: inout JourneySummary
  ) async throws -> String {
    let (owner, took) = try await timeline.step("fetch it from the client") {
      try await host.watchingARP { capture -> ((String, Duration), Timeline.Outcome) in
        let (answer, moment, _) = try await host.fetchUntilSuccess(address, limit: .seconds(30))
        let owner = try await self.owner(of: address)
        let took = moment - assigned
        var text = "\"\(answer)\" \(took.secondsText) after the address was given"
        var figures: JSONObject = [
          "owner": .string(owner.node), "reachableSeconds": .double(took.inMilliseconds),
        ]
        text += "\nARP: \(address) is at \(owner.hardware), \(owner.node)"
        if let exchange = ARPExchange(capture?.frames ?? [], address: address) {
          text += ", answered in \(exchange.duration.millisecondsText)"
          figures["arpMilliseconds"] = .double((exchange.duration.inSeconds * 1e5).rounded() / 100)
        }
        let repliers = try await host.resolve(address)
        guard repliers == [owner.hardware] else {
          throw JourneyError.failed(
            "\(repliers.count) hosts answer for \(address): "
              + repliers.map(\.description).sorted().joined(separator: ", "))
        }
        return ((owner.node, took), .init(text + ", and by nobody else", figures))
      }
    }
    summary.ownerBefore = owner
    summary.timeToReachable = took
    return owner
  }

  func owner(of address: String) async throws -> (node: String, hardware: MACAddress) {
    guard let hardware = try await host.neighbor(address),
      let node = try await session.network.node(owning: hardware)
    else { throw JourneyError.failed("the client does not know which node has \(address)") }
    return (node, hardware)
  }
}

/// Of a CustomResourceDefinition no more than how far it is.
private struct DefinitionConditions: KubernetesResource {
  static let resource = ResourceKind(
    group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions", isNamespaced: false)

  var metadata: ObjectMeta
  var status: Status?

  struct Status: Codable, Sendable, Hashable {
    var conditions: [JSONValue]?
  }
}
