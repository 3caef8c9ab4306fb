import Announcement
import Layer2
import Layer2Transport
import NetworkAddresses

/// Where announcing happens. Calls return at once.
protocol AddressAnnouncing: Sendable {
  /// The interfaces: once when they have been read, and after each change. For one consumer.
  var interfaceChanges: AsyncStream<[InterfaceStatus]> { get }
  /// The interfaces as they are now; empty before they have been read.
  var interfaces: [InterfaceStatus] { get }
  /// The addresses that this node's kernel has, as of a minute ago at the latest.
  var kernelAddresses: KernelAddresses { get }
  /// What happens to addresses without a call. For one consumer.
  var reports: AsyncStream<AddressReport> { get }
  func announce(_ address: IPAddress, interfaces: InterfaceSelection, options: AnnouncementOptions)
  /// When this returns, nothing is answered for the address any more.
  func withdraw(_ address: IPAddress)
  /// Goes on answering until the next owner tells the network, or the time is up.
  func handOver(_ address: IPAddress, within duration: Duration)
  /// Answers no more, and reports again and again who does.
  func watch(_ address: IPAddress, interfaces: InterfaceSelection)
  /// Tells the network again who has the address.
  func defend(_ address: IPAddress)
  /// The other nodes, which may rightly answer for the same addresses.
  func setPeers(_ peers: Peers)
  /// Announces until it is cancelled or stopped.
  func run() async throws
  func stop()
}

extension Layer2Announcer: AddressAnnouncing {}

extension AddressAnnouncing {
  /// The names of the interfaces on which it announces any of the addresses, and on which somebody can hear it.
  func usableInterfaces(for addresses: [IPAddress]) -> Set<String> {
    let families = Set(addresses.map(\.family))
    let usable = interfaces.compactMap(\.responderInterface)
      .filter { $0.hasCarrier && !$0.families.isDisjoint(with: families) }
    return Set(usable.map(\.name))
  }
}

extension LocalInterfaces {
  init(_ statuses: [InterfaceStatus]) {
    let abilities = statuses.map { status -> (String, Ability) in
      switch status.usability {
      case .usable(let interface): (status.name, .answers(interface.families))
      case .unusable(let reason): (status.name, .unusable(reason, master: status.master))
      }
    }
    self.init(Dictionary(abilities) { first, _ in first })
  }
}

extension SpeakerMetadata {
  /// Tells where frames of this node come from, and on which interfaces somebody can hear it.
  mutating func tell(_ statuses: [InterfaceStatus]) {
    let usable = statuses.compactMap(\.responderInterface)
    interfaces = Dictionary(usable.filter(\.hasCarrier).map { ($0.name, $0.families) }) {
      first, _ in first
    }
    hardwareAddresses = Set(usable.map(\.hardwareAddress))
  }
}
