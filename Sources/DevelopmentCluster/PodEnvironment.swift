package import KubernetesAPI

/// The environment of a container: a pure function of its Pod, the objects that it refers to, and
/// what only the node knows.
package struct PodEnvironment: Sendable {
  /// What a Pod learns about where it runs.
  package struct Facts: Sendable, Hashable {
    package var podIP: String
    package var hostIP: String
    /// Where Pods reach the API server: the cluster IP and port of Service `kubernetes`.
    package var apiHost: String
    package var apiPort: Int

    package init(podIP: String, hostIP: String, apiHost: String, apiPort: Int) {
      self.podIP = podIP
      self.hostIP = hostIP
      self.apiHost = apiHost
      self.apiPort = apiPort
    }
  }

  /// Why a container cannot be created: `CreateContainerConfigError` in its status.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    case missingObject(kind: String, name: String)
    case missingKey(kind: String, name: String, key: String)
    case unknownField(String)
    case unsupported(String)

    package var description: String {
      switch self {
      case .missingObject(let kind, let name): "\(kind) \"\(name)\" not found"
      case .missingKey(let kind, let name, let key):
        "couldn't find key \(key) in \(kind) \(name)"
      case .unknownField(let path): "field path \"\(path)\" is not supported"
      case .unsupported(let what): "\(what) is not supported"
      }
    }
  }

  package var pod: Pod
  package var facts: Facts
  /// By name, in the Pod's namespace; `nil` for what is not there.
  package var configMap: @Sendable (String) -> [String: String]?
  package var secret: @Sendable (String) -> [String: [UInt8]]?

  package init(
    pod: Pod, facts: Facts,
    configMap: @escaping @Sendable (String) -> [String: String]? = { _ in nil },
    secret: @escaping @Sendable (String) -> [String: [UInt8]]? = { _ in nil }
  ) {
    self.pod = pod
    self.facts = facts
    self.configMap = configMap
    self.secret = secret
  }

  /// All variables of a container, references between them expanded.
  package func variables(of container: Container) throws(Failure) -> [String: String] {
    var result = serviceVariables
    result["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    result["HOSTNAME"] = hostname
    for source in container.envFrom ?? [] { try add(source, to: &result) }
    for variable in container.env ?? [] {
      if let source = variable.valueFrom {
        if let value = try value(of: source) { result[variable.name] = value }
      } else {
        result[variable.name] = Self.expand(variable.value ?? "", result)
      }
    }
    return result
  }

  package var hostname: String {
    if pod.spec?.hostNetwork == true { return pod.spec?.nodeName ?? pod.metadata.name }
    return pod.spec?.hostname ?? pod.metadata.name
  }

  /// What a container runs: its command and arguments, else the image's, references expanded.
  package func command(
    of container: Container, image: ImageCatalog.Image, variables: [String: String]
  ) -> [String] {
    let command = container.command ?? image.entrypoint
    let arguments = container.args ?? (container.command == nil ? image.arguments : [])
    return (command + arguments).map { Self.expand($0, variables) }
  }

  private var serviceVariables: [String: String] {
    let (host, port) = (facts.apiHost, facts.apiPort)
    let address = host.contains(":") ? "[\(host)]" : host
    return [
      "KUBERNETES_SERVICE_HOST": host,
      "KUBERNETES_SERVICE_PORT": "\(port)",
      "KUBERNETES_SERVICE_PORT_HTTPS": "\(port)",
      "KUBERNETES_PORT": "tcp://\(address):\(port)",
      "KUBERNETES_PORT_\(port)_TCP": "tcp://\(address):\(port)",
      "KUBERNETES_PORT_\(port)_TCP_PROTO": "tcp",
      "KUBERNETES_PORT_\(port)_TCP_PORT": "\(port)",
      "KUBERNETES_PORT_\(port)_TCP_ADDR": host,
    ]
  }

  private func add(_ source: JSONValue, to result: inout [String: String]) throws(Failure) {
    let prefix = source["prefix"]?.stringValue ?? ""
    let values: [String: String]?
    let (kind, reference): (String, JSONValue?)
    if let map = source["configMapRef"] {
      (kind, reference) = ("configmap", map)
      values = configMap(map["name"]?.stringValue ?? "")
    } else {
      (kind, reference) = ("secret", source["secretRef"])
      values = secret(reference?["name"]?.stringValue ?? "")?.mapValues {
        String(decoding: $0, as: UTF8.self)
      }
    }
    guard let values else {
      if reference?["optional"]?.boolValue == true { return }
      throw .missingObject(kind: kind, name: reference?["name"]?.stringValue ?? "")
    }
    for (key, value) in values { result[prefix + key] = value }
  }

  /// `nil` for what is optional and not there.
  private func value(of source: EnvVar.Source) throws(Failure) -> String? {
    if let field = source.fieldRef { return try self.field(field.fieldPath) }
    if let reference = source.configMapKeyRef {
      return try keyed("configmap", reference, configMap(reference.name ?? ""))
    }
    if let reference = source.secretKeyRef {
      let values = secret(reference.name ?? "")?.mapValues { String(decoding: $0, as: UTF8.self) }
      return try keyed("secret", reference, values)
    }
    throw .unsupported("resourceFieldRef")
  }

  private func keyed(
    _ kind: String, _ reference: EnvVar.KeyReference, _ values: [String: String]?
  ) throws(Failure) -> String? {
    if let value = values?[reference.key] { return value }
    if reference.optional == true { return nil }
    let name = reference.name ?? ""
    throw values == nil
      ? .missingObject(kind: kind, name: name)
      : .missingKey(kind: kind, name: name, key: reference.key)
  }

  /// One field of the downward API.
  package func field(_ path: String) throws(Failure) -> String {
    switch path {
    case "metadata.name": return pod.metadata.name
    case "metadata.namespace": return pod.metadata.namespace ?? ""
    case "metadata.uid": return pod.metadata.uid ?? ""
    case "metadata.labels": return Self.lines(pod.metadata.labels)
    case "metadata.annotations": return Self.lines(pod.metadata.annotations)
    case "spec.nodeName": return pod.spec?.nodeName ?? ""
    case "spec.serviceAccountName": return pod.spec?.serviceAccountName ?? "default"
    case "status.hostIP", "status.hostIPs": return facts.hostIP
    case "status.podIP", "status.podIPs": return facts.podIP
    default: break
    }
    for (prefix, values) in [
      ("metadata.labels['", pod.metadata.labels),
      ("metadata.annotations['", pod.metadata.annotations),
    ] where path.hasPrefix(prefix) && path.hasSuffix("']") {
      return values[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
    }
    throw .unknownField(path)
  }

  /// As files of the downward API show maps: `key="value"`, sorted.
  private static func lines(_ values: [String: String]) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key)=\(JSONValue.string($0.value).jsonText)" }
      .joined(separator: "\n")
  }

  /// Replaces `$(NAME)` by the variable's value where it is known; `$$` stands for one `$`.
  static func expand(_ text: String, _ variables: [String: String]) -> String {
    guard text.contains("$") else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "$") {
      result += rest[..<start]
      let after = rest[rest.index(after: start)...]
      if after.first == "$" {
        result += "$"
        rest = after.dropFirst()
      } else if after.first == "(", let end = after.firstIndex(of: ")") {
        let name = String(after[after.index(after: after.startIndex)..<end])
        rest = after[after.index(after: end)...]
        result += variables[name] ?? "$(\(name))"
      } else {
        result += "$"
        rest = after
      }
    }
    return result + rest
  }
}
