package import ClusterConfiguration
import IPAllocation
package import KubernetesAPI
import NetworkAddresses

/// What a change of the configuration would do to the addresses of Services, found out without doing it.
///
/// The controller's own decisions are run twice on copies of the Services: with the configuration as it is, until
/// nothing changes any more, and then with the one as it would be. What differs between the two is the change's doing.
package struct AssignmentPlan: Sendable, Hashable {
  package struct Change: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
      /// It has an address and would have none.
      case loses = "Loses"
      case changes = "Changes"
      /// It keeps its address, and nobody would announce it any more.
      case notAnnounced = "NotAnnounced"
      /// It waits and would get an address.
      case gains = "Gains"
    }

    package var service: NamespacedName
    package var kind: Kind
    package var before: [String]
    package var after: [String]
    /// The pools that these addresses are of.
    package var poolsBefore: [String]
    package var poolsAfter: [String]
    /// Why, in the controller's words; empty where there is nothing to add.
    package var reason: String
  }

  /// By kind, the worst first, then by name.
  package private(set) var changes: [Change] = []

  /// - Parameters:
  ///   - services: all Services of the cluster, as they stand.
  ///   - loadBalancerClass: the class that the controller serves; empty for Services without one.
  ///   - newLoadBalancerClass: the class that it would serve, if that is another one.
  package init(
    services: [Service], before: ConfigurationAssessment, after: ConfigurationAssessment,
    loadBalancerClass: String = "", newLoadBalancerClass: String? = nil
  ) {
    var simulation = AssignmentSimulation(services, loadBalancerClass: loadBalancerClass)
    simulation.settle(before)
    let old = simulation.services
    let newClass = newLoadBalancerClass ?? loadBalancerClass
    if newClass != loadBalancerClass {
      let settled = services.map { old[$0.namespacedName] ?? $0 }
      simulation = AssignmentSimulation(settled, loadBalancerClass: newClass)
      let reason = newClass.isEmpty ? "only Services without a class" : "only class \(newClass)"
      changes = old.values.filter { simulation.services[$0.namespacedName] == nil }.compactMap {
        Change(
          $0, $0, reason: "\(reason) would be served", before: before.configuration, after: nil)
      }
    }
    let incoming = simulation.services
    simulation.settle(after)
    for (name, service) in simulation.services {
      guard let previous = old[name] ?? incoming[name],
        let change = Change(
          previous, service, reason: simulation.reasons[name] ?? "",
          before: before.configuration, after: after.configuration)
      else { continue }
      changes.append(change)
    }
    let order = Change.Kind.allCases
    changes.sort {
      (order.firstIndex(of: $0.kind) ?? 0, $0.service)
        < (order.firstIndex(of: $1.kind) ?? 0, $1.service)
    }
  }

  /// Whether some Service would be worse off: lose or change an address, or not be announced any more.
  package var isDisruptive: Bool { changes.contains { $0.kind != .gains } }

  /// One line for each Service that would be worse off; of many, the first and how many more there are.
  package func warnings(limit: Int = 10) -> [String] {
    let lines = changes.filter { $0.kind != .gains }.map(\.description)
    guard lines.count > limit else { return lines }
    return lines.prefix(limit) + ["and \(lines.count - limit) more services"]
  }
}

extension AssignmentPlan.Change {
  /// - Parameter after: nil for a Service that nobody would look after.
  fileprivate init?(
    _ old: Service, _ new: Service, reason: String, before: ValidatedConfiguration,
    after: ValidatedConfiguration?
  ) {
    service = old.namespacedName
    self.before = old.assignedAddresses
    self.after = new.assignedAddresses
    self.reason = reason
    poolsBefore = before.pools(of: self.before)
    poolsAfter = after?.pools(of: self.after) ?? []
    switch (self.before.isEmpty, self.after.isEmpty) {
    case (true, true): return nil
    case (true, false): kind = .gains
    case (false, true): kind = .loses
    case (false, false) where self.before != self.after: kind = .changes
    case (false, false):
      guard before.announces(self.before), after?.announces(self.after) != true else { return nil }
      kind = .notAnnounced
      if after != nil { self.reason = "no advertisement would select its pool" }
    }
  }
}

extension AssignmentPlan.Change: CustomStringConvertible {
  /// `service default/a would change its address from 10.0.0.1 to 10.1.0.1: …`
  package var description: String {
    let (old, new) = (before.joined(separator: ", "), after.joined(separator: ", "))
    let what =
      switch kind {
      case .loses: "would lose its address \(old)"
      case .changes: "would change its address from \(old) to \(new)"
      case .notAnnounced: "would keep its address \(old), and nobody would announce it"
      case .gains: "would get the address \(new)"
      }
    return "service \(service) \(what)\(reason.isEmpty ? "" : ": \(reason)")"
  }
}

/// The controller's decisions on copies of Services.
private struct AssignmentSimulation {
  private(set) var services: [NamespacedName: Service]
  /// Why a Service last gave up or was refused an address.
  private(set) var reasons: [NamespacedName: String] = [:]
  private var convergence: ServiceConvergence

  init(_ services: [Service], loadBalancerClass: String) {
    let convergence = ServiceConvergence(loadBalancerClass: loadBalancerClass)
    let own = services.filter { convergence.isOurs($0) }
    self.services = Dictionary(own.map { ($0.namespacedName, $0) }) { first, _ in first }
    self.convergence = convergence
  }

  /// Decides until nothing changes any more.
  mutating func settle(_ assessment: ConfigurationAssessment) {
    reasons = [:]
    _ = convergence.configure(assessment)
    convergence.adopt(services.values)
    let order = services.values.map { convergence.age(of: $0) }.sorted()
    var queue = order.map(\.key.namespacedName)
    // Every round serves somebody or is the last one; the bound is for rules that would never settle.
    for _ in 0...services.count {
      while !queue.isEmpty {
        let round = queue
        queue = []
        for name in round { queue += converge(name) }
      }
      guard convergence.hasNewsForWaiters else { return }
      queue = convergence.serveWaiters().map(\.namespacedName)
    }
  }

  /// Returns the Services that lost their claim to this one.
  private mutating func converge(_ name: NamespacedName) -> [NamespacedName] {
    guard let service = services[name] else { return [] }
    let decision = convergence.converge(service)
    if let update = decision.update { services[name] = update }
    convergence.confirm(ServiceKey(name))
    for event in decision.events where event.reason == .clearAssignment {
      reasons[name] = event.message
    }
    if case .failed(let failure) = decision.outcome {
      reasons[name] = [reasons[name], "\(failure)"].compactMap(\.self).joined(separator: "; ")
    }
    return decision.evicted.map(\.namespacedName)
  }
}

extension Service {
  fileprivate var assignedAddresses: [String] {
    (status?.loadBalancer?.ingress ?? []).compactMap { entry in
      entry.ip.flatMap { $0.isEmpty ? nil : $0 }
    }
  }
}

extension ValidatedConfiguration {
  /// Their names, each once.
  fileprivate func pools(of addresses: [String]) -> [String] {
    var names: [String] = []
    for address in addresses {
      guard let pool = IPAddress(address).flatMap({ pool(containing: $0) }) else { continue }
      if !names.contains(pool.name) { names.append(pool.name) }
    }
    return names
  }

  fileprivate func announces(_ addresses: [String]) -> Bool {
    let pools = addresses.compactMap { IPAddress($0) }.compactMap { pool(containing: $0) }
    return pools.contains { !$0.l2Advertisements.isEmpty || !$0.bgpAdvertisements.isEmpty }
  }
}
