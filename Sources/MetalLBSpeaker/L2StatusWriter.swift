import Announcement
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import Synchronization

/// Keeps the `ServiceL2Status` objects of this node in line with what it announces: one for each announced Service, and
/// none besides. Whoever announces a Service also removes what other nodes said about it.
final class L2StatusWriter: Sendable {
  /// What should exist for a Service.
  enum Desired: Hashable, Sendable {
    case contents(ServiceL2Status.Status)
    case absent
    /// Nothing is known yet: leave everything as it is.
    case undecided
  }

  /// How long a write may take to appear in the store.
  private static let appearance = Duration.seconds(10)

  /// How long to wait after somebody else has changed or deleted the same object.
  private static let collision = Duration.milliseconds(500)

  private let statuses: Store<ServiceL2Status>
  private let client: APIClient
  private let options: SpeakerOptions
  private let time: TimeSource
  private let logger: Logger
  private let pod: OwnPod
  private let desired: @Sendable (NamespacedName) -> Desired
  private let state = Mutex(State())

  private struct State {
    /// What was written and the store did not show yet, with the time by which it should.
    var written: [NamespacedName: (object: ServiceL2Status, deadline: ContinuousClock.Instant)] =
      [:]
    /// The server does not let us write such objects, or does not know them.
    var isUnavailable = false
  }

  init(
    statuses: Store<ServiceL2Status>, client: APIClient, options: SpeakerOptions,
    pod: OwnPod, time: TimeSource, logger: Logger,
    desired: @escaping @Sendable (NamespacedName) -> Desired
  ) {
    self.statuses = statuses
    self.client = client
    self.options = options
    self.time = time
    self.logger = logger
    self.pod = pod
    self.desired = desired
  }

  func reconcile(_ service: NamespacedName) async throws -> ReconcileResult {
    guard !state.withLock({ $0.isUnavailable }) else { return .done }
    do {
      switch desired(service) {
      case .undecided: return .done
      case .absent: return try await remove(service)
      case .contents(let status): return try await write(status, service)
      }
    } catch let error as KubernetesError where error.isForbidden {
      state.withLock { $0.isUnavailable = true }
      logger.warning(
        "ServiceL2Statuses cannot be written; who announces what is only in the log",
        metadata: [LogKey.error: "\(error)"])
      return .done
    }
  }

  /// Call this for every change of the store.
  func note(_ change: Change<ServiceL2Status>) {
    guard let service = change.new?.service ?? change.old?.service else { return }
    state.withLock { state in
      guard let written = state.written[service]?.object,
        written.metadata.name == change.key.name,
        change.new.map({ $0.metadata.resourceVersion == written.metadata.resourceVersion }) ?? true
      else { return }
      state.written[service] = nil
    }
  }

  private func remove(_ service: NamespacedName) async throws -> ReconcileResult {
    for object in known(service).own { try await delete(object) }
    state.withLock { $0.written[service] = nil }
    return .done
  }

  private func write(
    _ status: ServiceL2Status.Status, _ service: NamespacedName
  ) async throws -> ReconcileResult {
    let owner = try await pod.reference()
    let (own, others) = known(service)
    // An object of a Pod that this node had before goes with that Pod.
    let usable = own.filter { object in
      owner == nil || object.metadata.ownerReferences.contains { $0.uid == owner?.uid }
    }
    var object: ServiceL2Status
    if let kept = usable.min(by: { $0.metadata.name < $1.metadata.name }) {
      object = kept
    } else {
      object = try await create(service, owner: owner)
    }
    if object.status != status {
      object.status = status
      do {
        object = try await client.updateStatus(object)
      } catch let error as KubernetesError where error.isNotFound || error.isConflict {
        // A node that believes the same of itself was faster; what it did will be in the store.
        state.withLock { $0.written[service] = nil }
        return .requeue(after: Self.collision)
      }
      remember(object, service)
    }
    for other in own + others where other.metadata.uid != object.metadata.uid {
      try await delete(other)
    }
    return .done
  }

  /// This node's objects for a Service, as they were last written or read, and those of other nodes.
  private func known(
    _ service: NamespacedName
  ) -> (own: [ServiceL2Status], others: [ServiceL2Status]) {
    let stored = statuses.values(index: SpeakerInformers.serviceIndex, key: "\(service)")
    var own = stored.filter { $0.node == options.nodeName }
    let now = time.now
    let written = state.withLock { state in
      if let deadline = state.written[service]?.deadline, now >= deadline {
        state.written[service] = nil
      }
      return state.written[service]?.object
    }
    if let written {
      own.removeAll { $0.metadata.uid == written.metadata.uid }
      own.append(written)
    }
    return (own, stored.filter { $0.node != options.nodeName })
  }

  private func create(
    _ service: NamespacedName, owner: OwnerReference?
  ) async throws -> ServiceL2Status {
    let metadata = ObjectMeta(
      generateName: ServiceL2Status.namePrefix, namespace: options.namespace,
      labels: ServiceL2Status.labels(service: service, node: options.nodeName),
      ownerReferences: owner.map { [$0] } ?? [])
    let object = try await client.create(ServiceL2Status(metadata: metadata))
    remember(object, service)
    return object
  }

  /// Until the store shows a write, what was written counts.
  private func remember(_ object: ServiceL2Status, _ service: NamespacedName) {
    let deadline = time.now.advanced(by: Self.appearance)
    state.withLock { $0.written[service] = (object, deadline) }
    let stored = statuses[object.namespacedName]
    if stored?.metadata.resourceVersion == object.metadata.resourceVersion {
      state.withLock { $0.written[service] = nil }
    }
  }

  private func delete(_ object: ServiceL2Status) async throws {
    do {
      try await client.delete(object)
    } catch let error as KubernetesError where error.isNotFound || error.isConflict {
      // Somebody else did.
    }
  }
}
