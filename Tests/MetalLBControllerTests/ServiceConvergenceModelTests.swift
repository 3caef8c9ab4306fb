import ClusterConfiguration
import IPAllocation
import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import SeededRandomness
import Testing

@testable import MetalLBController

/// Random lives of a small cluster: Services come, change and go, pools change, the controller restarts, writes fail.
/// Whenever everything has settled, the rules hold.
struct ServiceConvergenceModelTests {
  @Test(arguments: ModelSeeds.batches)
  func `Whatever happens, the rules hold`(batch: Int) {
    for seed in ModelSeeds.seeds(ofBatch: batch) {
      if let failure = Self.failure(ofLife: seed) {
        Issue.record("METALLB_MODEL_FIRST_SEED=\(seed) METALLB_MODEL_SEEDS=1: \(failure)")
        return
      }
    }
  }

  private static func failure(ofLife seed: UInt64) -> String? {
    var world = World(seed: seed)
    for step in 0..<25 {
      world.act()
      guard world.settle() else { return "step \(step): no end of changes" }
      let faults = world.faults()
      guard faults.isEmpty else { return "step \(step): \(faults)" }
    }
    return nil
  }
}

private struct World {
  var random: SeededGenerator
  /// The truth of the API.
  var services: [String: Service] = [:]
  var pools: [IPAddressPool] = []
  var convergence = ServiceConvergence()
  var queue: Set<String> = []
  var age: Int64 = 0
  /// Who had which addresses before the present step, as far as the step does not concern them.
  var untouched: [String: [String]] = [:]

  static let poolChoices = [
    pool("a", ["10.0.0.0-10.0.0.2"]), pool("a", ["10.0.0.1-10.0.0.3", "fd00::/127"]),
    pool("b", ["10.0.1.0/31", "fd00:1::1"]),
    pool("b", ["10.0.1.1", "10.0.0.9"], autoAssign: false),
    pool("c", ["fd00:2::/126"], allocation: .init(priority: 1, namespaces: ["default"])),
    pool("c", ["10.0.2.0/30"], avoidBuggyIPs: true),
    pool(
      "d", ["10.0.3.0/31", "fd00:3::/127"],
      allocation: .init(serviceSelectors: [
        LabelSelector(matchLabels: ["tier": "d"])
      ])),
  ]

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    changePools()
    restart()
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  // MARK: What happens

  mutating func act() {
    untouched = services.mapValues(\.ingressIPs).filter { !$0.value.isEmpty }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35: create()
    case 35..<50: delete()
    case 50..<80: change()
    case 80..<92:
      changePools()
      reconfigure()
      untouched = [:]
    default: restart()
    }
  }

  mutating func create() {
    age += 1
    let name = "s\(Int.random(in: 0..<12, using: &random))"
    untouched[name] = nil
    var service = MetalLBControllerTests.service(name, created: age)
    randomize(&service)
    services[name] = service
    queue.insert(name)
  }

  mutating func delete() {
    guard let name = services.keys.sorted().randomElement(using: &random) else { return }
    untouched[name] = nil
    services[name] = nil
    queue.insert(name)
  }

  mutating func change() {
    guard let name = services.keys.sorted().randomElement(using: &random),
      var service = services[name]
    else { return }
    untouched[name] = nil
    randomize(&service)
    services[name] = service
    queue.insert(name)
  }

  mutating func randomize(_ service: inout Service) {
    let choices = [
      ["10.96.0.1"], ["fd96::1"], ["10.96.0.1", "fd96::1"], ["fd96::1", "10.96.0.1"],
    ]
    let clusterIPs = choices.randomElement(using: &random) ?? []
    service.spec?.type = chance(90) ? "LoadBalancer" : "ClusterIP"
    service.spec?.clusterIPs = clusterIPs
    service.spec?.ipFamilyPolicy =
      ["SingleStack", "PreferDualStack", "RequireDualStack"].randomElement(using: &random)
    service.spec?.ports = [Service.Port(port: Int.random(in: 80...81, using: &random))]
    service.spec?.externalTrafficPolicy = chance(20) ? "Local" : "Cluster"
    service.metadata.labels = chance(30) ? ["tier": "d"] : [:]
    var annotations = service.metadata.annotations.filter { $0.key.hasSuffix("from-pool") }
    if chance(40) { annotations["metallb.io/allow-shared-ip"] = chance(70) ? "k" : "l" }
    if chance(20) {
      annotations["metallb.io/address-pool"] = ["a", "b", "x"].randomElement(using: &random)
    }
    if chance(20) {
      annotations["metallb.io/loadBalancerIPs"] =
        ["10.0.0.1", "10.0.1.1,fd00:1::1", "fd00:2::", "nonsense"].randomElement(using: &random)
    }
    service.metadata.annotations = annotations
  }

  mutating func changePools() {
    var names: Set<String> = []
    pools = Self.poolChoices.shuffled(using: &random)
      .filter { _ in chance(60) }
      .filter { names.insert($0.metadata.name).inserted }
  }

  mutating func reconfigure() {
    convergence.configure(pools)
    convergence.adopt(services.values)
    queue.formUnion(services.keys)
  }

  mutating func restart() {
    convergence = ServiceConvergence()
    reconfigure()
  }

  // MARK: The shell

  /// Works on what is queued until nothing is; some writes fail. False when that takes too long.
  mutating func settle() -> Bool {
    for _ in 0..<1000 {
      guard let name = queue.sorted().randomElement(using: &random) else { return true }
      queue.remove(name)
      work(on: name)
      if convergence.hasNewsForWaiters {
        queue.formUnion(convergence.serveWaiters().map(\.name))
      }
    }
    return false
  }

  private mutating func work(on name: String) {
    let key = ServiceKey(namespace: "default", name: name)
    guard let service = services[name] else { return convergence.forget(key) }
    let decision = convergence.converge(service)
    queue.formUnion(decision.evicted.map(\.name))
    if let update = decision.update {
      if chance(15) {
        queue.insert(name)
        return
      }
      services[name] = update
    }
    convergence.confirm(key)
  }

  // MARK: The rules

  mutating func faults() -> [String] {
    var faults: [String] = []
    var holders: [String: [Service]] = [:]
    for (name, service) in services {
      let key = ServiceKey(namespace: "default", name: name)
      let addresses = service.ingressIPs
      let claim = convergence.allocator.assignment(of: key)
      if claim?.addresses.map(\.description) ?? [] != addresses {
        faults.append("\(name) shows \(addresses) and holds \(claim?.addresses ?? [])")
      }
      if service.allocatedFrom != claim?.pool { faults.append("\(name) has a wrong mark") }
      if service.spec?.type != "LoadBalancer", !addresses.isEmpty {
        faults.append("\(name) is no load balancer and has \(addresses)")
      }
      for address in addresses {
        holders[address, default: []].append(service)
        if convergence.allocator.pool(of: ip(address)) == nil {
          faults.append("\(address) of \(name) is in no pool")
        }
      }
      guard let wish = wish(of: service) else { continue }
      if addresses.isEmpty, (try? convergence.allocator.check(wish)) != nil {
        faults.append("\(name) could have an address")
      }
      if addresses.count == 1, wish.families.prefersDual, wish.requestedAddresses.isEmpty {
        var trial = convergence.allocator
        if (try? trial.extend(wish)) != nil { faults.append("\(name) could have a second address") }
      }
    }
    for (address, services) in holders where services.count > 1 {
      if !Self.mayShare(services) {
        faults.append("\(address) is held by \(services.map(\.metadata.name))")
      }
    }
    for (name, before) in untouched {
      let now = services[name]?.ingressIPs ?? []
      if Array(now.prefix(before.count)) != before {
        faults.append("\(name) had \(before) and has \(now) without cause")
      }
    }
    // Looking again changes nothing, and says at most once that the reason for a refusal is another one now.
    for (name, service) in services {
      for isSecond in [false, true] {
        let decision = convergence.converge(service)
        convergence.confirm(ServiceKey(namespace: "default", name: name))
        if decision.update != nil || isSecond && !decision.events.isEmpty {
          faults.append("\(name) is not at rest: \(decision.outcome)")
        }
      }
    }
    return faults
  }

  private func wish(of service: Service) -> ServiceRequest? {
    let intent = ServiceIntent(service)
    guard service.spec?.type == "LoadBalancer", !pools.isEmpty,
      case .success(let families) = intent.families,
      case .success(let addresses) = intent.requestedAddresses
    else { return nil }
    return intent.request(families, addresses: addresses)
  }

  private static func mayShare(_ services: [Service]) -> Bool {
    let requests = services.map { ServiceIntent($0).request(.single(.ipv4)) }
    let ports = requests.flatMap(\.ports)
    return Set(requests.map(\.sharing)).count == 1 && requests.allSatisfy { $0.sharing != nil }
      && Set(ports).count == ports.count
  }
}
