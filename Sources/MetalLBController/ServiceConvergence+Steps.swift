import IPAllocation
import KubernetesAPI
import NetworkAddresses

/// The decision about one Service, step by step: type, pools, cluster addresses, present
/// addresses, requested pool, requested addresses, second family, allocation. Upstream takes them in the same order.
extension ServiceConvergence {
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
    if case .assigned = outcome, records[key]?.telling == nil, !pass.view.foreignEntries.isEmpty {
      let entries = pass.view.foreignEntries.map { "\"\($0)\"" }.joined(separator: ", ")
      tell(
        .foreignIngress,
        "status.loadBalancer.ingress also has \(entries), which no pool has: they are left alone and not announced; upstream's speakers would announce nothing of the Service",
        &pass)
    }
    var decision = ServiceDecision(outcome: outcome, events: pass.events, evicted: pass.evicted)
    switch outcome {
    case .ignored, .kept: break
    case .assigned(let assignment):
      decision.update = pass.view.assigning(assignment.addresses, pool: assignment.pool)
    case .released:
      decision.update = pass.view.cleared()
    case .failed:
      if let kept = pass.kept {
        decision.update = pass.view.assigning(kept.addresses, pool: kept.pool)
      } else if !pass.keepsStatus {
        decision.update = pass.view.cleared()
      }
    }
    if decision.update != nil {
      records[key]?.isOutdated = true
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
    /// What the Service keeps in spite of a failure.
    var kept: Allocator.Assignment?
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
    let intent = intent(of: pass.service)
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
    if case .unclear = pass.view.addresses {
      giveUp(pass.key)
      return .kept([])
    }
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
      if !current.isEmpty, pass.view.addresses != .none {
        pass.kept = allocator.assignment(of: pass.key)
      } else {
        giveUp(pass.key)
      }
      return fail(.request(fault), &pass, .loadBalancerFailed)
    }
    if !requested.isEmpty, Set(requested) != Set(current) { current = [] }
    let request = intent.request(families, addresses: requested)
    guard !current.isEmpty else { return allocate(request, &pass) }
    return complete(request, isNew: false, &pass)
  }

  /// The addresses that the Service has, as far as they are of the right families: one that may stay is not given up for the
  /// sake of another one that has to come or go.
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
    case .unclear:
      return []
    }
    return addresses.filter { families.families.contains($0.family) }
  }

  /// Claims what the Service has. Of two Services that turn out to have one address the older keeps it. A Service that
  /// has a claim already, or was told to give up what it has, is no such discovery: it changed, so it is the one that
  /// loses.
  private mutating func keep(
    _ addresses: [IPAddress], _ request: ServiceRequest, _ pass: inout Pass
  ) -> Result<Allocator.Assignment, AllocationError> {
    let isDiscovery =
      allocator.assignment(of: pass.key) == nil && records[pass.key]?.isOutdated == false
    while true {
      do {
        return .success(try allocator.assign(request, to: addresses))
      } catch .held(let address, let holder, let conflict) {
        guard isDiscovery, let own = records[pass.key]?.age,
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
      try allocator.allocate(request)
      return complete(request, isNew: true, &pass)
    } catch {
      allocator.release(pass.key)
      let outcome = fail(.allocation(error), &pass, .allocationFailed)
      waiting[pass.key] = request
      return outcome
    }
  }

  /// Adds the second family where it is wanted. Who asks for certain addresses gets these and no others.
  private mutating func complete(
    _ request: ServiceRequest, isNew: Bool, _ pass: inout Pass
  ) -> ServiceDecision.Outcome {
    guard let assignment = allocator.assignment(of: pass.key) else {
      giveUp(pass.key)
      return fail(.internalError, &pass, .internalError)
    }
    guard assignment.addresses.count < request.families.families.count else {
      return assigned(assignment, isNew: isNew, &pass)
    }
    guard request.families.prefersDual else {
      // One is not enough. It stays where its pool has the other family too.
      guard request.requestedAddresses.isEmpty, let pair = try? allocator.extend(request) else {
        return allocate(request, &pass)
      }
      return assigned(pair, isNew: true, &pass)
    }
    guard request.requestedAddresses.isEmpty else {
      return assigned(assignment, isNew: isNew, &pass)
    }
    do {
      return assigned(try allocator.extend(request), isNew: true, &pass)
    } catch {
      let outcome = assigned(assignment, isNew: isNew, &pass)
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

  private func quoted(_ addresses: [IPAddress]) -> String {
    "[" + addresses.map { "\"\($0)\"" }.joined(separator: " ") + "]"
  }
}
