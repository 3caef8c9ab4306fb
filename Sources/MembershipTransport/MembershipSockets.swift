import Membership
import NIOCore
import NIOPosix
import NetworkAddresses

/// The two sockets that a member listens on: UDP and TCP at one port.
struct MembershipSockets: Sendable {
  let streams: any Channel
  let datagrams: any Channel
  /// Of the addresses that datagrams can be sent to.
  let family: AddressFamily
  /// What others are told.
  let advertised: MemberAddress

  /// How many connections may wait to be accepted.
  private static let backlog: CInt = 64
  /// What the kernel keeps of datagrams that come faster than they are read; it may allow less.
  private static let receiveBuffer = 2 << 20
  private static let longestDatagram = 64 << 10
  /// How often a free port is looked for where any will do: the one that TCP got may be taken on UDP.
  private static let attempts = 10

  /// Binds both.
  ///
  /// - Parameters:
  ///   - acceptStream: called on the event loop for each connection.
  ///   - receiver: made once, for datagrams.
  static func bind(
    _ configuration: MembershipConfiguration, on eventLoop: any EventLoop,
    acceptStream: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>,
    receiver: @escaping @Sendable () -> DatagramReceiver
  ) async throws(MembershipError) -> MembershipSockets {
    let address = configuration.bindAddress
    var attempt = 1
    while true {
      do {
        let streams = try await ServerBootstrap(group: eventLoop)
          .serverChannelOption(.backlog, value: backlog)
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(.allowRemoteHalfClosure, value: true)
          .childChannelInitializer(acceptStream)
          .bind(to: SocketAddress(ipAddress: "\(address)", port: Int(configuration.port))).get()
        do {
          let port = streams.localAddress?.port ?? Int(configuration.port)
          let datagrams = try await DatagramBootstrap(group: eventLoop)
            .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
            .channelOption(
              .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: longestDatagram)
            )
            .channelInitializer { channel in
              channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(receiver())
              }
            }
            .bind(to: SocketAddress(ipAddress: "\(address)", port: port)).get()
          guard let own = try await advertisedAddress(configuration, on: eventLoop),
            let advertised = MemberAddress(
              bytes: own.bytes, port: UInt16(truncatingIfNeeded: port))
          else {
            datagrams.close(promise: nil)
            throw MembershipError.noAddressToAdvertise
          }
          return MembershipSockets(
            streams: streams, datagrams: datagrams, family: address.family, advertised: advertised)
        } catch {
          streams.close(promise: nil)
          throw error
        }
      } catch let error as MembershipError {
        throw error
      } catch {
        attempt += 1
        guard configuration.port == 0, attempt <= attempts else {
          throw .bindFailed(address: address, port: configuration.port, cause: error)
        }
      }
    }
  }

  private static func advertisedAddress(
    _ configuration: MembershipConfiguration, on eventLoop: any EventLoop
  ) async throws -> IPAddress? {
    if let address = configuration.advertisedAddress { return address }
    guard configuration.bindAddress.number == 0 else { return configuration.bindAddress }
    let addresses = try System.enumerateDevices()
      .compactMap { $0.address?.ipAddress }.compactMap { IPAddress($0) }
    var used: [AddressFamily: IPAddress] = [:]
    for family in AddressFamily.allCases {
      used[family] = await addressTowardsOthers(family, on: eventLoop)
    }
    return IPAddress.toAdvertise(
      boundTo: configuration.bindAddress.family, of: addresses, towardsOthers: used)
  }

  /// What this machine's routes have it use towards hosts far away; nil without a route. Nothing is sent.
  private static func addressTowardsOthers(
    _ family: AddressFamily, on eventLoop: any EventLoop
  ) async -> IPAddress? {
    // RFC 5737, RFC 3849
    let somewhere = family == .ipv4 ? "192.0.2.1" : "2001:db8::1"
    guard
      let channel = try? await DatagramBootstrap(group: eventLoop)
        .connect(to: SocketAddress(ipAddress: somewhere, port: 9)).get()
    else { return nil }
    defer { channel.close(promise: nil) }
    return channel.localAddress?.ipAddress.flatMap { IPAddress($0) }
  }
}

extension IPAddress {
  /// The address at which others find a member that is bound to all of this machine's. Other addresses than those of
  /// its routes may belong to bridges for containers, which every machine has alike.
  ///
  /// - Parameters:
  ///   - family: of the unspecified address; a socket of IPv6 can be reached by IPv4, too.
  ///   - addresses: all of this machine's.
  ///   - used: those that its routes use towards hosts far away.
  static func toAdvertise(
    boundTo family: AddressFamily, of addresses: [IPAddress],
    towardsOthers used: [AddressFamily: IPAddress]
  ) -> IPAddress? {
    let families: [AddressFamily] = family == .ipv6 ? [.ipv6, .ipv4] : [.ipv4]
    for family in families {
      let candidates = addresses.filter { $0.family == family && $0.isReachable }.sorted()
      if let address = used[family], candidates.contains(address) { return address }
      if let address = candidates.first(where: \.isPrivate) ?? candidates.first { return address }
    }
    return nil
  }

  private static let ownBlocks = ["127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"]
    .compactMap { CIDRBlock($0) }

  /// From other machines of the network.
  private var isReachable: Bool { !Self.ownBlocks.contains { $0.contains(self) } }

  private static let privateBlocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
    .compactMap { CIDRBlock($0) }

  /// RFC 1918, RFC 4193.
  private var isPrivate: Bool {
    Self.privateBlocks.contains { $0.contains(self) }
  }
}

extension MemberAddress {
  /// From the address of a socket; nil for one that is not of IP.
  init?(_ address: SocketAddress) {
    // sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address.
    let place: Range<Int>
    switch address {
    case .v4: place = 4..<8
    case .v6: place = 8..<24
    case .unixDomainSocket: return nil
    }
    let bytes = address.withSockAddr { pointer, size in
      Array(UnsafeRawBufferPointer(start: pointer, count: size)[place])
    }
    self.init(bytes: bytes, port: UInt16(truncatingIfNeeded: address.port ?? 0))
  }

  /// For sending from a socket of a family; nil where that family cannot reach it.
  func socketAddress(from family: AddressFamily) -> SocketAddress? {
    var bytes = shortestBytes
    if bytes.count == 4, family == .ipv6 {
      // RFC 4291 §2.5.5.2
      bytes = Array(repeating: 0, count: 10) + [0xff, 0xff] + bytes
    }
    guard (bytes.count == 4) == (family == .ipv4) else { return nil }
    return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: Int(port))
  }
}

extension MemberAddress {
  var family: AddressFamily { shortestBytes.count == 4 ? .ipv4 : .ipv6 }
}
