import KubernetesAPI

/// Rows of kinds whose state takes more than reading fields.
enum PodCells {
  static func cells(_ pod: JSONValue, _ row: Row) -> [JSONValue] {
    let statuses = pod.list("status", "containerStatuses")
    let initial = pod.list("status", "initContainerStatuses")
    let ready = statuses.count { $0.flag("ready") && $0.has("state", "running") }
    let restarts = statuses.reduce(0) { $0 + ($1.integer("restartCount") ?? 0) }
    let addresses = pod.list("status", "podIPs").map { $0.text("ip") }
    let gates = pod.list("spec", "readinessGates")
    let met = gates.count { gate in
      pod.list("status", "conditions").contains {
        $0.text("type") == gate.text("conditionType") && $0.text("status") == "True"
      }
    }
    return [
      row.name, .string("\(ready)/\(pod.list("spec", "containers").count)"),
      .string(state(pod, statuses, initial)),
      .string(restartText(restarts, statuses, now: row.now)), row.age,
      orNone(addresses.first ?? pod.text("status", "podIP")),
      orNone(pod.text("spec", "nodeName")), orNone(pod.text("status", "nominatedNodeName")),
      gates.isEmpty ? .string(Row.none) : .string("\(met)/\(gates.count)"),
    ]
  }

  private static func orNone(_ text: String) -> JSONValue {
    .string(text.isEmpty ? Row.none : text)
  }

  /// `2 (5m ago)` when it is known when the last restart was.
  private static func restartText(
    _ restarts: Int64, _ statuses: [JSONValue], now: Timestamp
  ) -> String {
    let ends = statuses.compactMap { Timestamp($0.text("lastState", "terminated", "finishedAt")) }
    guard restarts > 0, let last = ends.max() else { return String(restarts) }
    return "\(restarts) (\(TableAge.text(.string(last.rfc3339), now: now)) ago)"
  }

  /// The most telling of phase, reasons and container states.
  private static func state(
    _ pod: JSONValue, _ statuses: [JSONValue], _ initial: [JSONValue]
  ) -> String {
    var reason = pod.text("status", "reason")
    if reason.isEmpty { reason = pod.text("status", "phase") }
    if let text = initialization(initial) { return terminating(pod, text) }
    for status in statuses.reversed() {
      let waiting = status.text("state", "waiting", "reason")
      if !waiting.isEmpty {
        reason = waiting
      } else if status.has("state", "terminated") {
        reason = ended(status)
      }
    }
    if reason == "Completed", statuses.contains(where: { $0.has("state", "running") }) {
      let isReady = pod.list("status", "conditions").contains {
        $0.text("type") == "Ready" && $0.text("status") == "True"
      }
      reason = isReady ? "Running" : "NotReady"
    }
    return terminating(pod, reason)
  }

  private static func terminating(_ pod: JSONValue, _ reason: String) -> String {
    guard pod.isBeingDeleted else { return reason }
    return pod.text("status", "reason") == "NodeLost" ? "Unknown" : "Terminating"
  }

  private static func ended(_ status: JSONValue) -> String {
    let reason = status.text("state", "terminated", "reason")
    if !reason.isEmpty { return reason }
    if let signal = status.integer("state", "terminated", "signal"), signal != 0 {
      return "Signal:\(signal)"
    }
    return "ExitCode:\(status.integer("state", "terminated", "exitCode") ?? 0)"
  }

  /// What the first unfinished init container does, if there is one.
  private static func initialization(_ statuses: [JSONValue]) -> String? {
    for (index, status) in statuses.enumerated() {
      if status.has("state", "terminated") {
        if status.integer("state", "terminated", "exitCode") ?? 0 == 0 { continue }
        return "Init:\(ended(status))"
      }
      let waiting = status.text("state", "waiting", "reason")
      if !waiting.isEmpty, waiting != "PodInitializing" { return "Init:\(waiting)" }
      return "Init:\(index)/\(statuses.count)"
    }
    return nil
  }
}

enum ServiceCells {
  static func cells(_ service: JSONValue, _ row: Row) -> [JSONValue] {
    let type = service.text("spec", "type")
    let address = service.text("spec", "clusterIP")
    let ports = service.list("spec", "ports").map { port in
      let number = port.integer("port") ?? 0
      let node = port.integer("nodePort") ?? 0
      return "\(number)\(node == 0 ? "" : ":\(node)")/\(port.text("protocol"))"
    }
    return [
      row.name, .string(type),
      .string(address.isEmpty ? Row.none : address), .string(external(service, type)),
      .string(ports.isEmpty ? Row.none : ports.joined(separator: ",")), row.age,
      .string(Row.labels(service[path: ["spec", "selector"]])),
    ]
  }

  private static func external(_ service: JSONValue, _ type: String) -> String {
    let given = service.texts("spec", "externalIPs")
    switch type {
    case "ExternalName": return service.text("spec", "externalName")
    case "LoadBalancer":
      let ingress = service.list("status", "loadBalancer", "ingress").map {
        $0.has("ip") ? $0.text("ip") : $0.text("hostname")
      }
      let all = ingress + given
      return all.isEmpty ? "<pending>" : all.joined(separator: ",")
    default: return given.isEmpty ? Row.none : given.joined(separator: ",")
    }
  }
}

enum NodeCells {
  private static let rolePrefix = "node-role.kubernetes.io/"

  static func cells(_ node: JSONValue, _ row: Row) -> [JSONValue] {
    let info = node[path: ["status", "nodeInfo"]] ?? [:]
    func orUnknown(_ text: String) -> JSONValue { .string(text.isEmpty ? "<unknown>" : text) }
    let kernel = info.text("kernelVersion")
    let architecture = info.text("architecture")
    return [
      row.name, .string(status(node)), .string(roles(node)), row.age,
      .string(info.text("kubeletVersion")), .string(address(node, "InternalIP")),
      .string(address(node, "ExternalIP")), orUnknown(info.text("osImage")),
      kernel.isEmpty ? "<unknown>" : .string("\(kernel) (\(architecture))"),
      orUnknown(info.text("containerRuntimeVersion")),
    ]
  }

  private static func status(_ node: JSONValue) -> String {
    let ready = node.list("status", "conditions").first { $0.text("type") == "Ready" }
    var words = [ready.map { $0.text("status") == "True" ? "Ready" : "NotReady" } ?? "Unknown"]
    if node.flag("spec", "unschedulable") { words.append("SchedulingDisabled") }
    return words.joined(separator: ",")
  }

  private static func roles(_ node: JSONValue) -> String {
    var roles: Set<String> = []
    for (key, value) in node[path: ["metadata", "labels"]]?.objectValue ?? [:] {
      if key.hasPrefix(rolePrefix), key.count > rolePrefix.count {
        roles.insert(String(key.dropFirst(rolePrefix.count)))
      } else if key == "kubernetes.io/role", let role = value.stringValue, !role.isEmpty {
        roles.insert(role)
      }
    }
    return roles.isEmpty ? Row.none : roles.sorted().joined(separator: ",")
  }

  private static func address(_ node: JSONValue, _ type: String) -> String {
    let found = node.list("status", "addresses").first { $0.text("type") == type }
    return found?.text("address") ?? Row.none
  }
}

enum EventCells {
  /// Reads core Events and those of `events.k8s.io`.
  static func cells(_ event: JSONValue, _ row: Row) -> [JSONValue] {
    let isNew = event.has("regarding") || event.text("apiVersion").hasPrefix("events.k8s.io")
    func text(_ new: String, _ old: String) -> String { event.text(isNew ? new : old) }
    let regarding = event[isNew ? "regarding" : "involvedObject"] ?? [:]
    let source = event[isNew ? "deprecatedSource" : "source"] ?? [:]
    let component =
      source.has("component")
      ? source.text("component") : text("reportingController", "reportingComponent")
    let host =
      source.has("component") ? source.text("host") : text("reportingInstance", "reportingInstance")
    let first =
      event.has("eventTime") && !text("deprecatedFirstTimestamp", "firstTimestamp").isEmpty == false
      ? event.text("eventTime") : text("deprecatedFirstTimestamp", "firstTimestamp")
    var last = text("deprecatedLastTimestamp", "lastTimestamp")
    if event.has("series") { last = event.text("series", "lastObservedTime") }
    if last.isEmpty { last = first }
    let count =
      event.integer("series", "count") ?? event.integer(isNew ? "deprecatedCount" : "count") ?? 1
    func age(_ time: String) -> JSONValue { .string(TableAge.text(.string(time), now: row.now)) }
    let kind = regarding.text("kind").lowercased()
    let name = regarding.text("name")
    return [
      age(last), .string(event.text("type")), .string(event.text("reason")),
      .string(name.isEmpty ? kind : "\(kind)/\(name)"), .string(regarding.text("fieldPath")),
      .string([component, host].filter { !$0.isEmpty }.joined(separator: ", ")),
      .string(text("note", "message")), age(first), .integer(max(1, count)), row.name,
    ]
  }
}

enum EndpointCells {
  static func cells(_ kind: String, _ object: JSONValue, _ row: Row) -> [JSONValue] {
    if kind == "Endpoints" {
      let all = object.list("subsets").flatMap { subset in
        let addresses = subset.list("addresses").map { $0.text("ip") }
        let ports = subset.list("ports").compactMap { $0.integer("port") }
        return ports.isEmpty
          ? addresses : ports.flatMap { port in addresses.map { join($0, port) } }
      }
      return [row.name, .string(some(all)), row.age]
    }
    let ports = object.list("ports").map { port in
      port.integer("port").map(String.init) ?? "*"
    }
    let addresses = object.list("endpoints").flatMap { $0.texts("addresses") }
    return [
      row.name, .string(object.text("addressType")),
      .string(ports.isEmpty ? "<unset>" : some(ports)),
      .string(addresses.isEmpty ? "<unset>" : some(addresses)), row.age,
    ]
  }

  private static func join(_ address: String, _ port: Int64) -> String {
    address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  /// The first three and how many more.
  private static func some(_ texts: [String]) -> String {
    if texts.isEmpty { return Row.none }
    let shown = texts.prefix(3).joined(separator: ",")
    return texts.count > 3 ? "\(shown) + \(texts.count - 3) more..." : shown
  }
}
