import CLinuxNetwork

/// A request for everything the kernel knows of one kind (NLM_F_DUMP).
package enum RouteRequest: Hashable, Sendable {
  case links
  /// Addresses of both families.
  case addresses
  /// The neighbour caches of both families.
  case neighbors

  /// The bytes to send: a struct nlmsghdr and a struct rtgenmsg of family AF_UNSPEC, padded to what older kernels
  /// insist on (struct ifinfomsg, struct ifaddrmsg, struct ndmsg).
  package func encode(sequence: UInt32) -> [UInt8] {
    let (type, bodySize) =
      switch self {
      case .links: (RTM_GETLINK, 16)
      case .addresses: (RTM_GETADDR, 8)
      case .neighbors: (RTM_GETNEIGH, 12)
      }
    var bytes: [UInt8] = []
    append(UInt32(16 + bodySize), to: &bytes)
    append(UInt16(truncatingIfNeeded: type), to: &bytes)
    append(UInt16(NLM_F_REQUEST | NLM_F_DUMP), to: &bytes)
    append(sequence, to: &bytes)
    append(UInt32(0), to: &bytes)
    bytes.append(contentsOf: repeatElement(0, count: bodySize))
    return bytes
  }

  private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }
}
