import CLinuxNetwork
package import NetworkAddresses

/// What the kernel says on a NETLINK_ROUTE socket about links and addresses (rtnetlink(7)).
///
/// Decoding is pure and survives any bytes. IPv4 and IPv6 addresses and links are understood; everything else is
/// ``Body/other(type:)``.
package struct RouteMessage: Hashable, Sendable {
  /// Echoes the request that this answers; 0 in notifications.
  package var sequence: UInt32
  /// The kernel changed something while it wrote this dump, which is therefore inconsistent (NLM_F_DUMP_INTR).
  package var isInterrupted: Bool
  package var body: Body

  package enum Body: Hashable, Sendable {
    /// A link that appeared or changed. Its addresses come in messages of their own.
    case link(NetworkInterface)
    case linkRemoved(index: Int32)
    case address(InterfaceAddress, interface: Int32)
    case addressRemoved(IPAddress, prefixLength: Int, interface: Int32)
    /// An entry of the neighbour cache that knows the hardware address.
    case neighbor(NetworkNeighbor)
    /// The end of a dump.
    case done
    /// The answer to a request: an errno, or 0 for an acknowledgement.
    case answer(code: Int32)
    case other(type: UInt16)
  }

  package init(sequence: UInt32 = 0, isInterrupted: Bool = false, body: Body) {
    self.sequence = sequence
    self.isInterrupted = isInterrupted
    self.body = body
  }

  /// Reads the messages of one datagram. A message whose length makes no sense ends it.
  package static func decode(_ datagram: RawSpan) -> [RouteMessage] {
    var messages: [RouteMessage] = []
    var offset = 0
    // struct nlmsghdr: length 4 (with this header), type 2, flags 2, sequence 4, port 4.
    while let length = datagram.hostUInt32(at: offset),
      let type = datagram.hostUInt16(at: offset + 4),
      let flags = datagram.hostUInt16(at: offset + 6),
      let sequence = datagram.hostUInt32(at: offset + 8),
      length >= 16, Int(length) <= datagram.byteCount - offset
    {
      let payload = datagram.extracting(offset + 16..<offset + Int(length))
      messages.append(
        RouteMessage(
          sequence: sequence, isInterrupted: flags & UInt16(NLM_F_DUMP_INTR) != 0,
          body: Body(type: type, payload: payload)))
      offset += (Int(length) + 3) & ~3
    }
    return messages
  }
}

extension RouteMessage.Body {
  fileprivate init(type: UInt16, payload: RawSpan) {
    switch Int(type) {
    case Int(NLMSG_DONE):
      self = .done
    case Int(NLMSG_ERROR):
      // struct nlmsgerr: a negative errno or 0, then the header of the request.
      let code = Int32(truncatingIfNeeded: payload.hostUInt32(at: 0) ?? 0)
      self = .answer(code: 0 &- code)
    case RTM_NEWLINK:
      self = Self.link(payload).map(Self.link) ?? .other(type: type)
    case RTM_DELLINK:
      self = Self.linkHeader(payload).map { .linkRemoved(index: $0.index) } ?? .other(type: type)
    case RTM_NEWADDR:
      self =
        Self.address(payload).map { .address($0.address, interface: $0.interface) }
        ?? .other(type: type)
    case RTM_DELADDR:
      self =
        Self.address(payload).map {
          .addressRemoved(
            $0.address.address, prefixLength: $0.address.prefixLength, interface: $0.interface)
        } ?? .other(type: type)
    case RTM_NEWNEIGH:
      self = Self.neighbor(payload).map(Self.neighbor) ?? .other(type: type)
    default:
      self = .other(type: type)
    }
  }

  /// struct ifinfomsg: family 1, padding 1, type 2, index 4, flags 4, change mask 4.
  ///
  /// A bridge tells about its ports in the same groups with family AF_BRIDGE, RTM_DELLINK when a port leaves it, and
  /// IPv6 about its settings with AF_INET6: neither describes the link itself, so only AF_UNSPEC counts.
  private static func linkHeader(_ payload: RawSpan) -> (index: Int32, flags: UInt32)? {
    guard payload.byteCount >= 16, payload.byte(at: 0) == 0,
      let index = payload.hostUInt32(at: 4), let flags = payload.hostUInt32(at: 8)
    else { return nil }
    return (Int32(truncatingIfNeeded: index), flags)
  }

  private static func link(_ payload: RawSpan) -> NetworkInterface? {
    let attributes = NetlinkAttributes(payload, from: 16)
    // Wireless events reuse RTM_NEWLINK and leave most attributes out.
    guard let header = linkHeader(payload), attributes[IFLA_WIRELESS] == nil,
      let name = attributes[IFLA_IFNAME]
    else { return nil }
    var link = NetworkInterface(
      index: header.index, name: payload.extracting(name).nulTerminatedText,
      flags: NetworkInterface.Flags(rawValue: header.flags), mtu: 0)
    if let range = attributes[IFLA_ADDRESS] {
      link.hardwareAddress = MACAddress(bytes: payload.extracting(range).byteArray)
    }
    if let range = attributes[IFLA_MASTER],
      let master = payload.extracting(range).hostUInt32(at: 0), master != 0
    {
      link.master = Int32(truncatingIfNeeded: master)
    }
    if let range = attributes[IFLA_MTU] {
      link.mtu = Int(payload.extracting(range).hostUInt32(at: 0) ?? 0)
    }
    if let range = attributes[IFLA_LINKINFO] {
      let information = payload.extracting(range)
      let nested = NetlinkAttributes(information, from: 0)
      link.kind = nested[IFLA_INFO_KIND].map {
        information.extracting($0).nulTerminatedText
      }
    }
    return link
  }

  /// struct ifaddrmsg: family 1, prefix length 1, flags 1, scope 1, interface index 4.
  private static func address(
    _ payload: RawSpan
  ) -> (address: InterfaceAddress, interface: Int32)? {
    guard payload.byteCount >= 8, let family = payload.byte(at: 0),
      let prefixLength = payload.byte(at: 1), let shortFlags = payload.byte(at: 2),
      let interface = payload.hostUInt32(at: 4)
    else { return nil }
    let attributes = NetlinkAttributes(payload, from: 8)
    // IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL is ours wherever it is given.
    let local = attributes[IFA_LOCAL] ?? attributes[IFA_ADDRESS]
    guard let local, let address = IPAddress(bytes: payload.extracting(local).byteArray),
      address.family == (family == 2 ? .ipv4 : .ipv6), Int(prefixLength) <= address.family.bitWidth
    else { return nil }
    let flags = attributes[IFA_FLAGS].flatMap {
      payload.extracting($0).hostUInt32(at: 0)
    }
    return (
      InterfaceAddress(
        address: address, prefixLength: Int(prefixLength),
        flags: InterfaceAddress.Flags(rawValue: flags ?? UInt32(shortFlags))),
      Int32(truncatingIfNeeded: interface)
    )
  }

  /// struct ndmsg: family 1, padding 3, interface index 4, state 2, flags 1, type 1.
  private static func neighbor(_ payload: RawSpan) -> NetworkNeighbor? {
    guard payload.byteCount >= 12, let interface = payload.hostUInt32(at: 4) else { return nil }
    let attributes = NetlinkAttributes(payload, from: 12)
    // Entries of bridges have no NDA_DST.
    guard let destination = attributes[NDA_DST], let link = attributes[NDA_LLADDR],
      let address = IPAddress(bytes: payload.extracting(destination).byteArray),
      let hardwareAddress = MACAddress(bytes: payload.extracting(link).byteArray)
    else { return nil }
    return NetworkNeighbor(
      address: address, hardwareAddress: hardwareAddress,
      interface: Int32(truncatingIfNeeded: interface))
  }
}
