package import Layer2
package import LinuxNetwork
package import Logging
package import Metrics
package import NetworkAddresses
import Synchronization

/// Announces addresses on this node's links: answers ARP requests and neighbour solicitations for them, and tells the
/// network unasked when one arrives here.
///
/// What to say is decided by ``Layer2Responder``, which sits behind a lock. A thread of its own, in ``AnnouncerLoop``,
/// owns every socket: it reads frames and netlink notifications, asks the responder, and sends. Callers only change the
/// responder's state and wake the thread, so ``announce(_:interfaces:)`` returns at once and nothing that the rest of
/// the program does delays an answer. The lock is held for one batch of frames at most.
package final class Layer2Announcer: Sendable {
  package struct Configuration: Sendable {
    /// Regular expressions; an interface whose name contains one is left alone.
    package var excludedInterfaces = InterfaceExclusion.defaultPatterns
    /// Where to announce. Nil is the namespace of the process.
    package var namespace: NetworkNamespace?
    package var timing = GratuitousSchedule<Layer2Responder.Target>.Timing()
    /// Nil answers every request.
    package var requesterLimit: RequesterLimit? = RequesterLimit()
    /// How often interfaces are read again, in case that a notification did not tell everything.
    package var resynchronizationInterval: Duration = .seconds(60)

    package init() {}
  }

  struct State {
    var responder: Layer2Responder
    /// By index.
    var interfaces: [Int32: InterfaceStatus] = [:]
    var kernelAddresses = KernelAddresses()
  }

  let state: Mutex<State>
  let signal: ThreadSignal
  let configuration: Configuration
  let logger: Logger
  let metricsFactory: any MetricsFactory
  let interfaceContinuation: AsyncStream<[InterfaceStatus]>.Continuation

  /// The interfaces, by name: once when they have been read, which is when answering begins, and after each change. For
  /// one consumer, who gets the newest state and may miss those in between. Ends with ``run()``.
  package let interfaceChanges: AsyncStream<[InterfaceStatus]>

  let reportContinuation: AsyncStream<AddressReport>.Continuation

  /// What happens to addresses without a call. For one consumer, who loses the oldest when it falls thousands behind.
  /// Ends with ``run()``.
  package let reports: AsyncStream<AddressReport>

  /// Throws ``InterfaceExclusion/InvalidPattern``, or ``LinuxError`` when the process has no descriptors left.
  package init(
    configuration: Configuration = Configuration(), logger: Logger,
    metricsFactory: any MetricsFactory
  ) throws {
    _ = try InterfaceExclusion(configuration.excludedInterfaces)
    self.configuration = configuration
    self.logger = logger
    self.metricsFactory = metricsFactory
    signal = try ThreadSignal()
    state = Mutex(
      State(
        responder: Layer2Responder(
          timing: configuration.timing, requesterLimit: configuration.requesterLimit)))
    (interfaceChanges, interfaceContinuation) = AsyncStream.makeStream(
      bufferingPolicy: .bufferingNewest(1))
    (reports, reportContinuation) = AsyncStream.makeStream(
      bufferingPolicy: .bufferingNewest(4096))
  }

  /// Announces an address on the given interfaces, those that exist now and those that come later. Repeating it changes
  /// nothing; another selection tells only the interfaces that are new to the address, and other options count at once.
  package func announce(
    _ address: IPAddress, interfaces: InterfaceSelection, options: AnnouncementOptions = .init()
  ) {
    change { $0.announce(address, on: interfaces, options: options, now: ContinuousClock.now) }
  }

  /// Stops answering for an address. When this returns, no further frame for it is sent.
  package func withdraw(_ address: IPAddress) {
    change { $0.withdraw(address) }
  }

  /// Goes on answering for an address until its next owner tells the network, or the time is up; a report says which.
  package func handOver(_ address: IPAddress, within duration: Duration) {
    change {
      let now = ContinuousClock.now
      $0.handOver(address, until: now + duration, now: now)
    }
  }

  /// Stops answering for an address, and reports again and again who has it.
  package func watch(_ address: IPAddress, interfaces: InterfaceSelection) {
    change { $0.watch(address, on: interfaces, now: ContinuousClock.now) }
  }

  /// Tells the network again that an announced address is here, as somebody else said otherwise.
  package func defend(_ address: IPAddress) {
    change { $0.defend(address, now: ContinuousClock.now) }
  }

  /// The hosts that may rightly answer for the same addresses as this one.
  package func setPeers(_ peers: Peers) {
    change { $0.setPeers(peers) }
  }

  private func change(_ body: (inout Layer2Responder) -> Void) {
    state.withLock { body(&$0.responder) }
    signal.wake()
  }

  /// The interfaces that are not excluded, by name, with the reason why one cannot be used. Empty before ``run()`` has
  /// read them.
  package var interfaces: [InterfaceStatus] {
    state.withLock { $0.sortedInterfaces }
  }

  /// The addresses that the kernel has, as they were when interfaces were last read again.
  package var kernelAddresses: KernelAddresses { state.withLock { $0.kernelAddresses } }

  /// Announces until the calling task is cancelled or ``stop()`` is called, and then returns. Runs once.
  ///
  /// Throws ``LinuxError`` when the namespace cannot be entered, or netlink or packet sockets are not permitted.
  package func run() async throws {
    defer {
      interfaceContinuation.finish()
      reportContinuation.finish()
    }
    try await NetworkThread.run(name: "layer2", in: configuration.namespace, signal: signal) {
      [self] in
      try AnnouncerLoop(self).run()
    }
  }

  /// Ends ``run()``. Nothing is sent: whoever owns the addresses next tells the network.
  package func stop() {
    signal.stop()
  }
}

extension Layer2Announcer.State {
  var sortedInterfaces: [InterfaceStatus] {
    interfaces.values.sorted { $0.name < $1.name }
  }
}
