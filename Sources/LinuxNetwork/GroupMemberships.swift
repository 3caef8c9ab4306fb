import CLinuxNetwork
package import NetworkAddresses

/// IPv6 multicast groups that this host has joined, so that switches which snoop MLD (RFC 4541) and the interface's own
/// filter let their frames through. Used by one thread, in its network namespace.
///
/// A socket's memory quota (net.core.optmem_max) holds a few hundred memberships, so further sockets are opened as
/// needed. Memberships end with the value.
package struct GroupMemberships: ~Copyable {
  package struct Membership: Hashable, Sendable {
    package var group: IPv6Address
    package var interface: Int32

    package init(group: IPv6Address, interface: Int32) {
      self.group = group
      self.interface = interface
    }
  }

  private final class Socket {
    let descriptor: OwnedDescriptor

    init() throws(LinuxError) {
      descriptor = try OwnedDescriptor(cln_membership_socket(), "open membership socket")
    }
  }

  /// Where the next membership goes; full sockets live on in `memberships`.
  private var current: Socket?
  private var memberships: [Membership: Socket] = [:]

  package init() {}

  package mutating func join(_ membership: Membership) throws(LinuxError) {
    guard memberships[membership] == nil else { return }
    if let current {
      do {
        try join(membership, on: current)
        return
      } catch {
        guard error.isOutOfMemory else { throw error }
        // This socket's quota is used up.
      }
    }
    let socket = try Socket()
    try join(membership, on: socket)
    current = socket
  }

  private mutating func join(_ membership: Membership, on socket: Socket) throws(LinuxError) {
    _ = try LinuxError.check(
      cln_join_group(socket.descriptor.rawValue, membership.interface, membership.group.bytes),
      "join group \(membership.group)")
    memberships[membership] = socket
  }

  /// The kernel has already forgotten memberships of an interface that is gone; leaving them again does no harm.
  package mutating func leave(_ membership: Membership) {
    guard let socket = memberships.removeValue(forKey: membership) else { return }
    _ = cln_leave_group(
      socket.descriptor.rawValue, membership.interface, membership.group.bytes)
  }
}
