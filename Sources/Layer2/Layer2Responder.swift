package import NetworkAddresses

/// Announces addresses on a link without being asked, and to those who ask: ARP for IPv4 (RFC 826), neighbour discovery
/// for IPv6 (RFC 4861).
///
/// The state is which addresses are announced where, which interfaces there are, and which bursts of gratuitous frames
/// are going on. Frames, interface changes and time come in; frames and group memberships come out. What it knows about
/// one address is found in constant time.
///
/// A burst begins when an address is announced on an interface where it was not before: because it was given to
/// this node, because the interface appeared, got its carrier back, or has a new hardware address. Announcing again
/// what is already announced sends nothing.
///
/// Left out on purpose: there is no goodbye. An address that is withdrawn is simply no longer answered for; its next
/// owner's burst corrects the caches.
package struct Layer2Responder: Sendable {
  /// One address on one interface.
  package struct Target: Hashable, Sendable {
    package var address: IPAddress
    package var interface: Int32

    package init(address: IPAddress, interface: Int32) {
      self.address = address
      self.interface = interface
    }
  }

  /// What became of a received frame.
  package enum Outcome: Hashable, Sendable {
    /// One frame was appended, which tells who has this address.
    case answered(IPAddress)
    case ignored(IgnoredFrame)
  }

  private var selections: [IPAddress: InterfaceSelection] = [:]
  private var interfaces: [Int32: ResponderInterface] = [:]
  private var schedule: GratuitousSchedule<Target>
  private var groups = SolicitedNodeGroups()

  package init(timing: GratuitousSchedule<Target>.Timing = .init()) {
    schedule = GratuitousSchedule(timing: timing)
  }

  /// The announced addresses, in no order.
  package var addresses: some Collection<IPAddress> { selections.keys }

  // MARK: Addresses

  /// Announces an address, or changes where it is announced. Interfaces that are new to it get a burst.
  package mutating func announce(
    _ address: IPAddress, on selection: InterfaceSelection, now: ContinuousClock.Instant
  ) {
    let old = selections.updateValue(selection, forKey: address)
    guard old != selection else { return }
    for interface in interfaces.values where interface.answers(address.family) {
      let before = old?.contains(interface.name) ?? false
      let after = selection.contains(interface.name)
      if after && !before { begin(address, on: interface, now: now) }
      if before && !after { end(address, on: interface) }
    }
  }

  /// Stops answering for an address and ends its bursts.
  package mutating func withdraw(_ address: IPAddress) {
    guard let selection = selections.removeValue(forKey: address) else { return }
    for interface in interfaces.values
    where interface.answers(address.family) && selection.contains(interface.name) {
      end(address, on: interface)
    }
  }

  // MARK: Interfaces

  /// Takes in an interface that appeared or changed.
  package mutating func update(_ interface: ResponderInterface, now: ContinuousClock.Instant) {
    let old = interfaces.updateValue(interface, forKey: interface.index)
    guard old != interface else { return }
    let isTold = old.map { $0.tellsTheSame(as: interface) } ?? false
    for (address, selection) in selections {
      let before = old.map { $0.announces(address, selection) } ?? false
      let after = interface.announces(address, selection)
      if before && !after, let old { end(address, on: old) }
      if after && !before { begin(address, on: interface, now: now) }
      if after && before && !isTold {
        schedule.start(Target(address: address, interface: interface.index), now: now)
      }
    }
  }

  /// Forgets an interface that is gone or no longer usable.
  package mutating func removeInterface(_ index: Int32) {
    guard let interface = interfaces.removeValue(forKey: index) else { return }
    for (address, selection) in selections where interface.announces(address, selection) {
      end(address, on: interface)
    }
  }

  private mutating func begin(
    _ address: IPAddress, on interface: ResponderInterface, now: ContinuousClock.Instant
  ) {
    schedule.start(Target(address: address, interface: interface.index), now: now)
    if case .v6(let address) = address { groups.join(address, on: interface.index) }
  }

  private mutating func end(_ address: IPAddress, on interface: ResponderInterface) {
    schedule.stop(Target(address: address, interface: interface.index))
    if case .v6(let address) = address { groups.leave(address, on: interface.index) }
  }

  /// The group memberships to change since the last call, in order.
  package mutating func takeGroupChanges() -> [SolicitedNodeGroups.Change] {
    groups.takeChanges()
  }

  // MARK: Answers

  /// Decides about one received frame and appends the answer, if there is one.
  package func answer(
    _ frame: RawSpan, arrivedOn index: Int32, into bytes: inout [UInt8]
  ) -> Outcome {
    guard let interface = interfaces[index] else { return .ignored(.unusedInterface) }
    guard let header = EthernetHeader(decoding: frame) else { return .ignored(.truncated) }
    guard header.source != interface.hardwareAddress else { return .ignored(.ownFrame) }
    let payload = frame.extracting(EthernetHeader.length..<frame.byteCount)
    switch header.etherType {
    case EthernetHeader.arp:
      return answerARP(payload, header, on: interface, into: &bytes)
    case EthernetHeader.ipv6:
      return answerSolicitation(payload, header, on: interface, into: &bytes)
    default:
      return .ignored(.otherEtherType)
    }
  }

  /// Whoever asks gets an answer: probes from 0.0.0.0 (RFC 5227 §2.1) and hosts that announce our address as theirs too.
  private func answerARP(
    _ payload: RawSpan, _ header: EthernetHeader, on interface: ResponderInterface,
    into bytes: inout [UInt8]
  ) -> Outcome {
    guard interface.answersARP else { return .ignored(.unusedInterface) }
    guard header.destination == .broadcast || header.destination == interface.hardwareAddress
    else { return .ignored(.otherDestination) }
    let packet: ARPPacket
    do throws(ARPPacket.DecodingError) {
      packet = try ARPPacket(decoding: payload)
    } catch {
      return .ignored(IgnoredFrame(error))
    }
    guard packet.operation == .request else { return .ignored(.notRequest) }
    let requester = packet.senderHardwareAddress
    guard requester != interface.hardwareAddress else { return .ignored(.ownFrame) }
    guard requester != .zero, requester != .broadcast else { return .ignored(.invalidSender) }
    let address = IPAddress.v4(packet.targetProtocolAddress)
    if let reason = reasonToIgnore(address, on: interface) { return .ignored(reason) }
    packet.reply(from: interface.hardwareAddress).encodeFrame(to: requester, into: &bytes)
    return .answered(address)
  }

  private func answerSolicitation(
    _ payload: RawSpan, _ header: EthernetHeader, on interface: ResponderInterface,
    into bytes: inout [UInt8]
  ) -> Outcome {
    guard let linkLocalAddress = interface.linkLocalAddress else {
      return .ignored(.unusedInterface)
    }
    guard header.destination.isGroup || header.destination == interface.hardwareAddress else {
      return .ignored(.otherDestination)
    }
    let solicitation: NeighborSolicitation
    do throws(NeighborDiscoveryError) {
      solicitation = try NeighborSolicitation(decoding: payload)
    } catch {
      return .ignored(IgnoredFrame(error))
    }
    let address = IPAddress.v6(solicitation.target)
    if let reason = reasonToIgnore(address, on: interface) { return .ignored(reason) }
    guard solicitation.source != .unspecified else { return .ignored(.duplicateAddressDetection) }
    // A unicast solicitation may leave the option out (RFC 4861 §4.3): then it came from where its frame says.
    let unicastSource = solicitation.destination.isMulticast ? nil : header.source
    guard let requester = solicitation.sourceLinkLayerAddress ?? unicastSource else {
      return .ignored(.noSourceLinkLayerAddress)
    }
    guard requester != interface.hardwareAddress else { return .ignored(.ownFrame) }
    guard requester != .zero, requester != .broadcast else { return .ignored(.invalidSender) }
    // RFC 4861 §7.2.4: override is set, as this node answers for its own address and not as a proxy.
    NeighborAdvertisement(
      source: linkLocalAddress, destination: solicitation.source, isSolicited: true,
      isOverride: true, target: solicitation.target,
      targetLinkLayerAddress: interface.hardwareAddress
    ).encodeFrame(from: interface.hardwareAddress, to: requester, into: &bytes)
    return .answered(address)
  }

  private func reasonToIgnore(
    _ address: IPAddress, on interface: ResponderInterface
  ) -> IgnoredFrame? {
    guard let selection = selections[address] else { return .notAnnounced }
    return selection.contains(interface.name) ? nil : .otherInterface
  }

  // MARK: Gratuitous frames

  /// The targets that have a round now; see ``GratuitousSchedule/takeRounds(now:)``.
  package mutating func takeRounds(now: ContinuousClock.Instant) -> [Target] {
    schedule.takeRounds(now: now)
  }

  /// When ``takeRounds(now:)`` has something to return; nil while no burst is going on.
  package mutating func nextRound(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    schedule.nextRound(now: now)
  }

  /// The frames of one round: for IPv4 a gratuitous request and a gratuitous reply, for IPv6 one unsolicited
  /// advertisement to all nodes (RFC 4861 §7.2.6). None when the target is no longer announced.
  package func gratuitousFrames(for target: Target) -> [[UInt8]] {
    guard let interface = interfaces[target.interface],
      reasonToIgnore(target.address, on: interface) == nil
    else { return [] }
    let owner = interface.hardwareAddress
    switch target.address {
    case .v4(let address):
      return [ARPPacket.Operation.request, .reply].map { operation in
        var frame: [UInt8] = []
        ARPPacket.gratuitous(operation, for: address, from: owner)
          .encodeFrame(to: .broadcast, into: &frame)
        return frame
      }
    case .v6(let address):
      guard let source = interface.linkLocalAddress else { return [] }
      var frame: [UInt8] = []
      NeighborAdvertisement(
        source: source, destination: .allNodes, isSolicited: false, isOverride: true,
        target: address, targetLinkLayerAddress: owner
      ).encodeFrame(
        from: owner, to: IPv6Address.allNodes.multicastHardwareAddress, into: &frame)
      return [frame]
    }
  }
}

extension ResponderInterface {
  fileprivate func announces(_ address: IPAddress, _ selection: InterfaceSelection) -> Bool {
    answers(address.family) && selection.contains(name)
  }

  /// Whether the neighbours still know everything that they were told when this was `newer`: the hardware address is
  /// the same, and no carrier came back behind which switches may have forgotten us.
  fileprivate func tellsTheSame(as newer: ResponderInterface) -> Bool {
    hardwareAddress == newer.hardwareAddress && (hasCarrier || !newer.hasCarrier)
  }
}
