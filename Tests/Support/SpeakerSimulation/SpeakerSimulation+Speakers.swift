import Announcement
import KubernetesAPI
import Layer2
import Membership
import NetworkAddresses

/// What one speaker does about an event: the order in which its parts hear of each other.
extension SpeakerSimulation {
  mutating func deliver(_ occurrence: SimulatedSpeaker.Occurrence, to index: Int) {
    guard speakers[index].core != nil else {
      if case .accept(let dialler) = occurrence { refuse(dialler, at: index) }
      return
    }
    switch occurrence {
    case .datagram(let bytes, let sender):
      tell(index) { core, now, generator in
        core.receive(datagram: bytes, from: sender, now: now, using: &generator)
      }
    case .timer(let timer, let setting):
      guard speakers[index].timers[timer] == setting else { return }
      speakers[index].timers[timer] = nil
      tell(index) { core, now, generator in core.timerFired(timer, now: now, using: &generator) }
    case .accept(let dialler): accept(dialler, at: index)
    case .bytes(let bytes, let stream):
      tell(index) { core, now, generator in
        core.receive(bytes, on: stream, now: now, using: &generator)
      }
    case .closed(let stream):
      links[StreamEnd(node: index, process: speakers[index].process, stream: stream)] = nil
      tell(index) { core, now, generator in
        core.streamClosed(stream, now: now, using: &generator)
      }
    case .frame(let frame):
      var answer: [UInt8] = []
      _ = speakers[index].responder.answer(
        frame.span.bytes, arrivedOn: 1, now: now, into: &answer)
      if !answer.isEmpty { send(answer, from: index) }
    case .wake: speakers[index].nextWake = nil
    case .look(let services): look(at: services, index)
    case .joinIsOver:
      speakers[index].isSettled = true
      speakers[index].hasMemberNews = true
    case .services(let version):
      guard version > speakers[index].version else { return }
      let changed = services.filter { speakers[index].services[$0.key] != $0.value }.keys.sorted()
      speakers[index].version = version
      speakers[index].services = services
      look(at: changed, index)
    case .terminate:
      let (commands, _) = speakers[index].ownership.stop()
      perform(commands, at: index)
      kill(index)
      return
    }
    // Gossip that brings no news of members concerns nothing else.
    if occurrence.isGossip, !speakers[index].hasMemberNews { return }
    settle(index)
  }

  /// Brings the parts of a speaker in line after an event: members to ownership, ownership to responder, responder to
  /// link.
  mutating func settle(_ index: Int) {
    guard speakers[index].core != nil else { return }
    if speakers[index].hasMemberNews {
      speakers[index].hasMemberNews = false
      let metadata = presentMetadata(index)
      updatePeers(index, metadata: metadata)
      let view = clusterView(of: index, metadata)
      if speakers[index].lastView != view {
        speakers[index].lastView = view
        look(at: speakers[index].services.keys.sorted(), index)
      }
    }
    transmit(index)
    for report in speakers[index].responder.takeReports() {
      let consequence = speakers[index].ownership.handle(report, now: now)
      switch consequence.news {
      case .addressInUse, .addressConflict: strangers += 1
      case .splitBrain, nil: break
      }
      perform(consequence.commands, at: index)
      look(at: consequence.services, index)
      if let (services, delay) = consequence.later {
        schedule(.look(services), at: index, after: delay)
      }
    }
    transmit(index)
    _ = speakers[index].responder.takeGroupChanges()
    guard let next = speakers[index].responder.nextRound(now: now) else { return }
    if let planned = speakers[index].nextWake, planned <= next { return }
    speakers[index].nextWake = next
    schedule(.wake, at: index, after: max(.microseconds(1), next - now))
  }

  private mutating func transmit(_ index: Int) {
    for target in speakers[index].responder.takeRounds(now: now) {
      for frame in speakers[index].responder.gratuitousFrames(for: target) {
        gratuitousFrames += 1
        broadcast(frame, from: index)
      }
    }
    for target in speakers[index].responder.takeProbes(now: now) {
      if let frame = speakers[index].responder.probeFrame(for: target) {
        broadcast(frame, from: index)
      }
    }
  }

  /// What the members say of themselves.
  private func presentMetadata(_ index: Int) -> [String: [UInt8]] {
    let present = speakers[index].core?.members.filter(\.state.isPresent) ?? []
    return Dictionary(present.map { ($0.name, $0.metadata) }) { first, _ in first }
  }

  private func clusterView(of index: Int, _ metadata: [String: [UInt8]]) -> ClusterView {
    let facts = Dictionary(uniqueKeysWithValues: speakers.map { ($0.name, NodeFacts()) })
    guard speakers[index].isSettled else { return ClusterView(nodes: facts) }
    return ClusterView(nodes: facts, metadata: metadata, memory: speakers[index].memory)
  }

  private mutating func look(at keys: [NamespacedName], _ index: Int) {
    guard let view = speakers[index].lastView, speakers[index].isSettled else { return }
    for key in keys {
      let service = speakers[index].services[key]
      let facts = service.map { ServiceFacts(key: key, addresses: [$0.address]) }
      let endpoints = UsableEndpoints(exist: service?.hasEndpoint ?? false, nodes: [])
      let change = speakers[index].ownership.reconcile(
        key, facts, endpoints: endpoints, configuration: configuration, cluster: view,
        interfaces: LocalInterfaces(["eth0": .answers([.ipv4])]), now: now)
      perform(change?.commands ?? [], at: index)
    }
  }

  mutating func perform(_ commands: [Layer2Ownership.Command], at index: Int) {
    for command in commands {
      switch command {
      case .announce(let address, let interfaces, let options):
        speakers[index].responder.announce(address, on: interfaces, options: options, now: now)
        moves.append(Move(time: now, address: address, node: index))
      case .withdraw(let address): speakers[index].responder.withdraw(address)
      case .handOver(let address, let duration):
        speakers[index].responder.handOver(address, until: now + duration, now: now)
      case .watch(let address, let interfaces):
        speakers[index].responder.watch(address, on: interfaces, now: now)
      case .defend(let address): speakers[index].responder.defend(address, now: now)
      }
    }
  }
}
