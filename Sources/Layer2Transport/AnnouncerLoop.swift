import Layer2
import LinuxNetwork
import Logging
import NetworkAddresses
import Synchronization

/// The thread of a ``Layer2Announcer``: owns its sockets and waits for frames, netlink notifications, wake-ups and the
/// next gratuitous round. Lives and ends on that thread.
final class AnnouncerLoop {
  private let announcer: Layer2Announcer
  private let logger: Logger
  private let exclusion: InterfaceExclusion
  private let poller: Poller
  private var monitor: InterfaceMonitor
  private var memberships = GroupMemberships()
  private var sockets: [SocketKey: SocketBox] = [:]
  private var metrics: Layer2Metrics
  private var nextResynchronization: ContinuousClock.Instant
  private var nextNeighborReading: ContinuousClock.Instant

  private static let neighborReadingInterval = Duration.seconds(5)

  /// Tokens of the poller that are no sockets.
  private static let signalToken = UInt64.max
  private static let monitorToken = UInt64.max - 1

  /// Batches of one socket in a row before others have their turn.
  private static let batchesPerTurn = 8

  init(_ announcer: Layer2Announcer) throws {
    self.announcer = announcer
    logger = announcer.logger
    exclusion = try InterfaceExclusion(announcer.configuration.excludedInterfaces)
    metrics = Layer2Metrics(factory: announcer.metricsFactory)
    poller = try Poller()
    monitor = try InterfaceMonitor()
    nextResynchronization = ContinuousClock.now
    nextNeighborReading = ContinuousClock.now
    try poller.add(announcer.signal.descriptor, token: Self.signalToken)
    try poller.add(monitor.descriptor, token: Self.monitorToken)
  }

  func run() throws {
    var buffers = FrameBuffers()
    var tokens: [UInt64] = []
    while !announcer.signal.isStopped {
      if ContinuousClock.now >= nextResynchronization { try resynchronize() }
      changeGroups()
      sendGratuitousRounds(&buffers)
      sendProbes(&buffers)
      deliverReports()
      try poller.wait(timeout: timeout, into: &tokens)
      for token in tokens {
        switch token {
        case Self.signalToken: announcer.signal.clear()
        case Self.monitorToken: try apply(try monitor.process())
        default: answerFrames(of: token, &buffers)
        }
      }
    }
  }

  private var timeout: Duration {
    let now = ContinuousClock.now
    let nextRound = announcer.state.withLock { $0.responder.nextRound(now: now) }
    return min(nextRound ?? nextResynchronization, nextResynchronization) - now
  }

  // MARK: Interfaces

  private func resynchronize() throws {
    let isFirst = announcer.state.withLock { $0.interfaces.isEmpty }
    try apply(try monitor.resynchronize(), publishes: isFirst)
    // A socket that could not be opened gets another chance.
    for status in announcer.interfaces { try openSockets(for: status) }
    let links = announcer.interfaces.filter { $0.responderInterface != nil }.map(\.name)
    let kernelAddresses = KernelAddresses(monitor.interfaces, links: links)
    announcer.state.withLock { $0.kernelAddresses = kernelAddresses }
    nextResynchronization = ContinuousClock.now + announcer.configuration.resynchronizationInterval
  }

  private func apply(_ changes: [InterfaceTable.Change], publishes: Bool = false) throws {
    var isChanged = publishes
    for change in changes {
      switch change {
      case .updated(let interface) where !exclusion.excludes(interface.name):
        let master = interface.master.flatMap { index in
          monitor.interfaces.first { $0.index == index }?.name
        }
        isChanged = try update(InterfaceStatus(interface, master: master)) || isChanged
      case .updated(let interface):
        isChanged = remove(interface.index) || isChanged
      case .removed(let index):
        isChanged = remove(index) || isChanged
      }
    }
    if !changes.isEmpty {
      let own = Set(monitor.interfaces.compactMap(\.hardwareAddress)).subtracting([.zero])
      announcer.state.withLock { $0.responder.setOwnHardwareAddresses(own) }
    }
    if isChanged { announcer.interfaceContinuation.yield(announcer.interfaces) }
  }

  /// Returns whether anything that matters here is different.
  private func update(_ status: InterfaceStatus) throws -> Bool {
    // Sockets first: whoever is told unasked will ask.
    try openSockets(for: status)
    let old = announcer.state.withLock { state in
      if let interface = status.responderInterface {
        state.responder.update(interface, now: ContinuousClock.now)
      } else {
        state.responder.removeInterface(status.index)
      }
      return state.interfaces.updateValue(status, forKey: status.index)
    }
    closeSockets(notNeededFor: status)
    guard old != status else { return false }
    log(status)
    return true
  }

  private func remove(_ index: Int32) -> Bool {
    let old = announcer.state.withLock { state in
      state.responder.removeInterface(index)
      return state.interfaces.removeValue(forKey: index)
    }
    for family in AddressFamily.allCases { close(SocketKey(interface: index, family: family)) }
    guard let old else { return false }
    logger.info("Interface is gone", metadata: [LogKey.interface: "\(old.name)"])
    return true
  }

  private func log(_ status: InterfaceStatus) {
    switch status.usability {
    case .usable(let interface):
      logger.info(
        "Interface is usable",
        metadata: [
          LogKey.interface: "\(interface.name)", LogKey.mac: "\(interface.hardwareAddress)",
          LogKey.carrier: "\(interface.hasCarrier)", LogKey.arp: "\(interface.answersARP)",
          LogKey.ndp: "\(interface.linkLocalAddress != nil)",
        ])
    case .unusable(let reason):
      logger.info(
        "Interface is not usable",
        metadata: [LogKey.interface: "\(status.name)", LogKey.reason: "\(reason.rawValue)"])
    }
  }

  // MARK: Sockets

  /// Opens what an interface needs and does not have yet. Missing privileges end the loop; anything else is tried again
  /// with the next resynchronization.
  private func openSockets(for status: InterfaceStatus) throws {
    guard let interface = status.responderInterface else { return }
    for family in AddressFamily.allCases where interface.answers(family) {
      let key = SocketKey(interface: interface.index, family: family)
      guard sockets[key] == nil else { continue }
      do throws(LinuxError) {
        let box = SocketBox(
          try PacketSocket(
            interface: interface.index,
            filter: family == .ipv4 ? .arp : .neighborDiscovery),
          interfaceName: interface.name)
        try poller.add(box.socket.descriptor, token: key.token)
        sockets[key] = box
      } catch {
        guard !error.isPermissionDenied else { throw error }
        logger.warning(
          "Cannot listen on interface",
          metadata: [
            LogKey.interface: "\(interface.name)", LogKey.family: "\(family)",
            LogKey.error: "\(error)",
          ])
      }
    }
  }

  private func closeSockets(notNeededFor status: InterfaceStatus) {
    for family in AddressFamily.allCases
    where status.responderInterface.map({ !$0.answers(family) }) ?? true {
      close(SocketKey(interface: status.index, family: family))
    }
  }

  private func close(_ key: SocketKey) {
    guard let box = sockets.removeValue(forKey: key) else { return }
    poller.remove(box.socket.descriptor)
  }

  /// Joins and leaves groups as the responder wishes. Without a membership the interface still hears what its filter
  /// and the switch let through, so a failure is no reason to stop.
  private func changeGroups() {
    for change in announcer.state.withLock({ $0.responder.takeGroupChanges() }) {
      switch change {
      case .join(let wanted):
        do throws(LinuxError) {
          try memberships.join(.init(group: wanted.group, interface: wanted.interface))
        } catch {
          logger.warning("Cannot join multicast group", metadata: [LogKey.error: "\(error)"])
        }
      case .leave(let unwanted):
        memberships.leave(.init(group: unwanted.group, interface: unwanted.interface))
      }
    }
  }

  // MARK: Frames

  private func answerFrames(of token: UInt64, _ buffers: inout FrameBuffers) {
    let key = SocketKey(token: token)
    // The socket may have been closed by a notification in the same turn.
    guard let box = sockets[key] else { return }
    for _ in 0..<Self.batchesPerTurn {
      do throws(LinuxError) {
        try box.socket.receive(into: &buffers.received)
      } catch {
        // ENETDOWN: said once when the interface goes down; netlink tells the rest.
        logger.debug(
          "Cannot receive",
          metadata: [LogKey.interface: "\(box.interfaceName)", LogKey.error: "\(error)"])
        return
      }
      answer(
        buffers.received, of: box, interface: key.interface, &buffers.outgoing, &buffers.outcomes)
      guard buffers.received.isFull else { return }
    }
  }

  private func answer(
    _ received: borrowing ReceivedFrames, of box: SocketBox, interface: Int32,
    _ outgoing: inout OutgoingFrames, _ outcomes: inout [Layer2Responder.Outcome]
  ) {
    outgoing.removeAll()
    outcomes.removeAll(keepingCapacity: true)
    // The lock also covers sending, so that nothing is answered for after it has been withdrawn.
    let now = ContinuousClock.now
    let sent = announcer.state.withLock { state in
      for index in 0..<received.count {
        let outcome = state.responder.answer(
          received.frame(index), arrivedOn: interface, now: now, into: &outgoing.bytes)
        outgoing.endFrame()
        outcomes.append(outcome)
      }
      return send(outgoing, on: box)
    }
    count(outcomes, sent: sent)
    if logger.logLevel <= .debug { log(outcomes, on: box) }
  }

  private func count(_ outcomes: [Layer2Responder.Outcome], sent: Int) {
    var answers = 0
    for outcome in outcomes {
      switch outcome {
      case .answered(let address):
        answers += 1
        metrics.countRequest(address, isAnswered: answers <= sent)
      case .ignored(let reason):
        metrics.countIgnored(reason)
      }
    }
  }

  private func log(_ outcomes: [Layer2Responder.Outcome], on box: SocketBox) {
    for outcome in outcomes {
      switch outcome {
      case .answered(let address):
        logger.debug(
          address.family == .ipv4
            ? "got ARP request for service IP, sending response"
            : "got NDP request for service IP, sending response",
          metadata: [LogKey.interface: "\(box.interfaceName)", LogKey.ip: "\(address)"])
      case .ignored(let reason):
        logger.trace(
          "Ignored frame",
          metadata: [
            LogKey.interface: "\(box.interfaceName)", LogKey.reason: "\(reason.rawValue)",
          ])
      }
    }
  }

  private func sendGratuitousRounds(_ buffers: inout FrameBuffers) {
    announcer.state.withLock { state in
      for target in state.responder.takeRounds(now: ContinuousClock.now) {
        let key = SocketKey(interface: target.interface, family: target.address.family)
        guard let box = sockets[key] else { continue }
        buffers.outgoing.removeAll()
        for frame in state.responder.gratuitousFrames(for: target) {
          buffers.outgoing.bytes += frame
          buffers.outgoing.endFrame()
        }
        metrics.countGratuitous(target.address, frames: send(buffers.outgoing, on: box))
      }
    }
  }

  /// Asks who has the addresses that are probed or watched.
  private func sendProbes(_ buffers: inout FrameBuffers) {
    let now = ContinuousClock.now
    let targets = announcer.state.withLock { $0.responder.takeProbes(now: now) }
    guard !targets.isEmpty else { return }
    learnNeighbors()
    announcer.state.withLock { state in
      for target in targets {
        let key = SocketKey(interface: target.interface, family: target.address.family)
        guard let box = sockets[key], let frame = state.responder.probeFrame(for: target) else {
          continue
        }
        buffers.outgoing.removeAll()
        buffers.outgoing.bytes += frame
        buffers.outgoing.endFrame()
        _ = send(buffers.outgoing, on: box)
      }
    }
  }

  // MARK: Other hosts

  /// Hands out what happened to addresses. A claim by a host that nobody has heard of is held against the kernel's
  /// neighbour caches first: peers talk to each other.
  private func deliverReports() {
    let reports = announcer.state.withLock { $0.responder.takeReports() }
    for report in reports {
      guard case .claimed(var claim) = report, claim.peer == nil else {
        announcer.reportContinuation.yield(report)
        continue
      }
      learnNeighbors()
      claim.peer = announcer.state.withLock { $0.responder.peer(claim.hardwareAddress) }
      announcer.reportContinuation.yield(.claimed(claim))
    }
  }

  private func learnNeighbors() {
    let now = ContinuousClock.now
    guard announcer.state.withLock({ $0.responder.learnsPeers }), now >= nextNeighborReading else {
      return
    }
    nextNeighborReading = now + Self.neighborReadingInterval
    do throws(LinuxError) {
      let neighbors = try NetworkNeighbor.all()
      announcer.state.withLock { state in
        for neighbor in neighbors {
          state.responder.learn(neighbor.hardwareAddress, has: neighbor.address)
        }
      }
    } catch {
      logger.debug("Cannot read neighbours", metadata: [LogKey.error: "\(error)"])
    }
  }

  /// Sends frames and returns how many the kernel took.
  private func send(_ frames: borrowing OutgoingFrames, on box: SocketBox) -> Int {
    do throws(LinuxError) {
      return try box.socket.send(frames)
    } catch {
      logger.debug(
        "Cannot send",
        metadata: [LogKey.interface: "\(box.interfaceName)", LogKey.error: "\(error)"])
      return 0
    }
  }
}

/// Memory that is reused from batch to batch.
private struct FrameBuffers: ~Copyable {
  var received = ReceivedFrames()
  var outgoing = OutgoingFrames()
  /// One for each received frame.
  var outcomes: [Layer2Responder.Outcome] = []
}

/// One packet socket of one interface.
private struct SocketKey: Hashable {
  var interface: Int32
  var family: AddressFamily

  init(interface: Int32, family: AddressFamily) {
    self.interface = interface
    self.family = family
  }

  /// The interface's index and one bit for the family.
  var token: UInt64 {
    UInt64(UInt32(bitPattern: interface)) << 1 | (family == .ipv6 ? 1 : 0)
  }

  init(token: UInt64) {
    interface = Int32(truncatingIfNeeded: token >> 1)
    family = token & 1 == 1 ? .ipv6 : .ipv4
  }
}

/// Lets a socket, which has one owner, live in a dictionary.
private final class SocketBox {
  let socket: PacketSocket
  let interfaceName: String

  init(_ socket: consuming PacketSocket, interfaceName: String) {
    self.socket = socket
    self.interfaceName = interfaceName
  }
}

private enum LogKey {
  static let arp = "arp"
  static let carrier = "carrier"
  static let error = "error"
  static let family = "family"
  static let interface = "interface"
  static let ip = "ip"
  static let mac = "mac"
  static let ndp = "ndp"
  static let reason = "reason"
}
