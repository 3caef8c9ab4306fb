import Announcement
import KubernetesAPI
import Layer2
import Membership
package import NetworkAddresses

/// A node with the cores of a speaker: membership, election and ownership, and the responder on its link.
struct SimulatedSpeaker {
  enum Power: Hashable {
    case running
    /// The process stands still; what reaches it waits.
    case paused
    /// The process is gone, and the host says so to those who connect.
    case stopped
    /// The host is gone.
    case off
  }

  enum Occurrence {
    case datagram([UInt8], from: MemberAddress)
    case timer(Memberlist.Timer, setting: Int)
    case accept(StreamEnd)
    case bytes([UInt8], StreamID)
    case closed(StreamID)
    case frame([UInt8])
    /// The responder wanted to be woken.
    case wake
    case look([NamespacedName])
    case joinIsOver
    /// The API server's state of a version.
    case services(version: Int)
    /// The process ends in order.
    case terminate

    var isGossip: Bool {
      switch self {
      case .datagram, .timer, .accept, .bytes, .closed: true
      case .frame, .wake, .look, .joinIsOver, .services, .terminate: false
      }
    }
  }

  let name: String
  let address: MemberAddress
  let hardwareAddress: MACAddress
  var power = Power.stopped
  /// Counts processes, so that what was meant for an older one is dropped.
  var process = 0
  var core: Memberlist?
  var timers: [Memberlist.Timer: Int] = [:]
  /// What came while the process stood still.
  var waiting: [Occurrence] = []
  /// Whether the first attempt to join is over: nothing is announced before.
  var isSettled = false
  var unansweredPeers: Set<MemberAddress> = []
  var responder = Layer2Responder()
  var memory = PeerMemory()
  var ownership: Layer2Ownership
  var services: [NamespacedName: SimulatedService] = [:]
  var version = 0
  /// What decided when Services were last looked at.
  var lastView: ClusterView?
  /// Whether the members, or what they say of themselves, may be different from that.
  var hasMemberNews = true
  var nextWake: ContinuousClock.Instant?

  init(name: String, address: MemberAddress, hardwareAddress: MACAddress) {
    self.name = name
    self.address = address
    self.hardwareAddress = hardwareAddress
    ownership = Layer2Ownership(rules: Layer2Rules(node: name))
  }

  /// A host without power answers nobody.
  func answers(_ address: IPAddress) -> Bool {
    switch power {
    case .running: responder.answers(address)
    case .paused, .stopped, .off: false
    }
  }
}

/// One end of a stream.
struct StreamEnd: Hashable {
  var node: Int
  var process: Int
  var stream: StreamID
}

/// A Service as the API server has it.
package struct SimulatedService: Hashable, Sendable {
  package var address: IPAddress
  package var hasEndpoint = true
}
