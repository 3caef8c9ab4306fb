import Membership
import SeededRandomness

/// Datagrams and streams between the members, and what each member's core wants.
extension SpeakerSimulation {
  mutating func tell(
    _ index: Int,
    _ event: (inout Memberlist, ContinuousClock.Instant, inout SeededGenerator) -> [Memberlist
      .Action]
  ) {
    guard var core = speakers[index].core else { return }
    speakers[index].core = nil
    let actions = event(&core, now, &generator)
    speakers[index].core = core
    for action in actions { perform(action, for: index) }
  }

  private mutating func perform(_ action: Memberlist.Action, for index: Int) {
    switch action {
    case .send(let bytes, let address):
      guard let target = reachable(address, from: index), !isLost() else { return }
      schedule(.datagram(bytes, from: speakers[index].address), at: target)
    case .openStream(let id, let address, let bytes):
      guard let target = reachable(address, from: index) else { return }
      let dialler = StreamEnd(node: index, process: speakers[index].process, stream: id)
      firstBytes[dialler] = bytes
      schedule(.accept(dialler), at: target)
    case .finishStream(let id, let bytes):
      let end = StreamEnd(node: index, process: speakers[index].process, stream: id)
      transmit(bytes, from: end, thenClose: true)
      schedule(.closed(id), at: end)
    case .closeStream(let id):
      let end = StreamEnd(node: index, process: speakers[index].process, stream: id)
      if let link = links.removeValue(forKey: end) {
        schedule(.closed(link.other.stream), at: link.other)
      }
    case .setTimer(let timer, let delay):
      lastSetting += 1
      speakers[index].timers[timer] = lastSetting
      schedule(.timer(timer, setting: lastSetting), at: index, after: delay)
    case .cancelTimer(let timer):
      speakers[index].timers[timer] = nil
    case .report(.peerJoined(let peer)), .report(.peerFailed(let peer, _)):
      speakers[index].hasMemberNews = true
      speakers[index].unansweredPeers.remove(peer)
      if case .report(.peerJoined) = action { speakers[index].isSettled = true }
      if speakers[index].unansweredPeers.isEmpty { speakers[index].isSettled = true }
    case .report(.joined), .report(.updated), .report(.left):
      speakers[index].hasMemberNews = true
    case .report:
      break
    }
  }

  private func reachable(_ address: MemberAddress, from index: Int) -> Int? {
    guard let target = nodesByAddress[address],
      !network.cutGossip.contains(SimulatedNetwork.Pair(from: index, to: target))
    else { return nil }
    return target
  }

  mutating func accept(_ dialler: StreamEnd, at index: Int) {
    var accepted: StreamID?
    tell(index) { core, now, generator in
      let (id, actions) = core.acceptStream(now: now, using: &generator)
      accepted = id
      return actions
    }
    guard let accepted else { return refuse(dialler, at: index) }
    let end = StreamEnd(node: index, process: speakers[index].process, stream: accepted)
    links[end] = (dialler, now)
    links[dialler] = (end, now)
    transmit(firstBytes.removeValue(forKey: dialler) ?? [], from: dialler)
  }

  mutating func refuse(_ dialler: StreamEnd, at index: Int) {
    firstBytes[dialler] = nil
    guard speakers[index].power != .off else { return }
    schedule(.closed(dialler.stream), at: dialler)
  }

  /// Bytes of a stream arrive in order.
  private mutating func transmit(
    _ bytes: [UInt8], from end: StreamEnd, thenClose: Bool = false
  ) {
    guard let link = links[end],
      !network.cutGossip.contains(SimulatedNetwork.Pair(from: end.node, to: link.other.node))
    else { return }
    let time = max(now + network.delay.upperBound, link.busyUntil)
    links[end]?.busyUntil = time
    let target = link.other
    plan(
      .node(target.node, process: target.process, .bytes(bytes, target.stream)), after: time - now)
    if thenClose {
      plan(.node(target.node, process: target.process, .closed(target.stream)), after: time - now)
    }
  }
}
