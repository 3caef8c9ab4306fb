import NetworkAddresses

/// What received frames lead to.
extension Layer2Responder {
  /// Decides about one received frame and appends the answer, if there is one. Learns from every frame who has what.
  package mutating func answer(
    _ frame: RawSpan, arrivedOn index: Int32, now: ContinuousClock.Instant,
    into bytes: inout [UInt8]
  ) -> Outcome {
    guard let interface = interfaces[index] else { return .ignored(.unusedInterface) }
    guard let header = EthernetHeader(decoding: frame) else { return .ignored(.truncated) }
    guard !isOwn(header.source, interface) else { return .ignored(.ownFrame) }
    let payload = frame.extracting(EthernetHeader.length..<frame.byteCount)
    switch header.etherType {
    case EthernetHeader.arp:
      return answerARP(payload, header, on: interface, now: now, into: &bytes)
    case EthernetHeader.ipv6:
      return answerNeighborDiscovery(payload, header, on: interface, now: now, into: &bytes)
    default:
      return .ignored(.otherEtherType)
    }
  }

  private func isOwn(_ address: MACAddress, _ interface: ResponderInterface) -> Bool {
    address == interface.hardwareAddress || ownHardwareAddresses.contains(address)
  }

  // MARK: ARP

  /// Whoever asks gets an answer: probes from 0.0.0.0 (RFC 5227 §2.1) and hosts that announce our address as theirs too.
  private mutating func answerARP(
    _ payload: RawSpan, _ header: EthernetHeader, on interface: ResponderInterface,
    now: ContinuousClock.Instant, into bytes: inout [UInt8]
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
    let requester = packet.senderHardwareAddress
    guard !isOwn(requester, interface) else { return .ignored(.ownFrame) }
    guard requester != .zero, !requester.isGroup else { return .ignored(.invalidSender) }
    noteSender(
      requester, has: .v4(packet.senderProtocolAddress), on: interface, now: now)
    guard packet.operation == .request else { return .ignored(.notRequest) }
    let address = IPAddress.v4(packet.targetProtocolAddress)
    if let reason = reasonToIgnore(address, for: requester, on: interface, now: now) {
      return .ignored(reason)
    }
    packet.reply(from: interface.hardwareAddress).encodeFrame(to: requester, into: &bytes)
    return .answered(address)
  }

  // MARK: Neighbour discovery

  private mutating func answerNeighborDiscovery(
    _ payload: RawSpan, _ header: EthernetHeader, on interface: ResponderInterface,
    now: ContinuousClock.Instant, into bytes: inout [UInt8]
  ) -> Outcome {
    guard let linkLocalAddress = interface.linkLocalAddress else {
      return .ignored(.unusedInterface)
    }
    guard header.destination.isGroup || header.destination == interface.hardwareAddress else {
      return .ignored(.otherDestination)
    }
    // Behind the 40 bytes of the IPv6 header.
    guard payload.byte(at: 40) != NeighborDiscovery.advertisement else {
      return noteAdvertisement(payload, header, on: interface, now: now)
    }
    let solicitation: NeighborSolicitation
    do throws(NeighborDiscoveryError) {
      solicitation = try NeighborSolicitation(decoding: payload)
    } catch {
      return .ignored(IgnoredFrame(error))
    }
    if let sender = solicitation.sourceLinkLayerAddress {
      guard !isOwn(sender, interface) else { return .ignored(.ownFrame) }
      noteSender(sender, has: .v6(solicitation.source), on: interface, now: now)
    }
    let address = IPAddress.v6(solicitation.target)
    // A unicast solicitation may leave the option out (RFC 4861 §4.3): then it came from where its frame says. So does
    // one that checks for duplicates, which gets its answer with all others (RFC 4862 §5.4.3).
    let isDetection = solicitation.source == .unspecified
    let isUnicast = !solicitation.destination.isMulticast
    guard
      let requester = solicitation.sourceLinkLayerAddress
        ?? (isDetection || isUnicast ? header.source : nil)
    else { return .ignored(.noSourceLinkLayerAddress) }
    guard requester != .zero, !requester.isGroup else { return .ignored(.invalidSender) }
    if let reason = reasonToIgnore(address, for: requester, on: interface, now: now) {
      return .ignored(reason)
    }
    // RFC 4861 §7.2.4: override is set, as this node answers for its own address and not as a proxy.
    NeighborAdvertisement(
      source: linkLocalAddress, destination: isDetection ? .allNodes : solicitation.source,
      isSolicited: !isDetection, isOverride: true, target: solicitation.target,
      targetLinkLayerAddress: interface.hardwareAddress
    ).encodeFrame(
      from: interface.hardwareAddress,
      to: isDetection ? IPv6Address.allNodes.multicastHardwareAddress : requester, into: &bytes)
    return .answered(address)
  }

  /// An advertisement is never answered, but tells who has the address.
  private mutating func noteAdvertisement(
    _ payload: RawSpan, _ header: EthernetHeader, on interface: ResponderInterface,
    now: ContinuousClock.Instant
  ) -> Outcome {
    let advertisement: NeighborAdvertisement
    do throws(NeighborDiscoveryError) {
      advertisement = try NeighborAdvertisement(decoding: payload)
    } catch {
      return .ignored(IgnoredFrame(error))
    }
    let owner = advertisement.targetLinkLayerAddress ?? header.source
    guard !isOwn(owner, interface) else { return .ignored(.ownFrame) }
    guard owner != .zero, !owner.isGroup else { return .ignored(.invalidSender) }
    noteSender(owner, has: .v6(advertisement.target), on: interface, now: now)
    return .ignored(.notSolicitation)
  }

  private mutating func reasonToIgnore(
    _ address: IPAddress, for requester: MACAddress, on interface: ResponderInterface,
    now: ContinuousClock.Instant
  ) -> IgnoredFrame? {
    guard let entry = entries[address] else { return .notAnnounced }
    switch entry.stage {
    case .announced, .handingOver: break
    case .probing, .taken: return .probedAddress
    case .watched: return .notAnnounced
    }
    guard entry.selection.contains(interface.name) else { return .otherInterface }
    guard limiter?.allows(requester, now: now) ?? true else { return .rateLimited }
    return nil
  }
}
