import KubernetesClient
import Layer2
import Layer2Transport
import NetworkAddresses
import Synchronization

@testable import MetalLBSpeaker

/// Stands where packets would be sent, and remembers what should be announced.
final class RecordedAnnouncer: AddressAnnouncing {
  struct State: Equatable {
    var announced: [IPAddress: InterfaceSelection] = [:]
    /// How often each address was withdrawn.
    var withdrawals: [IPAddress: Int] = [:]
    /// With which options each address was last announced.
    var options: [IPAddress: AnnouncementOptions] = [:]
    var handovers: [IPAddress: Int] = [:]
    var watched: Set<IPAddress> = []
    var defences: [IPAddress: Int] = [:]
    var peers = Peers()
    var isStopped = false

    /// Whether nothing was ever done about an address.
    var isUntouched: Bool {
      var untouched = State()
      untouched.peers = peers
      return self == untouched
    }
  }

  struct NotInTime: Error, CustomStringConvertible {
    var state: State
    var description: String { "not in time: \(state)" }
  }

  private struct Waiter {
    var predicate: @Sendable (State) -> Bool
    var continuation: AsyncStream<Void>.Continuation
  }

  let interfaceChanges: AsyncStream<[InterfaceStatus]>
  private let interfaceContinuation: AsyncStream<[InterfaceStatus]>.Continuation
  private let end = AsyncStream<Void>.makeStream()
  let reports: AsyncStream<AddressReport>
  private let reportContinuation: AsyncStream<AddressReport>.Continuation
  /// Whether probing and handing over end at once, with nobody on the link.
  private let isAlone: Bool
  private let present: Mutex<[InterfaceStatus]>
  private let kernel = Mutex(KernelAddresses())
  private let state = Mutex(State())
  private let waiters = Mutex<[Waiter]>([])

  init(interfaces: [String] = ["eth0"], isAlone: Bool = true) {
    self.isAlone = isAlone
    (reports, reportContinuation) = AsyncStream.makeStream()
    (interfaceChanges, interfaceContinuation) = AsyncStream.makeStream()
    present = Mutex([])
    setInterfaces(interfaces)
  }

  func setInterfaces(_ names: [String]) {
    setInterfaces(
      names.enumerated().map { index, name in
        ResponderInterface(index: Int32(index + 1), name: name, hardwareAddress: .zero)
      }.map { InterfaceStatus(index: $0.index, name: $0.name, usability: .usable($0)) })
  }

  func setInterfaces(_ statuses: [InterfaceStatus]) {
    present.withLock { $0 = statuses }
    interfaceContinuation.yield(statuses)
  }

  var interfaces: [InterfaceStatus] { present.withLock { $0 } }

  var kernelAddresses: KernelAddresses {
    get { kernel.withLock { $0 } }
    set { kernel.withLock { $0 = newValue } }
  }

  var current: State { state.withLock { $0 } }

  func announce(
    _ address: IPAddress, interfaces: InterfaceSelection, options: AnnouncementOptions
  ) {
    let wasProbed = current.options[address]?.probesFirst == true && !isAlone
    change {
      $0.announced[address] = interfaces
      $0.options[address] = options
      $0.watched.remove(address)
    }
    if options.probesFirst ? isAlone : wasProbed { report(.announcedAfterProbing(address)) }
  }

  func handOver(_ address: IPAddress, within duration: Duration) {
    change {
      $0.announced[address] = nil
      $0.handovers[address, default: 0] += 1
    }
    if isAlone { report(.handedOver(address, to: nil)) }
  }

  func watch(_ address: IPAddress, interfaces: InterfaceSelection) {
    change {
      $0.announced[address] = nil
      $0.watched.insert(address)
    }
  }

  func defend(_ address: IPAddress) { change { $0.defences[address, default: 0] += 1 } }

  func setPeers(_ peers: Peers) { change { $0.peers = peers } }

  /// Tells the speaker what happened on the link.
  func report(_ report: AddressReport) { reportContinuation.yield(report) }

  func withdraw(_ address: IPAddress) {
    change {
      $0.announced[address] = nil
      $0.watched.remove(address)
      $0.withdrawals[address, default: 0] += 1
    }
  }

  func run() async throws {
    for await _ in end.stream {}
    interfaceContinuation.finish()
    reportContinuation.finish()
  }

  func stop() {
    change { $0.isStopped = true }
    end.continuation.finish()
  }

  private func change(_ body: (inout State) -> Void) {
    let state = state.withLock { state in
      body(&state)
      return state
    }
    for waiter in waiters.withLock({ $0 }) where waiter.predicate(state) {
      waiter.continuation.finish()
    }
  }

  /// Returns once the predicate holds; throws after half a minute.
  func eventually(_ predicate: @escaping @Sendable (State) -> Bool) async throws {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    waiters.withLock { $0.append(Waiter(predicate: predicate, continuation: continuation)) }
    if predicate(current) { return }
    let done = try await TimeSource.system.limit(.seconds(30)) {
      for await _ in stream {}
      try Task.checkCancellation()
      return true
    }
    if done == nil { throw NotInTime(state: current) }
  }
}
