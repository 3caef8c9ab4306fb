import KubernetesAPI

/// The cells of one row, as many as `BuiltInColumns` has for the kind.
enum BuiltInCells {
  static func cells(of kind: String, _ object: JSONValue, now: Timestamp) -> [JSONValue] {
    let row = Row(object: object, now: now)
    let name = row.name
    return switch kind {
    case "Pod": PodCells.cells(object, row)
    case "Service": ServiceCells.cells(object, row)
    case "Deployment":
      [
        name, .string("\(row.status("readyReplicas"))/\(row.spec("replicas"))"),
        .integer(row.status("updatedReplicas")), .integer(row.status("availableReplicas")), row.age,
      ] + row.template + [row.selector]
    case "ReplicaSet":
      [
        name, .integer(row.spec("replicas")), .integer(row.status("replicas")),
        .integer(row.status("readyReplicas")), row.age,
      ] + row.template + [row.selector]
    case "StatefulSet":
      [
        name, .string("\(row.status("readyReplicas"))/\(row.spec("replicas"))"), row.age,
      ] + row.template
    case "DaemonSet":
      [
        name, .integer(row.status("desiredNumberScheduled")),
        .integer(row.status("currentNumberScheduled")), .integer(row.status("numberReady")),
        .integer(row.status("updatedNumberScheduled")), .integer(row.status("numberAvailable")),
        .string(Row.labels(object[path: ["spec", "template", "spec", "nodeSelector"]])), row.age,
      ] + row.template + [row.selector]
    case "Node": NodeCells.cells(object, row)
    case "Namespace": [name, .string(object.text("status", "phase")), row.age]
    case "ConfigMap": [name, row.count("data", "binaryData"), row.age]
    case "Secret": [name, .string(object.text("type")), row.count("data"), row.age]
    case "ServiceAccount": [name, row.age]
    case "Event": EventCells.cells(object, row)
    case "EndpointSlice", "Endpoints": EndpointCells.cells(kind, object, row)
    case "Lease": [name, .string(object.text("spec", "holderIdentity")), row.age]
    case "NetworkPolicy":
      [name, .string(Row.selector(object[path: ["spec", "podSelector"]])), row.age]
    case "PodDisruptionBudget":
      [
        name, row.amount("minAvailable"), row.amount("maxUnavailable"),
        .integer(row.status("disruptionsAllowed")), row.age,
      ]
    case "Role", "ClusterRole", "CustomResourceDefinition":
      [name, .string(object.text("metadata", "creationTimestamp"))]
    case "RoleBinding", "ClusterRoleBinding":
      [
        name,
        .string("\(object.text("roleRef", "kind"))/\(object.text("roleRef", "name"))"), row.age,
        row.subjects("User"), row.subjects("Group"), row.subjects("ServiceAccount"),
      ]
    case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
      [name, .integer(Int64(object.list("webhooks").count)), row.age]
    case "PriorityClass":
      [
        name, .integer(object.integer("value") ?? 0), .bool(object.flag("globalDefault")), row.age,
        .string(object.text("preemptionPolicy")),
      ]
    case "Job": JobCells.job(object, row)
    case "CronJob": JobCells.cronJob(object, row)
    case "Ingress": IngressCells.ingress(object, row)
    case "IngressClass": IngressCells.ingressClass(object, row)
    default: [name, row.age]
    }
  }
}

/// What many kinds show alike.
struct Row {
  let object: JSONValue
  let now: Timestamp

  static let none = "<none>"

  var name: JSONValue { .string(object.text("metadata", "name")) }
  var age: JSONValue {
    .string(TableAge.text(object[path: ["metadata", "creationTimestamp"]], now: now))
  }

  func spec(_ field: String) -> Int64 { object.integer("spec", field) ?? 0 }
  func status(_ field: String) -> Int64 { object.integer("status", field) ?? 0 }

  func count(_ fields: String...) -> JSONValue {
    .integer(Int64(fields.reduce(0) { $0 + (object[$1]?.objectValue?.count ?? 0) }))
  }

  /// An int-or-string that may be absent.
  func amount(_ field: String) -> JSONValue {
    switch object[path: ["spec", field]] {
    case .integer(let number)?: .string(String(number))
    case .string(let text)?: .string(text)
    case .null?, .bool?, .double?, .array?, .object?, nil: "N/A"
    }
  }

  /// Names and images of the containers in a workload's template.
  var template: [JSONValue] {
    let containers = object.list("spec", "template", "spec", "containers")
    return ["name", "image"].map { field in
      .string(containers.map { $0.text(field) }.joined(separator: ","))
    }
  }

  var selector: JSONValue { .string(Self.selector(object[path: ["spec", "selector"]])) }

  func subjects(_ kind: String) -> JSONValue {
    let names = object.list("subjects").filter { $0.text("kind") == kind }.map { subject in
      kind == "ServiceAccount"
        ? "\(subject.text("namespace"))/\(subject.text("name"))" : subject.text("name")
    }
    return .string(names.joined(separator: ", "))
  }

  /// `a=b,c=d`, sorted.
  static func labels(_ labels: JSONValue?) -> String {
    let pairs = (labels?.objectValue ?? [:]).map { "\($0.key)=\($0.value.stringValue ?? "")" }
    return pairs.isEmpty ? none : pairs.sorted().joined(separator: ",")
  }

  /// A `LabelSelector` in the notation of requests.
  static func selector(_ selector: JSONValue?) -> String {
    var terms = (selector?["matchLabels"]?.objectValue ?? [:]).map {
      "\($0.key)=\($0.value.stringValue ?? "")"
    }
    for requirement in selector?.list("matchExpressions") ?? [] {
      let key = requirement.text("key")
      let values = requirement.texts("values").sorted().joined(separator: ",")
      switch requirement.text("operator") {
      case "In": terms.append("\(key) in (\(values))")
      case "NotIn": terms.append("\(key) notin (\(values))")
      case "Exists": terms.append(key)
      case "DoesNotExist": terms.append("!\(key)")
      default: break
      }
    }
    return terms.isEmpty ? none : terms.sorted().joined(separator: ",")
  }
}
