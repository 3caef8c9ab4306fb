import KubernetesAPI
import NetworkAddresses

/// What Services must satisfy, and what their updates keep.
enum ServiceRules {
  private static let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

  // MARK: Updates

  /// What an update leaves out stays as it was allocated; what the new type has no use for goes.
  static func prepareForUpdate(_ service: inout JSONValue, old: JSONValue) {
    keepAllocated(&service, old: old)
    dropWhatTypeHasNot(&service, old: old)
    if service.text("spec", "type") != "LoadBalancer", old.text("spec", "type") == "LoadBalancer" {
      service[path: ["status", "loadBalancer"]] = [:]
    }
  }

  private static func keepAllocated(_ service: inout JSONValue, old: JSONValue) {
    func needsAddress(_ service: JSONValue) -> Bool {
      service.text("spec", "type") != "ExternalName"
    }
    func needsNodePort(_ service: JSONValue) -> Bool {
      service.text("spec", "type") == "NodePort" || service.text("spec", "type") == "LoadBalancer"
    }
    if needsAddress(old), needsAddress(service) {
      if service.text("spec", "clusterIP").isEmpty {
        service[path: ["spec", "clusterIP"]] = old[path: ["spec", "clusterIP"]]
      }
      for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"]
      where !service.has("spec", field) {
        service[path: ["spec", field]] = old[path: ["spec", field]]
      }
    }
    if needsNodePort(old), needsNodePort(service) {
      let before = old.list("spec", "ports")
      service.editEach("spec", "ports") { port in
        guard !port.has("nodePort") else { return }
        let same = before.first {
          $0["port"] == port["port"] && $0["protocol"] == port["protocol"]
        }
        if let number = same?["nodePort"] { port["nodePort"] = number }
      }
    }
    if needsHealthCheck(old), needsHealthCheck(service),
      !service.has("spec", "healthCheckNodePort")
    {
      service[path: ["spec", "healthCheckNodePort"]] = old[path: ["spec", "healthCheckNodePort"]]
    }
  }

  static func needsHealthCheck(_ service: JSONValue) -> Bool {
    service.text("spec", "type") == "LoadBalancer"
      && service.text("spec", "externalTrafficPolicy") == "Local"
  }

  /// A field goes when the type changed, the new one does not use it, and the client did not set it
  /// anew.
  private static func dropWhatTypeHasNot(_ service: inout JSONValue, old: JSONValue) {
    let type = service.text("spec", "type")
    let had = old.text("spec", "type")
    func isUnchanged(_ field: String) -> Bool {
      service[path: ["spec", field]] == old[path: ["spec", field]]
    }
    func drop(_ field: String) { service[path: ["spec", field]] = nil }

    if type == "ExternalName", had != "ExternalName" {
      for field in [
        "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy",
      ]
      where isUnchanged(field) {
        drop(field)
      }
    }
    let hasNodePorts = type == "NodePort" || type == "LoadBalancer"
    let hadNodePorts = had == "NodePort" || had == "LoadBalancer"
    if !hasNodePorts, hadNodePorts {
      let before = old.list("spec", "ports").map { $0["nodePort"] }
      let ports = service.list("spec", "ports")
      if ports.allSatisfy({ before.contains($0["nodePort"]) }) {
        service.editEach("spec", "ports") { $0["nodePort"] = nil }
      }
      if isUnchanged("externalTrafficPolicy") { drop("externalTrafficPolicy") }
    }
    if !needsHealthCheck(service), needsHealthCheck(old), isUnchanged("healthCheckNodePort") {
      drop("healthCheckNodePort")
    }
    if type != "LoadBalancer", had == "LoadBalancer" {
      for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] where isUnchanged(field) {
        drop(field)
      }
    }
  }

  // MARK: Validation

  static func validate(_ service: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let spec = service["spec"] ?? [:]
    let type = spec.text("type")
    let isHeadless = spec.text("clusterIP") == "None"
    let ports = spec.list("ports")
    if ports.isEmpty, !isHeadless, type != "ExternalName" {
      errors.append(.required("spec.ports"))
    }
    if type == "LoadBalancer", isHeadless {
      errors.append(
        .invalid(
          "spec.clusterIPs[0]", "None",
          "may not be set to 'None' for LoadBalancer services"))
    }
    if type == "NodePort", isHeadless {
      errors.append(
        .invalid(
          "spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services"))
    }
    if type == "ExternalName" {
      if spec.has("clusterIPs") || spec.has("clusterIP") {
        errors.append(
          .forbidden("spec.clusterIPs", "may not be set for ExternalName services"))
      }
      let name = spec.text("externalName")
      if name.isEmpty {
        errors.append(.required("spec.externalName"))
      } else {
        let plain = name.hasSuffix(".") ? String(name.dropLast()) : name
        errors += NameRules.subdomain(plain).map {
          .invalid("spec.externalName", .string(name), $0)
        }
      }
    }
    errors += validatePorts(ports, isHeadless: isHeadless)
    for (key, value) in spec["selector"]?.objectValue ?? [:] {
      let text = value.stringValue ?? ""
      errors += NameRules.qualifiedName(key).map {
        .invalid("spec.selector", .string(key), $0)
      }
      errors += NameRules.labelValue(text).map {
        .invalid("spec.selector", .string(text), $0)
      }
    }
    errors += unsupported(spec, "sessionAffinity", ["ClientIP", "None"], isRequired: true)
    errors += validateAffinity(spec)
    errors += validateAddresses(spec)
    errors += unsupported(spec, "type", types, isRequired: true)
    errors += duplicatePorts(ports)
    errors += validateSourceRanges(spec)
    if type != "LoadBalancer", spec.has("allocateLoadBalancerNodePorts") {
      errors.append(
        .forbidden(
          "spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'"))
    }
    if type != "LoadBalancer", spec.has("loadBalancerClass") {
      errors.append(
        .forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"))
    }
    let name = spec.text("loadBalancerClass")
    if !name.isEmpty {
      errors += NameRules.qualifiedName(name).map {
        .invalid("spec.loadBalancerClass", .string(name), $0)
      }
    }
    errors += validatePolicies(spec, type: type)
    return errors
  }

  private static func unsupported(
    _ spec: JSONValue, _ field: String, _ values: [String], isRequired: Bool = false
  ) -> [FieldError] {
    let value = spec.text(field)
    if value.isEmpty { return isRequired ? [.required("spec.\(field)")] : [] }
    return values.contains(value)
      ? [] : [.notSupported("spec.\(field)", .string(value), supported: values)]
  }

  private static func validatePorts(_ ports: [JSONValue], isHeadless: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    var names: Set<String> = []
    for (index, port) in ports.enumerated() {
      let path = "spec.ports[\(index)]"
      let name = port.text("name")
      if name.isEmpty {
        if ports.count > 1 { errors.append(.required("\(path).name")) }
      } else {
        errors += NameRules.label(name).map { .invalid("\(path).name", .string(name), $0) }
        if !names.insert(name).inserted {
          errors.append(.duplicate("\(path).name", .string(name)))
        }
      }
      errors += PodRules.portRange(port.integer("port") ?? 0, at: "\(path).port")
      errors += unsupportedProtocol(port.text("protocol"), at: "\(path).protocol")
      switch port["targetPort"] {
      case .string(let name)?:
        errors += NameRules.portName(name).map {
          .invalid("\(path).targetPort", .string(name), $0)
        }
      case let number?:
        errors += PodRules.portRange(number.integerValue ?? 0, at: "\(path).targetPort")
      case nil: break
      }
      if let name = port["appProtocol"]?.stringValue {
        errors += NameRules.qualifiedName(name).map {
          .invalid("\(path).appProtocol", .string(name), $0)
        }
      }
    }
    return errors
  }

  private static func duplicatePorts(_ ports: [JSONValue]) -> [FieldError] {
    var errors: [FieldError] = []
    var nodePorts: Set<JSONValue> = []
    for (index, port) in ports.enumerated() {
      guard let number = port["nodePort"], number != 0 else { continue }
      let key: JSONValue = ["protocol": port["protocol"] ?? "", "nodePort": number]
      if !nodePorts.insert(key).inserted {
        errors.append(.duplicate("spec.ports[\(index)].nodePort", number))
      }
    }
    var seen: Set<JSONValue> = []
    for (index, port) in ports.enumerated() {
      let key: JSONValue = ["protocol": port["protocol"] ?? "", "port": port["port"] ?? 0]
      if !seen.insert(key).inserted {
        // Quoted as the server holds it, all other fields empty.
        errors.append(
          .duplicate(
            "spec.ports[\(index)]",
            [
              "Name": "", "Protocol": key["protocol"] ?? "", "AppProtocol": nil,
              "Port": key["port"] ?? 0, "TargetPort": 0, "NodePort": 0,
            ]))
      }
    }
    return errors
  }

  private static func unsupportedProtocol(_ name: String, at path: String) -> [FieldError] {
    PodRules.supported(name, ["SCTP", "TCP", "UDP"], at: path)
  }

  private static func validateAffinity(_ spec: JSONValue) -> [FieldError] {
    if spec.text("sessionAffinity") == "ClientIP" {
      let seconds = spec.integer("sessionAffinityConfig", "clientIP", "timeoutSeconds") ?? 0
      if !(1...86_400 ~= seconds) {
        return [
          .invalid(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds", .integer(seconds),
            "must be greater than 0 and less than 86400")
        ]
      }
    } else if spec.has("sessionAffinityConfig") {
      return [
        .forbidden(
          "spec.sessionAffinityConfig",
          "must not be set when session affinity is None")
      ]
    }
    return []
  }

  private static func validatePolicies(_ spec: JSONValue, type: String) -> [FieldError] {
    var errors: [FieldError] = []
    let isExternal = type == "NodePort" || type == "LoadBalancer" || spec.has("externalIPs")
    if spec.has("externalTrafficPolicy") {
      if !isExternal {
        errors.append(
          .invalid(
            "spec.externalTrafficPolicy", spec["externalTrafficPolicy"] ?? "",
            "may only be set for externally-accessible services"))
      } else {
        errors += unsupported(spec, "externalTrafficPolicy", ["Cluster", "Local"])
      }
    }
    if let port = spec.integer("healthCheckNodePort"), port != 0,
      type != "LoadBalancer"
        || spec.text("externalTrafficPolicy") != "Local"
    {
      errors.append(
        .invalid(
          "spec.healthCheckNodePort", .integer(port),
          "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
    }
    errors += unsupported(spec, "internalTrafficPolicy", ["Cluster", "Local"])
    errors += unsupported(
      spec, "trafficDistribution", ["PreferClose", "PreferSameZone", "PreferSameNode"])
    return errors
  }

  private static func validateAddresses(_ spec: JSONValue) -> [FieldError] {
    var errors = unsupported(
      spec, "ipFamilyPolicy", ["PreferDualStack", "RequireDualStack", "SingleStack"])
    for (index, text) in spec.texts("clusterIPs").enumerated()
    where text != "None" && !text.isEmpty && IPAddress(text) == nil {
      errors.append(
        .invalid("spec.clusterIPs[\(index)]", .string(text), AddressRules.notAnAddress))
    }
    for (index, text) in spec.texts("externalIPs").enumerated() {
      errors += AddressRules.validateNonSpecial(text, at: "spec.externalIPs[\(index)]")
    }
    return errors
  }

  private static func validateSourceRanges(_ spec: JSONValue) -> [FieldError] {
    guard spec.has("loadBalancerSourceRanges") else { return [] }
    // A real server spells it so.
    let path = "spec.LoadBalancerSourceRanges"
    var errors: [FieldError] = []
    if spec.text("type") != "LoadBalancer" {
      errors.append(.forbidden(path, "may only be used when `type` is 'LoadBalancer'"))
    }
    for (index, text) in spec.texts("loadBalancerSourceRanges").enumerated()
    where CIDRBlock(text.filter { $0 != " " }) == nil {
      errors.append(.invalidCIDR("\(path)[\(index)]", text))
    }
    return errors
  }

  static func validateUpdate(_ service: JSONValue, old: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let path = ["spec", "clusterIPs"]
    let before = old.texts("spec", "clusterIPs")
    let after = service.texts("spec", "clusterIPs")
    let keepsAddress =
      old.text("spec", "type") != "ExternalName" && service.text("spec", "type") != "ExternalName"
    if keepsAddress, let first = before.first, !first.isEmpty,
      after.first ?? service.text("spec", "clusterIP") != first
        || service.text("spec", "clusterIP") != first
    {
      let value =
        after.first == first
        ? .array([service[path: ["spec", "clusterIP"]] ?? ""])
        : service[path: path] ?? .null
      errors.append(.invalid("spec.clusterIPs[0]", value, "may not change once set"))
    }
    if old.text("spec", "type") == "LoadBalancer", service.text("spec", "type") == "LoadBalancer",
      service[path: ["spec", "loadBalancerClass"]] != old[path: ["spec", "loadBalancerClass"]]
    {
      errors.append(
        .invalid(
          "spec.loadBalancerClass", service[path: ["spec", "loadBalancerClass"]] ?? .null,
          "may not change once set"))
    }
    return errors + validate(service)
  }

  static func validateStatus(_ service: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let ingress = service.list("status", "loadBalancer", "ingress")
    if service.text("spec", "type") != "LoadBalancer", !ingress.isEmpty {
      return [
        .forbidden(
          "status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")
      ]
    }
    for (index, entry) in ingress.enumerated() {
      let path = "status.loadBalancer.ingress[\(index)]"
      let address = entry.text("ip")
      if !address.isEmpty {
        if IPAddress(address) == nil {
          errors.append(.invalid("\(path).ip", .string(address), AddressRules.notAnAddress))
        }
        let mode = entry.text("ipMode")
        if mode.isEmpty {
          errors.append(.required("\(path).ipMode", "must be specified when `ip` is set"))
        } else if !["Proxy", "VIP"].contains(mode) {
          errors.append(
            .notSupported("\(path).ipMode", .string(mode), supported: ["Proxy", "VIP"]))
        }
      } else if entry.has("ipMode") {
        errors.append(.forbidden("\(path).ipMode", "may not be specified when `ip` is not set"))
      }
      let host = entry.text("hostname")
      if !host.isEmpty {
        if IPAddress(host) != nil {
          errors.append(
            .invalid(
              "\(path).hostname", .string(host), "must be a DNS name, not an IP address"))
        }
        errors += NameRules.subdomain(host).map {
          .invalid("\(path).hostname", .string(host), $0)
        }
      }
    }
    return errors
  }
}

/// Addresses in objects.
enum AddressRules {
  static let notAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

  /// An address that traffic can go to: not unspecified, loopback, link-local or multicast.
  static func validateNonSpecial(_ text: String, at path: String) -> [FieldError] {
    guard let address = IPAddress(text) else {
      return [.invalid(path, .string(text), notAnAddress)]
    }
    let ranges: [(String, String)] = [
      ("0.0.0.0/32", "may not be unspecified (0.0.0.0 or ::)"),
      ("::/128", "may not be unspecified (0.0.0.0 or ::)"),
      ("127.0.0.0/8", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
      ("::1/128", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
      ("169.254.0.0/16", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
      ("fe80::/10", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
      ("224.0.0.0/24", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
      ("ff02::/16", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ]
    return ranges.compactMap { range, text in
      guard let block = CIDRBlock(range), block.contains(address) else { return nil }
      return .invalid(path, .string(address.description), text)
    }
  }
}
