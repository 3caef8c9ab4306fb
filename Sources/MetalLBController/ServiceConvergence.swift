import ClusterConfiguration
import IPAllocation
import KubernetesAPI
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
  private(set) var allocator = Allocator()
  /// False until a configuration came: nothing is decided before.
  private(set) var isConfigured = false
  /// Pools may be missing because of faults; then addresses that no pool covers stay with their Services.
  private var mayMissPools = false
  private var records: [ServiceKey: Record] = [:]
  /// Services that want more than they have, with their wish.
  private var waiting: [ServiceKey: ServiceRequest] = [:]
  private var servedAvailability: UInt64 = 0

  /// What is remembered of a Service from one decision to the next.
  private struct Record {
    var age: Age
    /// The claim is not written into the Service yet.
    var isUnwritten = false
    /// The last refusal that the user was told, so that it is not repeated with every pass.
    var told: String?
    /// Becomes `told` when the decision is confirmed.
    var telling: String?
  }

  /// Decides who keeps an address that two Services have.
  private struct Age: Comparable {
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
    return allocator.setPools(assessment.configuration.pools.map(\.allocationPool))
  }

  /// Claims what Services already have, the oldest first. What cannot be claimed is left for ``converge(_:)``.
  mutating func adopt(_ services: some Sequence<Service>) {
    let holders = services.filter { isOurs($0) && $0.spec?.type == "LoadBalancer" }
      .map { (age: age(of: $0), service: $0) }
      .sorted { $0.age < $1.age }
    for (age, service) in holders {
      records[age.key, default: Record(age: age)].age = age
      let intent = ServiceIntent(service)
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

  /// The last decision on the Service is written, and its events are recorded.
  mutating func confirm(_ key: ServiceKey) {
    guard var record = records[key] else { return }
    record.isUnwritten = false
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

  // MARK: One Service

  /// Decides about a Service as it stands in the API.
  mutating func converge(_ service: Service) -> ServiceDecision {
    guard isConfigured else { return ServiceDecision(outcome: .ignored) }
    let key = ServiceKey(service.namespacedName)
    guard isOurs(service) else {
      // With a class, a change of type takes the class away: what we gave has to come back.
      let wasOurs = allocator.assignment(of: key) != nil
      let view = view(of: service)
      forget(key)
      return ServiceDecision(
        outcome: wasOurs ? .released : .ignored, update: wasOurs ? view.cleared() : nil)
    }
    let age = age(of: service)
    records[key, default: Record(age: age)].age = age
    records[key]?.telling = nil
    var pass = Pass(service: service, key: key, view: view(of: service))
    let outcome = decide(&pass)
    var decision = ServiceDecision(outcome: outcome, events: pass.events, evicted: pass.evicted)
    switch outcome {
    case .ignored, .kept: break
    case .assigned(let assignment):
      decision.update = pass.view.assigning(assignment.addresses, pool: assignment.pool)
    case .released:
      decision.update = pass.view.cleared()
    case .failed:
      if !pass.keepsStatus { decision.update = pass.view.cleared() }
    }
    if decision.update != nil {
      decision.events += service.metadata.deprecatedAnnotationKeys.map {
        ServiceEvent(
          .deprecatedAnnotation,
          "annotation \($0) is deprecated: write metallb.io instead of \(ServiceAnnotation.deprecatedPrefix)"
        )
      }
    }
    return decision
  }

  /// What is gathered on the way to one decision.
  private struct Pass {
    let service: Service
    let key: ServiceKey
    let view: ServiceStatusView
    var events: [ServiceEvent] = []
    var evicted: [ServiceKey] = []
    /// Whether a failure leaves the status as it is.
    var keepsStatus = false
  }

  private mutating func decide(_ pass: inout Pass) -> ServiceDecision.Outcome {
    guard pass.service.spec?.type == "LoadBalancer" else {
      forget(pass.key)
      return .released
    }
    guard allocator.poolCount > 0 || mayMissPools else {
      giveUp(pass.key)
      return fail(.noPools, &pass, .allocationFailed)
    }
    let intent = ServiceIntent(pass.service)
    switch intent.families {
    case .failure(.noClusterIP):
      giveUp(pass.key)
      return fail(.families(.noClusterIP), &pass, .noClusterIPsIPFamily)
    case .failure(.notDualStack):
      giveUp(pass.key)
      return fail(.families(.notDualStack), &pass, .notEnoughClusterIPs)
    case .failure(.unusableClusterIPs(let texts)):
      pass.keepsStatus = true
      return fail(.families(.unusableClusterIPs(texts)), &pass, .noClusterIPsIPFamily)
    case .success(let families):
      return decide(intent, families, &pass)
    }
  }

  private mutating func decide(
    _ intent: ServiceIntent, _ families: FamilyDemand, _ pass: inout Pass
  ) -> ServiceDecision.Outcome {
    var current = present(families, &pass)
    if !current.isEmpty {
      switch keep(current, intent.request(families), &pass) {
      case .success(let assignment):
        if let wanted = intent.requestedPool, wanted != assignment.pool { current = [] }
      case .failure(.notInAnyPool) where mayMissPools:
        giveUp(pass.key)
        return .kept(current)
      case .failure(let error):
        pass.events.append(
          ServiceEvent(
            .clearAssignment,
            "current IP \(quoted(current)) not allowed, will attempt a new IP assignment: \(error)")
        )
        current = []
      }
    }
    let requested: [IPAddress]
    switch intent.requestedAddresses {
    case .success(let addresses): requested = addresses
    case .failure(let fault):
      // What is only claimed and not written is not kept.
      pass.keepsStatus = !current.isEmpty && pass.view.addresses != .none
      if !pass.keepsStatus { giveUp(pass.key) }
      return fail(.request(fault), &pass, .loadBalancerFailed)
    }
    if !requested.isEmpty, Set(requested) != Set(current) { current = [] }
    let request = intent.request(families, addresses: requested)
    guard !current.isEmpty else { return allocate(request, &pass) }
    return complete(current, request, &pass)
  }

  /// The addresses that the Service has, if they are of the right families.
  private mutating func present(
    _ families: FamilyDemand, _ pass: inout Pass
  ) -> [IPAddress] {
    let addresses: [IPAddress]
    switch pass.view.addresses {
    case .none:
      // A claim that is not written yet, as against a status that somebody emptied.
      guard records[pass.key]?.isUnwritten == true else { return [] }
      addresses = allocator.assignment(of: pass.key)?.addresses ?? []
    case .held(let held):
      addresses = held
    case .nonsense(let texts):
      pass.events.append(
        ServiceEvent(.noLBIPsIPFamily, "the addresses \(texts) in the status make no sense"))
      return []
    }
    let present = Set(addresses.map(\.family))
    let wanted = Set(families.families)
    guard present == wanted || families.prefersDual && present.isSubset(of: wanted) else {
      return []
    }
    return addresses
  }

  /// Claims what the Service has. Of two Services that turn out to have one address the older keeps it. A Service that
  /// has a claim already is no such discovery: it changed, so it is the one that loses.
  private mutating func keep(
    _ addresses: [IPAddress], _ request: ServiceRequest, _ pass: inout Pass
  ) -> Result<Allocator.Assignment, AllocationError> {
    let hadClaim = allocator.assignment(of: pass.key) != nil
    while true {
      do {
        return .success(try allocator.assign(request, to: addresses))
      } catch .held(let address, let holder, let conflict) {
        guard !hadClaim, let own = records[pass.key]?.age,
          let other = records[holder]?.age, own < other
        else {
          return .failure(.held(address, by: holder, conflict))
        }
        allocator.release(holder)
        pass.evicted.append(holder)
      } catch {
        return .failure(error)
      }
    }
  }

  private mutating func allocate(
    _ request: ServiceRequest, _ pass: inout Pass
  ) -> ServiceDecision.Outcome {
    do {
      let assignment = try allocator.allocate(request)
      return assigned(assignment, isNew: true, &pass)
    } catch {
      allocator.release(pass.key)
      let outcome = fail(.allocation(error), &pass, .allocationFailed)
      waiting[pass.key] = request
      return outcome
    }
  }

  /// Adds the second family where it is wanted. Who asks for certain addresses gets these and no others.
  private mutating func complete(
    _ current: [IPAddress], _ request: ServiceRequest, _ pass: inout Pass
  ) -> ServiceDecision.Outcome {
    guard let assignment = allocator.assignment(of: pass.key) else {
      giveUp(pass.key)
      return fail(.internalError, &pass, .internalError)
    }
    guard request.families.prefersDual, current.count == 1, request.requestedAddresses.isEmpty
    else {
      return assigned(assignment, isNew: false, &pass)
    }
    do {
      return assigned(try allocator.extend(request), isNew: true, &pass)
    } catch {
      let outcome = assigned(assignment, isNew: false, &pass)
      tell(.additionalAssignFailed, "Failed to assign an additional IP: \(error)", &pass)
      waiting[pass.key] = request
      return outcome
    }
  }

  // MARK: Outcomes

  private mutating func assigned(
    _ assignment: Allocator.Assignment, isNew: Bool, _ pass: inout Pass
  ) -> ServiceDecision.Outcome {
    waiting[pass.key] = nil
    if isNew { records[pass.key]?.isUnwritten = true }
    if records[pass.key]?.isUnwritten == true {
      pass.events.append(
        ServiceEvent(.ipAllocated, "Assigned IP \(quoted(assignment.addresses))"))
    }
    return .assigned(assignment)
  }

  private mutating func fail(
    _ failure: ServiceDecision.Failure, _ pass: inout Pass, _ reason: ServiceEvent.Reason
  ) -> ServiceDecision.Outcome {
    tell(reason, "Failed to allocate IP for \"\(pass.key)\": \(failure)", &pass)
    return .failed(failure)
  }

  /// Records an event, unless it says what the user was last told.
  private mutating func tell(
    _ reason: ServiceEvent.Reason, _ message: String, _ pass: inout Pass
  ) {
    let text = "\(reason.rawValue) \(message)"
    records[pass.key]?.telling = text
    guard records[pass.key]?.told != text else { return }
    pass.events.append(ServiceEvent(reason, message))
  }

  private mutating func giveUp(_ key: ServiceKey) {
    allocator.release(key)
    waiting[key] = nil
    records[key]?.isUnwritten = false
  }

  // MARK: Facts

  /// Whether the Service's class is the one we serve.
  private func isOurs(_ service: Service) -> Bool {
    let own = service.spec?.loadBalancerClass.flatMap { $0.isEmpty ? nil : $0 }
    return own == loadBalancerClass
  }

  private func view(of service: Service) -> ServiceStatusView {
    let held = allocator.assignment(of: ServiceKey(service.namespacedName))?.addresses ?? []
    return ServiceStatusView(
      service, isKnown: { held.contains($0) || allocator.pool(of: $0) != nil },
      mayMissPools: mayMissPools)
  }

  private func age(of service: Service) -> Age {
    Age(created: service.metadata.creationTimestamp, key: ServiceKey(service.namespacedName))
  }

  private func quoted(_ addresses: [IPAddress]) -> String {
    "[" + addresses.map { "\"\($0)\"" }.joined(separator: " ") + "]"
  }
}
