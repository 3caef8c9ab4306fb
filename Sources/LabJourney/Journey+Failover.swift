internal import DevelopmentCluster
internal import KubernetesAPI
internal import KubernetesClient
internal import MetalLBAPI
internal import NetworkAddresses
internal import NetworkLab
internal import OperatorRendering
private import Glibc

extension Journey {
  /// Crashes the node that has the address and fetches until another one answers.
  func failOver(
    _ address: String, from owner: String, _ summary: inout JourneySummary
  ) async throws {
    let (next, took) = try await timeline.step("crash \(owner)") {
      let oldHardware = try await self.owner(of: address).hardware
      return try await host.watchingARP {
        capture -> ((String, Duration), Timeline.Outcome) in
        let wall = Self.wallTime
        let begin = ContinuousClock.now
        try await session.cluster.crash(owner)
        let (answer, moment, failures) = try await host.fetchUntilSuccess(
          address, limit: .seconds(60))
        let took = moment - begin
        let next = try await self.owner(of: address)
        guard next.node != owner else {
          throw JourneyError.failed("\(address) still belongs to the crashed \(owner)")
        }
        let announcement = capture?.frames.first { frame in
          guard let packet = ObservedARP(frame: frame.bytes), frame.time >= wall else {
            return false
          }
          return packet.isGratuitous && packet.senderAddress.description == address
            && packet.senderHardware != oldHardware
        }
        var text = "\"\(answer)\" after \(took.secondsText) and \(failures) failed attempts"
        var figures: JSONObject = [
          "ownerBefore": .string(owner), "ownerAfter": .string(next.node),
          "failoverSeconds": .double(took.inMilliseconds),
          "failedAttempts": .integer(Int64(failures)),
        ]
        text += "\nARP: \(address) is at \(next.hardware), \(next.node)"
        if let announcement {
          let delay = announcement.time - wall
          text += ", announced after \(delay.secondsText)"
          figures["firstGratuitousSeconds"] = .double(delay.inMilliseconds)
        }
        return ((next.node, took), .init(text, figures))
      }
    }
    summary.ownerAfter = next
    summary.failoverTime = took
  }

  /// Gives the crashed node its power back and waits until everything runs on it again.
  func bringBack(_ node: String, _ address: String) async throws {
    try await timeline.step("bring \(node) back") {
      try await session.cluster.restart(node)
      _ = try await client.wait(for: Node.self, node, until: "is ready again") {
        $0?.condition("Ready") == "True" && ($0?.spec?.taints ?? []).isEmpty
      }
      let wanted = session.topology.nodes.count
      _ = try await client.wait(
        for: DaemonSet.self, "speaker", namespace: objects.operatorNamespace,
        until: "is ready on all nodes"
      ) { $0?.status?.numberReady == wanted }
      _ = try await host.fetchUntilSuccess(address, limit: .seconds(10))
      let owner = try await self.owner(of: address)
      return ((), .init("ready; \(address) is at \(owner.hardware), \(owner.node)"))
    }
  }

  /// Deletes the MetalLB object and looks for anything that is left.
  func uninstall(
    _ metalLB: MetalLB, _ before: ObjectCensus, _ address: String,
    _ summary: inout JourneySummary
  ) async throws {
    let left = try await timeline.step("delete the MetalLB object") {
      let begin = ContinuousClock.now
      try await client.delete(metalLB)
      let left = try await awaitNothing(of: metalLB, before)
      let took = ContinuousClock.now - begin
      let programs = try await programs()
      guard left.isEmpty, programs.isEmpty else {
        let names = left.map(\.description) + programs.map { "process \($0)" }
        throw JourneyError.failed("left behind: \(names.sorted().joined(separator: ", "))")
      }
      let repliers = try await host.resolve(address)
      guard repliers.isEmpty else {
        throw JourneyError.failed(
          "\(repliers.map(\.description).sorted().joined(separator: ", ")) still answers for "
            + address)
      }
      // The nodes would still pass it on to a client that remembers one of them.
      try await host.forget(address)
      guard try await host.fetch(address) == nil else {
        throw JourneyError.failed("\(address) can still be fetched")
      }
      return (
        left.count,
        .init(
          "after \(took.secondsText): 0 objects, 0 processes, and nobody answers for \(address)",
          [
            "goneSeconds": .double(took.inMilliseconds), "objectsLeft": 0, "processesLeft": 0,
            "arpReplies": 0,
          ])
      )
    }
    summary.objectsLeft = left
  }

  /// Waits until nothing is left of what was not there before the MetalLB object, and returns what
  /// is left when the time is over.
  private func awaitNothing(
    of metalLB: MetalLB, _ before: ObjectCensus
  ) async throws -> [ObjectCensus.Entry] {
    let end = ContinuousClock.now.advanced(by: .seconds(40))
    while true {
      let now = try await ObjectCensus.take(
        client, label: Inventory.label, owner: metalLB.metadata.uid)
      let left = now.entries.subtracting(before.entries).filter { !isUsers($0) && !isOperators($0) }
        .union(now.labelled.filter { !isOperators($0) }).union(now.owned)
      if left.isEmpty || ContinuousClock.now >= end { return left.sorted() }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// What the operator writes for its own installation, with or without a MetalLB object.
  private func isOperators(_ entry: ObjectCensus.Entry) -> Bool {
    entry.kind == ConfigMap.resource.kind && entry.name.name == ObjectName.tlsSettings
  }

  /// What the user made and keeps: the echo application and the pool.
  private func isUsers(_ entry: ObjectCensus.Entry) -> Bool {
    entry.name.namespace == JourneyObjects.namespace
      || entry.name == NamespacedName(name: JourneyObjects.namespace)
      || entry.kind == AddressPool.resource.kind
  }

  /// Processes of controller and speakers, by the names of their programs. The webhook server is the
  /// controller's program too, and stays: it belongs to the operator.
  private func programs() async throws -> [String] {
    var result: [String] = []
    for process in try await session.lab.processes() {
      let arguments = (try? LabFiles.read("/proc/\(process)/cmdline")) ?? ""
      let words = arguments.split(separator: "\0")
      guard let program = words.first, program == "/controller" || program == "/speaker",
        !words.contains("--webhook-mode=onlywebhook")
      else { continue }
      result.append(String(program))
    }
    return result
  }

  /// Since 1970, by the clock that stamps captured frames.
  static var wallTime: Duration {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
  }
}

/// A question and its answer among captured frames.
struct ARPExchange: Sendable, Hashable {
  var duration: Duration

  /// The first request for the address by which the client's kernel asked, and the first reply
  /// after it; `nil` without both.
  init?(_ frames: [CapturedFrame], address: String) {
    var asked: Duration?
    for frame in frames {
      guard let packet = ObservedARP(frame: frame.bytes), !packet.isGratuitous else { continue }
      switch packet.operation {
      case .request where packet.targetAddress.description == address:
        if asked == nil { asked = frame.time }
      case .reply where packet.senderAddress.description == address:
        if let asked {
          duration = frame.time - asked
          return
        }
      case .request, .reply, .other: continue
      }
    }
    return nil
  }
}
