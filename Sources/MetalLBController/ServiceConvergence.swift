import ClusterConfiguration
import IPAllocation
import KubernetesAPI
import LegacyConfiguration
import NetworkAddresses

/// Decides for one Service after the other what addresses it should have. The truth is the status of the Services: what
/// they hold is adopted, the oldest Service first, before anything is given out.
///
/// ```
///  Service ──▶ ours? ──▶ families ──▶ keeps what it has? ──▶ allocate ──▶ decision: status, annotation, events
///               │no        │unclear       │no: release          │refused
///               ▼          ▼              └────────────────▶────┤
///            release     fail                                   ▼
///                                                    waits for the next release
/// ```
///
/// A value without clock, log and network. The shell writes the decision and calls ``confirm(_:)``; a claim that is not
/// confirmed is kept over the next decision, so that a failed write or an old view of the Service costs no address.
struct ServiceConvergence: Sendable {
  /// Only Services of this class are ours; those without a class when it is nil.
  let loadBalancerClass: String?
  var allocator = Allocator()
  /// False until a configuration came: nothing is decided before.
  private(set) var isConfigured = false
  /// Pools may be missing because of faults; then addresses that no pool covers stay with their Services.
  private(set) var mayMissPools = false
  var records: [ServiceKey: Record] = [:]
  /// Services that want more than they have, with their wish.
  var waiting: [ServiceKey: ServiceRequest] = [:]
  private var servedAvailability: UInt64 = 0
  private var poolNames: Set<String> = []

  /// What is remembered of a Service from one decision to the next.
  struct Record {
    var age: Age
    /// The claim is not written into the Service yet.
    var isUnwritten = false
    /// A decision that changes the Service was made and is not confirmed: its status is what was.
    var isOutdated = false
    /// The last refusal that the user was told, so that it is not repeated with every pass.
    var told: String?
    /// Becomes `told` when the decision is confirmed.
    var telling: String?
  }

  /// Decides who keeps an address that two Services have.
  struct Age: Comparable {
    var created: Timestamp?
    var key: ServiceKey

    /// The older one is less. What has no time is not stored yet, so it is the youngest.
    static func < (left: Age, right: Age) -> Bool {
      switch (left.created, right.created) {
      case (let own?, let others?) where own != others: own < others
      case (.some, nil): true
      case (nil, .some): false
      case (.some, .some), (nil, nil): left.key < right.key
      }
    }
  }

  init(loadBalancerClass: String? = nil) {
    self.loadBalancerClass = loadBalancerClass.flatMap { $0.isEmpty ? nil : $0 }
  }

  // MARK: Inputs besides single Services

  /// Takes over new pools. Every Service has to be adopted and converged afterwards.
  /// - Returns: the claims that no pool covers any more.
  mutating func configure(_ assessment: ConfigurationAssessment) -> [Allocator.Loss] {
    isConfigured = true
    mayMissPools = assessment.mayMissAddresses
    poolNames = Set(assessment.configuration.pools.map(\.name))
    return allocator.setPools(assessment.configuration.pools.map(\.allocationPool))
  }

  /// Claims what Services already have, the oldest first. What cannot be claimed is left for ``converge(_:)``.
  mutating func adopt(_ services: some Sequence<Service>) {
    let holders = services.filter { isOurs($0) && $0.spec?.type == "LoadBalancer" }
      .map { (age: age(of: $0), service: $0) }
      .sorted { $0.age < $1.age }
    for (age, service) in holders {
      records[age.key, default: Record(age: age)].age = age
      let intent = intent(of: service)
      guard case .held(let addresses) = view(of: service).addresses,
        case .success(let families) = intent.families
      else { continue }
      _ = try? allocator.assign(intent.request(families), to: addresses)
    }
  }

  /// The Service is gone, or none of our business any more.
  mutating func forget(_ key: ServiceKey) {
    allocator.release(key)
    waiting[key] = nil
    records[key] = nil
  }

  /// Another host has the address: whoever holds it has to get another one.
  /// - Returns: the Services that have to be converged.
  mutating func quarantine(_ address: IPAddress) -> [ServiceKey] {
    allocator.quarantine(address)
  }

  /// The last decision on the Service is written, and its events are recorded.
  mutating func confirm(_ key: ServiceKey) {
    guard var record = records[key] else { return }
    record.isUnwritten = false
    record.isOutdated = false
    record.told = record.telling
    records[key] = record
  }

  /// Whether something became free that waiting Services have not been offered.
  var hasNewsForWaiters: Bool {
    !waiting.isEmpty && allocator.availability != servedAvailability
  }

  var waitingCount: Int { waiting.count }

  /// Offers what is free to those who wait, the oldest first.
  /// - Returns: the Services that got something; they have to be converged.
  mutating func serveWaiters() -> [ServiceKey] {
    let order = waiting.keys.compactMap { records[$0]?.age }.sorted()
    var served: [ServiceKey] = []
    for key in order.map(\.key) {
      guard let request = waiting[key] else { continue }
      do {
        if allocator.assignment(of: key) == nil {
          try allocator.allocate(request)
        } else {
          try allocator.extend(request)
        }
        waiting[key] = nil
        records[key]?.isUnwritten = true
        served.append(key)
      } catch {
        continue
      }
    }
    servedAvailability = allocator.availability
    return served
  }

  // MARK: Facts

  /// Whether the Service's class is the one we serve.
  func isOurs(_ service: Service) -> Bool {
    let own = service.spec?.loadBalancerClass.flatMap { $0.isEmpty ? nil : $0 }
    return own == loadBalancerClass
  }

  /// What the Service asks for. An entry of the ConfigMap may have a name that no object can have: who asks for such a
  /// pool gets the object that the entry became.
  func intent(of service: Service) -> ServiceIntent {
    var intent = ServiceIntent(service)
    if let name = intent.requestedPool, !poolNames.contains(name),
      let renamed = LegacyDocument.objectName(name), poolNames.contains(renamed)
    {
      intent.requestedPool = renamed
    }
    return intent
  }

  func view(of service: Service) -> ServiceStatusView {
    let held = allocator.assignment(of: ServiceKey(service.namespacedName))?.addresses ?? []
    return ServiceStatusView(
      service, isKnown: { held.contains($0) || allocator.pool(of: $0) != nil },
      mayMissPools: mayMissPools)
  }

  func age(of service: Service) -> Age {
    Age(created: service.metadata.creationTimestamp, key: ServiceKey(service.namespacedName))
  }
}
