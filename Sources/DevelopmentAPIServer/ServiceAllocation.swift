import KubernetesAPI
import NetworkAddresses

/// Gives Services their families, cluster IPs, node ports and health check ports.
struct ServiceAllocation: Allocation {
  private static let kind = ResourceKind(version: "v1", kind: "Service", plural: "services")

  func allocate(
    _ object: inout JSONValue, old: JSONValue?, in state: inout StoreState, isDryRun: Bool
  ) throws(APIError) {
    let pool = state.addresses
    var change = ServiceAddresses.Change()
    let before = old.map(Holdings.init) ?? Holdings()
    do throws(Refusal) {
      try setFamilies(&object, pool)
      try allocateAddresses(&object, before, pool, &change)
      try allocatePorts(&object, before, pool, &change)
    } catch {
      throw .invalid(Self.kind, object.objectName, [error.error])
    }
    let after = Holdings(object)
    change.released = before.addresses.subtracting(after.addresses)
    change.releasedPorts = before.ports.subtracting(after.ports)
    if !isDryRun { state.addresses.apply(change) }
  }

  func release(_ object: JSONValue, in state: inout StoreState) {
    let held = Holdings(object)
    state.addresses.apply(
      ServiceAddresses.Change(released: held.addresses, releasedPorts: held.ports))
  }

  private struct Refusal: Error {
    var error: FieldError
    init(_ error: FieldError) { self.error = error }
  }

  /// What a Service holds.
  private struct Holdings {
    var addresses: Set<IPAddress> = []
    var ports: Set<Int64> = []

    init() {}

    init(_ service: JSONValue) {
      let spec = service["spec"] ?? [:]
      addresses = Set(
        (spec["clusterIPs"]?.arrayValue ?? []).compactMap { IPAddress($0.stringValue ?? "") })
      ports = Set(
        (spec["ports"]?.arrayValue ?? []).compactMap { $0["nodePort"]?.integerValue })
      if let port = spec["healthCheckNodePort"]?.integerValue { ports.insert(port) }
      ports.remove(0)
    }
  }

  // MARK: Families

  private func setFamilies(
    _ service: inout JSONValue, _ pool: ServiceAddresses
  ) throws(Refusal) {
    guard service[path: ["spec", "type"]]?.stringValue != "ExternalName" else { return }
    let available = pool.blocks.map { ServiceAddresses.name($0.family) }
    var families = (service[path: ["spec", "ipFamilies"]]?.arrayValue ?? []).compactMap(
      \.stringValue)
    let policy = service[path: ["spec", "ipFamilyPolicy"]]?.stringValue
    let asked = (service[path: ["spec", "clusterIPs"]]?.arrayValue ?? []).compactMap(\.stringValue)
    let isHeadless = asked.first == "None" || service[path: ["spec", "clusterIP"]] == "None"
    if isHeadless {
      // Without addresses the cluster's families do not matter: without a selector a Service takes
      // both, with one those of the cluster.
      let hasSelector = !(service[path: ["spec", "selector"]]?.objectValue?.isEmpty ?? true)
      service[path: ["spec", "clusterIPs"]] = ["None"]
      service[path: ["spec", "clusterIP"]] = "None"
      if families.isEmpty {
        families = hasSelector ? [available.first ?? "IPv4"] : ["IPv4", "IPv6"]
      }
      let chosen = policy ?? (hasSelector ? "SingleStack" : "RequireDualStack")
      service[path: ["spec", "ipFamilies"]] = .strings(families)
      service[path: ["spec", "ipFamilyPolicy"]] = .string(chosen)
      return
    }
    if policy == "RequireDualStack", available.count < 2 {
      throw Refusal(
        .invalid(
          "spec.ipFamilyPolicy", "RequireDualStack",
          "this cluster is not configured for dual-stack services"))
    }
    for (index, family) in families.enumerated() where !available.contains(family) {
      throw Refusal(
        .invalid(
          "spec.ipFamilies[\(index)]", .string(family), "not configured on this cluster"))
    }
    if families.isEmpty {
      families = asked.compactMap { IPAddress($0).map { ServiceAddresses.name($0.family) } }
      if families.isEmpty, let address = service[path: ["spec", "clusterIP"]]?.stringValue,
        let family = IPAddress(address)?.family
      {
        families = [ServiceAddresses.name(family)]
      }
      if families.isEmpty, let primary = available.first { families = [primary] }
    }
    let isDual = policy == "PreferDualStack" || policy == "RequireDualStack"
    if isDual, families.count == 1, let other = available.first(where: { $0 != families[0] }) {
      families.append(other)
    }
    if policy == "SingleStack", families.count > 1 { families = [families[0]] }
    service[path: ["spec", "ipFamilies"]] = .strings(families)
    service[path: ["spec", "ipFamilyPolicy"]] = .string(
      policy ?? (families.count > 1 ? "RequireDualStack" : "SingleStack"))
  }

  // MARK: Addresses

  private func allocateAddresses(
    _ service: inout JSONValue, _ before: Holdings, _ pool: ServiceAddresses,
    _ change: inout ServiceAddresses.Change
  ) throws(Refusal) {
    guard service[path: ["spec", "type"]]?.stringValue != "ExternalName" else { return }
    var given = (service[path: ["spec", "clusterIPs"]]?.arrayValue ?? []).compactMap(\.stringValue)
    if given.isEmpty, let address = service[path: ["spec", "clusterIP"]]?.stringValue,
      !address.isEmpty
    {
      given = [address]
    }
    if given.first == "None" { return }
    let families = (service[path: ["spec", "ipFamilies"]]?.arrayValue ?? []).compactMap(
      \.stringValue)
    let isPrimaryOnly =
      service[path: ["spec", "ipFamilyPolicy"]] == "SingleStack" && given.count > 1
    if isPrimaryOnly { given = [given[0]] }
    var addresses: [String] = []
    for (index, family) in families.enumerated() {
      guard let block = pool.block(family) else { continue }
      if index < given.count {
        let text = given[index]
        guard let address = IPAddress(text) else { continue }
        try check(address, text, given, block, before, pool)
        change.taken.insert(address)
        addresses.append(text)
      } else if let address = pool.freeAddress(in: block, besides: change.taken) {
        change.taken.insert(address)
        addresses.append(address.description)
      } else {
        throw Refusal(
          FieldError(
            .internalError, "spec.clusterIPs",
            detail: "failed to allocate a serviceIP: range is full"))
      }
    }
    service[path: ["spec", "clusterIPs"]] = .strings(addresses)
    service[path: ["spec", "clusterIP"]] = .string(addresses.first ?? "")
  }

  private func check(
    _ address: IPAddress, _ text: String, _ given: [String], _ block: CIDRBlock,
    _ before: Holdings, _ pool: ServiceAddresses
  ) throws(Refusal) {
    if before.addresses.contains(address) { return }
    func refuse(_ why: String) -> Refusal {
      Refusal(
        .invalid("spec.clusterIPs", .strings(given), "failed to allocate IP \(text): \(why)"))
    }
    guard block.contains(address) else {
      throw refuse("the provided network does not match the current range")
    }
    if pool.addresses.contains(address) { throw refuse("provided IP is already allocated") }
  }

  // MARK: Ports

  private func allocatePorts(
    _ service: inout JSONValue, _ before: Holdings, _ pool: ServiceAddresses,
    _ change: inout ServiceAddresses.Change
  ) throws(Refusal) {
    let type = service[path: ["spec", "type"]]?.stringValue ?? ""
    let allocates =
      type == "NodePort"
      || type == "LoadBalancer"
        && service[path: ["spec", "allocateLoadBalancerNodePorts"]]?.boolValue ?? true
    var ports = service[path: ["spec", "ports"]]?.arrayValue ?? []
    for index in ports.indices {
      if let port = ports[index]["nodePort"]?.integerValue, port != 0 {
        try check(port, "spec.ports[\(index)].nodePort", before, pool)
        change.takenPorts.insert(port)
      }
    }
    if allocates {
      for index in ports.indices where ports[index]["nodePort"]?.integerValue ?? 0 == 0 {
        ports[index]["nodePort"] = .integer(
          try port("spec.ports[\(index)].nodePort", pool, &change))
      }
      service[path: ["spec", "ports"]] = .array(ports)
    }
    guard type == "LoadBalancer",
      service[path: ["spec", "externalTrafficPolicy"]]?.stringValue == "Local"
    else { return }
    let field = "spec.healthCheckNodePort"
    if let port = service[path: ["spec", "healthCheckNodePort"]]?.integerValue, port != 0 {
      try check(port, field, before, pool)
      change.takenPorts.insert(port)
    } else {
      service[path: ["spec", "healthCheckNodePort"]] = .integer(try port(field, pool, &change))
    }
  }

  private func check(
    _ port: Int64, _ field: String, _ before: Holdings, _ pool: ServiceAddresses
  ) throws(Refusal) {
    if before.ports.contains(port) { return }
    guard ServiceAddresses.nodePorts.contains(port) else {
      throw Refusal(
        .invalid(
          field, .integer(port),
          "provided port is not in the valid range. The range of valid ports is 30000-32767"))
    }
    if pool.ports.contains(port) {
      throw Refusal(.invalid(field, .integer(port), "provided port is already allocated"))
    }
  }

  private func port(
    _ field: String, _ pool: ServiceAddresses, _ change: inout ServiceAddresses.Change
  ) throws(Refusal) -> Int64 {
    guard let port = pool.freePort(besides: change.takenPorts) else {
      throw Refusal(
        FieldError(
          .internalError, field, detail: "failed to allocate a nodePort: range is full"))
    }
    change.takenPorts.insert(port)
    return port
  }
}
