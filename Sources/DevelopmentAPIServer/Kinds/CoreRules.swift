import KubernetesAPI
import NetworkAddresses

/// What the small kinds must satisfy: configuration, leases, events, endpoints and policies.
enum CoreRules {
  // MARK: ConfigMaps and Secrets

  static let dataLimit = 1_048_576

  static func validateConfigMap(_ object: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    var size = 0
    let data = object["data"]?.objectValue ?? [:]
    for (key, value) in data {
      errors += NameRules.configMapKey(key).map { .invalid("data[\(key)]", .string(key), $0) }
      size += (value.stringValue ?? "").utf8.count
    }
    for (key, value) in object["binaryData"]?.objectValue ?? [:] {
      if data[key] != nil {
        errors.append(
          .invalid("data[\(key)]", .string(key), "duplicate of key present in binaryData"))
      }
      errors += NameRules.configMapKey(key).map {
        .invalid("binaryData[\(key)]", .string(key), $0)
      }
      size += (value.stringValue ?? "").utf8.count * 3 / 4
    }
    if size > dataLimit {
      errors.append(FieldError(.tooLong, "", detail: "may not be more than \(dataLimit) bytes"))
    }
    return errors
  }

  static func validateSecret(_ object: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let data = object["data"]?.objectValue ?? [:]
    var size = 0
    for (key, value) in data {
      errors += NameRules.configMapKey(key).map { .invalid("data[\(key)]", .string(key), $0) }
      size += (value.stringValue ?? "").utf8.count * 3 / 4
    }
    if size > dataLimit {
      errors.append(FieldError(.tooLong, "data", detail: "may not be more than \(dataLimit) bytes"))
    }
    switch object.text("type") {
    case "kubernetes.io/basic-auth":
      if data["username"] == nil, data["password"] == nil {
        errors += [.required("data[username]"), .required("data[password]")]
      }
    case "kubernetes.io/ssh-auth":
      if data["ssh-privatekey"] == nil { errors.append(.required("data[ssh-privatekey]")) }
    case "kubernetes.io/tls":
      for key in ["tls.crt", "tls.key"] where data[key] == nil {
        errors.append(.required("data[\(key)]"))
      }
    case "kubernetes.io/dockerconfigjson":
      if data[".dockerconfigjson"] == nil { errors.append(.required("data[.dockerconfigjson]")) }
    case "kubernetes.io/service-account-token":
      if object.text("metadata", "annotations", "kubernetes.io/service-account.name").isEmpty {
        errors.append(.required("metadata.annotations[kubernetes.io/service-account.name]"))
      }
    default: break
    }
    return errors
  }

  /// `immutable: true` cannot be taken back, and freezes the contents.
  static func validateFrozen(_ object: JSONValue, old: JSONValue) -> [FieldError] {
    guard old.flag("immutable") else { return [] }
    let text = "field is immutable when `immutable` is set"
    var errors: [FieldError] = []
    if !object.flag("immutable") { errors.append(.forbidden("immutable", text)) }
    for field in ["data", "binaryData"] where object[field] != old[field] {
      errors.append(.forbidden(field, text))
    }
    return errors
  }

  // MARK: Leases

  static func validateLease(_ lease: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    if let seconds = lease.integer("spec", "leaseDurationSeconds"), seconds <= 0 {
      errors.append(
        .invalid("spec.leaseDurationSeconds", .integer(seconds), "must be greater than 0"))
    }
    if let transitions = lease.integer("spec", "leaseTransitions"), transitions < 0 {
      errors.append(
        .invalid(
          "spec.leaseTransitions", .integer(transitions),
          "must be greater than or equal to 0"))
    }
    return errors
  }

  // MARK: Events

  /// Core Events; those of `events.k8s.io` are checked in the core shape, with more required.
  static func validateEvent(_ event: JSONValue, isNew: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    let namespace = event.text("metadata", "namespace")
    let subject = event.text("involvedObject", "namespace")
    // Events about cluster-scoped objects live in `default` (or where node events go).
    let fits =
      subject.isEmpty ? ["default", "kube-system"].contains(namespace) : subject == namespace
    if !fits {
      errors.append(
        .invalid("involvedObject.namespace", .string(subject), "does not match event.namespace"))
    }
    guard isNew else { return errors }
    if event.text("eventTime").isEmpty { errors.append(.required("eventTime")) }
    let type = event.text("type")
    if type != "Normal", type != "Warning" {
      errors.append(.invalid("type", .string(type), "has invalid value: \(type)"))
    }
    if !event.text("eventTime").isEmpty {
      for field in ["reportingComponent", "reportingInstance", "action", "reason"]
      where event.text(field).isEmpty {
        let name = field == "reportingComponent" ? "reportingController" : field
        errors.append(.required(name))
      }
    }
    return errors
  }

  /// All but the series of an event of `events.k8s.io` stays as it was.
  static func validateEventUpdate(_ event: JSONValue, old: JSONValue) -> [FieldError] {
    let fields = [
      "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count",
      "reportingComponent", "reportingInstance", "action", "related", "type", "eventTime",
    ]
    return fields.compactMap { field in
      guard (event[field] ?? .null) != (old[field] ?? .null) else { return nil }
      return .invalid(field, event[field] ?? .null, "field is immutable")
    }
  }

  // MARK: Endpoints

  static func validateEndpointSlice(_ slice: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let type = slice.text("addressType")
    let types = ["FQDN", "IPv4", "IPv6"]
    if type.isEmpty {
      errors.append(.required("addressType"))
    } else if !types.contains(type) {
      errors.append(.notSupported("addressType", .string(type), supported: types))
    }
    var names: Set<String> = []
    for (index, port) in slice.list("ports").enumerated() {
      let name = port.text("name")
      if !name.isEmpty {
        errors += NameRules.label(name).map {
          .invalid("ports[\(index)].name", .string(name), $0)
        }
      }
      if !names.insert(name).inserted {
        errors.append(.duplicate("ports[\(index)].name", .string(name)))
      }
    }
    for (index, endpoint) in slice.list("endpoints").enumerated() {
      let path = "endpoints[\(index)]"
      let addresses = endpoint.texts("addresses")
      if addresses.isEmpty {
        errors.append(.required("\(path).addresses", "must contain at least 1 address"))
      }
      if addresses.count > 100 {
        errors.append(
          FieldError(
            .tooMany, "\(path).addresses", value: .integer(Int64(addresses.count)),
            detail: "must have at most 100 items"))
      }
      for (place, text) in addresses.enumerated() {
        errors += validateAddress(text, type: type, at: "\(path).addresses", index: place)
      }
    }
    return errors
  }

  private static func validateAddress(
    _ text: String, type: String, at path: String, index: Int
  ) -> [FieldError] {
    switch type {
    case "IPv4", "IPv6":
      let address = IPAddress(text)
      let isOfType = address.map { ($0.family == .ipv4) == (type == "IPv4") } ?? false
      let wrong: [FieldError] =
        isOfType ? [] : [.invalid(path, .string(text), "must be an \(type) address")]
      guard address != nil else { return wrong }
      return wrong + AddressRules.validateNonSpecial(text, at: "\(path)[\(index)]")
    case "FQDN":
      return NameRules.subdomain(text).map { .invalid("\(path)[\(index)]", .string(text), $0) }
    default: return []
    }
  }

  // MARK: Policies

  static func validateDisruptionBudget(_ budget: JSONValue) -> [FieldError] {
    let spec = budget["spec"] ?? [:]
    guard spec.has("minAvailable"), spec.has("maxUnavailable") else { return [] }
    let quoted: JSONValue = [
      "MinAvailable": spec["minAvailable"] ?? .null, "Selector": spec["selector"] ?? .null,
      "MaxUnavailable": spec["maxUnavailable"] ?? .null,
      "UnhealthyPodEvictionPolicy": spec["unhealthyPodEvictionPolicy"] ?? .null,
    ]
    return [
      .invalid("spec", quoted, "minAvailable and maxUnavailable cannot be both set")
    ]
  }

  static func validateNetworkPolicy(_ policy: JSONValue) -> [FieldError] {
    var errors = SelectorRules.validate(
      policy[path: ["spec", "podSelector"]] ?? [:], at: "spec.podSelector")
    for direction in ["ingress", "egress"] {
      let peers = direction == "ingress" ? "from" : "to"
      for (index, rule) in policy.list("spec", direction).enumerated() {
        for (place, port) in rule.list("ports").enumerated() {
          if let number = port.integer("port") {
            errors += PodRules.portRange(
              number, at: "spec.\(direction)[\(index)].ports[\(place)].port")
          }
        }
        for (place, peer) in rule.list(peers).enumerated() {
          let path = "spec.\(direction)[\(index)].\(peers)[\(place)]"
          let cidr = peer.text("ipBlock", "cidr")
          if peer.has("ipBlock"), CIDRBlock(cidr) == nil {
            errors.append(.invalidCIDR("\(path).ipBlock.cidr", cidr))
          }
          if !peer.has("ipBlock"), !peer.has("podSelector"), !peer.has("namespaceSelector") {
            errors.append(.required(path, "must specify a peer"))
          }
        }
      }
    }
    for (index, type) in policy.texts("spec", "policyTypes").enumerated()
    where type != "Ingress" && type != "Egress" {
      errors.append(
        .notSupported(
          "spec.policyTypes[\(index)]", .string(type), supported: ["Egress", "Ingress"]))
    }
    return errors
  }

  static func validatePriorityClass(_ priority: JSONValue) -> [FieldError] {
    let name = priority.text("metadata", "name")
    let value = priority.integer("value") ?? 0
    var errors: [FieldError] = []
    if name.hasPrefix("system-"),
      !["system-node-critical", "system-cluster-critical"].contains(name)
    {
      errors.append(
        .forbidden(
          "metadata.name",
          "priority class names with 'system-' prefix are reserved for system use only. error: \(name) is not a known system priority class"
        ))
    } else if !name.hasPrefix("system-"), value > 1_000_000_000 {
      errors.append(
        .forbidden("value", "maximum allowed value of a user defined priority is 1000000000"))
    }
    return errors
  }
}
