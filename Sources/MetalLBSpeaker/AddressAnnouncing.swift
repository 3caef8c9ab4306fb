import Layer2
import Layer2Transport
import NetworkAddresses

/// Where announcing happens. Calls return at once.
protocol AddressAnnouncing: Sendable {
  /// The interfaces: once when they have been read, and after each change. For one consumer.
  var interfaceChanges: AsyncStream<[InterfaceStatus]> { get }
  /// The interfaces as they are now; empty before they have been read.
  var interfaces: [InterfaceStatus] { get }
  func announce(_ address: IPAddress, interfaces: InterfaceSelection)
  /// When this returns, nothing is answered for the address any more.
  func withdraw(_ address: IPAddress)
  /// Announces until it is cancelled or stopped.
  func run() async throws
  func stop()
}

extension Layer2Announcer: AddressAnnouncing {}

extension AddressAnnouncing {
  /// The names of the interfaces on which it announces.
  var usableInterfaces: Set<String> {
    Set(interfaces.filter { $0.responderInterface != nil }.map(\.name))
  }
}
