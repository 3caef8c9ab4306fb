package import LinuxNetwork
package import NetworkAddresses

/// The IPv4 addresses that this node's kernel has, and for which of them it answers ARP requests by itself.
///
/// Linux answers for all its addresses on all its interfaces, unless `arp_ignore` says otherwise. So where a proxy of the
/// node gives Services' addresses to an interface of its own (kube-proxy with IPVS to `kube-ipvs0`, kube-router to
/// `kube-dummy-if`), every node answers for them, whoever announces them. For IPv6 it only answers for addresses of the
/// interface that is asked.
package struct KernelAddresses: Sendable, Hashable {
  /// The interface that has each address.
  private var holders: [IPv4Address: String] = [:]
  /// What `arp_ignore` means on each link: the larger of its own and that of `all` (ip-sysctl of the kernel).
  private var arpIgnore: [String: Int] = [:]

  /// Where the kernel answers, for the address of which interface.
  package struct Exposure: Sendable, Hashable {
    package var holder: String
    package var link: String
    package var arpIgnore: Int

    package init(holder: String, link: String, arpIgnore: Int) {
      self.holder = holder
      self.link = link
      self.arpIgnore = arpIgnore
    }
  }

  package init() {}

  package init(holders: [IPv4Address: String], arpIgnore: [String: Int]) {
    self.holders = holders
    self.arpIgnore = arpIgnore
  }

  /// Reads the settings of the network namespace of the calling thread; a link whose cannot be read counts as careful.
  ///
  /// - Parameters:
  ///   - interfaces: all that there are.
  ///   - links: the names of those on which addresses are announced.
  package init(_ interfaces: [NetworkInterface], links: some Sequence<String>) {
    for interface in interfaces {
      for case .v4(let address) in interface.addresses.lazy.map(\.address) {
        holders[address] = interface.name
      }
    }
    guard let all = Self.arpIgnore("all") else { return }
    for link in links {
      if let own = Self.arpIgnore(link) { arpIgnore[link] = max(all, own) }
    }
  }

  private static func arpIgnore(_ link: String) -> Int? {
    try? KernelParameter.integer("net/ipv4/conf/\(link)/arp_ignore")
  }

  /// The first link on which the kernel answers for an address by itself; nil where it does on none.
  package func exposure(of address: IPAddress) -> Exposure? {
    guard case .v4(let address) = address, let holder = holders[address] else { return nil }
    let exposed = arpIgnore.filter { link, value in
      switch value {
      // For any address of the host; with 3, if others may use it.
      case 0, 3: true
      // For the addresses of the link itself.
      case 1, 2: link == holder
      default: false
      }
    }
    return exposed.min { $0.key < $1.key }
      .map { Exposure(holder: holder, link: $0.key, arpIgnore: $0.value) }
  }
}
