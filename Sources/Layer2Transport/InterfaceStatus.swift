package import Layer2
import LinuxNetwork

/// An interface that is not excluded by its name, and whether addresses are announced on it.
package struct InterfaceStatus: Hashable, Sendable {
  package var index: Int32
  package var name: String
  /// The name of the bridge, bond or VRF that it belongs to.
  package var master: String?
  package var usability: Usability

  package enum Usability: Hashable, Sendable {
    case usable(ResponderInterface)
    case unusable(UnusableInterface)
  }

  package init(index: Int32, name: String, master: String? = nil, usability: Usability) {
    self.index = index
    self.name = name
    self.master = master
    self.usability = usability
  }

  /// What the responder needs to know, or nil when the interface cannot be used.
  package var responderInterface: ResponderInterface? {
    switch usability {
    case .usable(let interface): interface
    case .unusable: nil
    }
  }
}

extension InterfaceStatus {
  init(_ interface: NetworkInterface, master: String?) {
    let facts = LinkFacts(
      index: interface.index, name: interface.name, hardwareAddress: interface.hardwareAddress,
      isUp: interface.flags.contains(.up), hasCarrier: interface.flags.contains(.running),
      hasMaster: interface.master != nil,
      hasAddressResolution: !interface.flags.contains(.noARP),
      canBroadcast: interface.flags.contains(.broadcast),
      linkLocalAddress: interface.linkLocalAddress)
    self.init(
      index: interface.index, name: interface.name, master: master,
      usability: {
        do throws(UnusableInterface) {
          return .usable(try facts.responderInterface())
        } catch {
          return .unusable(error)
        }
      }())
  }
}
