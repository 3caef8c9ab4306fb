import KubernetesAPI

/// Rows of Ingresses and their classes.
enum IngressCells {
  static let ingressColumns: [TableColumn] = [
    .name, TableColumn(name: "Class", type: "string", description: "The class of the ingress."),
    TableColumn(name: "Hosts", type: "string", description: "Hosts that the ingress is for."),
    TableColumn(
      name: "Address", type: "string", description: "Where the load balancer is reached."),
    TableColumn(name: "Ports", type: "string", description: "Ports of TLS and plain traffic."),
    BuiltInColumns.age,
  ]

  static let classColumns: [TableColumn] = [
    .name,
    TableColumn(
      name: "Controller", type: "string", description: "Who is responsible for the class."),
    TableColumn(
      name: "Parameters", type: "string", description: "An object with further settings."),
    BuiltInColumns.age,
  ]

  static func ingress(_ ingress: JSONValue, _ row: Row) -> [JSONValue] {
    let name = ingress.text("spec", "ingressClassName")
    let balancers = ingress.list("status", "loadBalancer", "ingress").map {
      $0.text("ip").isEmpty ? $0.text("hostname") : $0.text("ip")
    }
    let ports = ingress.list("spec", "tls").isEmpty ? "80" : "80, 443"
    return [
      row.name, .string(name.isEmpty ? Row.none : name), .string(hosts(ingress)),
      .string(balancers.joined(separator: ",")), .string(ports), row.age,
    ]
  }

  private static func hosts(_ ingress: JSONValue) -> String {
    let hosts = ingress.list("spec", "rules").map { $0.text("host") }.filter { !$0.isEmpty }
    if hosts.isEmpty { return "*" }
    let shown = hosts.prefix(3).joined(separator: ",")
    return hosts.count > 3 ? "\(shown) + \(hosts.count - 3) more..." : shown
  }

  static func ingressClass(_ object: JSONValue, _ row: Row) -> [JSONValue] {
    var parameters = Row.none
    if object.has("spec", "parameters") {
      let group = object.text("spec", "parameters", "apiGroup")
      let kind = object.text("spec", "parameters", "kind")
      let name = object.text("spec", "parameters", "name")
      parameters = "\(kind)\(group.isEmpty ? "" : ".\(group)")/\(name)"
    }
    return [row.name, .string(object.text("spec", "controller")), .string(parameters), row.age]
  }
}
