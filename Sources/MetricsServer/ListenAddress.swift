import Glibc
package import Hummingbird

/// Where an endpoint listens.
package struct ListenAddress: Sendable, Hashable {
  /// An address literal.
  package var host: String
  /// 0 lets the kernel choose.
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package static func loopback(port: Int) -> ListenAddress {
    ListenAddress(host: "127.0.0.1", port: port)
  }

  /// All addresses of the host, of both families where the kernel has IPv6.
  package static func everywhere(port: Int) -> ListenAddress {
    let hasIPv6 = access("/proc/net/if_inet6", R_OK) == 0
    return ListenAddress(host: hasIPv6 ? "::" : "0.0.0.0", port: port)
  }

  package var bindAddress: BindAddress { .hostname(host, port: port) }
}
