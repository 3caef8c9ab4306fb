import CLinuxNetwork
package import NetworkAddresses

/// What the kernel knows about a host on one of its links, as RTM_NEWNEIGH describes it.
package struct NetworkNeighbor: Hashable, Sendable {
  package var address: IPAddress
  package var hardwareAddress: MACAddress
  /// The index of the interface behind which the host is.
  package var interface: Int32

  package init(address: IPAddress, hardwareAddress: MACAddress, interface: Int32) {
    self.address = address
    self.hardwareAddress = hardwareAddress
    self.interface = interface
  }

  /// The neighbour caches of the network namespace of the calling thread. Entries may be missing when many change
  /// meanwhile.
  package static func all() throws(LinuxError) -> [NetworkNeighbor] {
    let socket = try OwnedDescriptor(cln_route_socket(0), "open route socket")
    let request = RouteRequest.neighbors.encode(sequence: 1)
    _ = try LinuxError.check(
      request.withUnsafeBytes { cln_route_send(socket.rawValue, $0.baseAddress, UInt32($0.count)) },
      "send route request")
    var neighbors: [NetworkNeighbor] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let length = buffer.withUnsafeMutableBytes {
        cln_route_receive(socket.rawValue, $0.baseAddress, UInt32($0.count))
      }
      // The kernel writes a dump while it is read, so there is nothing to wait for.
      let count = min(Int(try LinuxError.check(length, "read neighbours")), buffer.count)
      for message in RouteMessage.decode(buffer.span.bytes.extracting(0..<count)) {
        switch message.body {
        case .neighbor(let neighbor): neighbors.append(neighbor)
        case .done: return neighbors
        case .answer(let code) where code != 0:
          throw LinuxError("read neighbours", code: code)
        case .answer, .link, .linkRemoved, .address, .addressRemoved, .other: continue
        }
      }
    }
  }
}
