import KubernetesAPI

/// What Pods and Pod templates must satisfy.
enum PodRules {
  static func validate(_ pod: JSONValue) -> [FieldError] {
    validateSpec(pod["spec"] ?? [:], at: "spec")
  }

  static func validateTemplate(_ template: JSONValue, at path: String) -> [FieldError] {
    MetadataRules.validateLabels(
      template[path: ["metadata", "labels"]], at: "\(path).labels")
      + MetadataRules.validateAnnotations(
        template[path: ["metadata", "annotations"]], at: "\(path).annotations")
      + validateSpec(template["spec"] ?? [:], at: "\(path).spec")
  }

  static func validateSpec(_ spec: JSONValue, at path: String) -> [FieldError] {
    var errors: [FieldError] = []
    let volumes = validateVolumes(spec.list("volumes"), at: "\(path).volumes", &errors)
    let containers = spec.list("containers")
    if containers.isEmpty { errors.append(.required("\(path).containers")) }
    errors += validateContainers(
      containers, volumes, at: "\(path).containers", usesHostNetwork: spec.flag("hostNetwork"))
    errors += validateContainers(
      spec.list("initContainers"), volumes, at: "\(path).initContainers",
      usesHostNetwork: spec.flag("hostNetwork"), others: names(containers))
    errors += supported(
      spec.text("restartPolicy"), ["Always", "OnFailure", "Never"], at: "\(path).restartPolicy")
    errors += supported(
      spec.text("dnsPolicy"), ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
      at: "\(path).dnsPolicy")
    errors += MetadataRules.validateLabels(spec["nodeSelector"], at: "\(path).nodeSelector")
    for field in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
      let name = spec.text(field)
      if !name.isEmpty {
        errors += NameRules.subdomain(name).map {
          .invalid("\(path).\(field)", .string(name), $0)
        }
      }
    }
    if let deadline = spec.integer("activeDeadlineSeconds"), !(1...2_147_483_647 ~= deadline) {
      errors.append(
        .invalid(
          "\(path).activeDeadlineSeconds", .integer(deadline),
          "must be between 1 and 2147483647, inclusive"))
    }
    errors += validateTolerations(spec.list("tolerations"), at: "\(path).tolerations")
    return errors
  }

  private static func names(_ list: [JSONValue]) -> Set<String> {
    Set(list.map { $0.text("name") })
  }

  static func supported(_ value: String, _ values: [String], at path: String) -> [FieldError] {
    if value.isEmpty { return [.required(path)] }
    return values.contains(value)
      ? [] : [.notSupported(path, .string(value), supported: values)]
  }

  // MARK: Volumes

  private static let sources = [
    "hostPath", "emptyDir", "secret", "nfs", "persistentVolumeClaim", "downwardAPI", "configMap",
    "projected", "csi", "ephemeral", "image",
  ]

  /// The names of all valid volumes.
  private static func validateVolumes(
    _ volumes: [JSONValue], at path: String, _ errors: inout [FieldError]
  ) -> Set<String> {
    var names: Set<String> = []
    for (index, volume) in volumes.enumerated() {
      let path = "\(path)[\(index)]"
      let name = volume.text("name")
      if name.isEmpty {
        errors.append(.required("\(path).name"))
      } else {
        errors += NameRules.label(name).map { .invalid("\(path).name", .string(name), $0) }
        if !names.insert(name).inserted {
          errors.append(.duplicate("\(path).name", .string(name)))
        }
      }
      let present = sources.filter { volume.has($0) }
      if present.isEmpty { errors.append(.required(path, "must specify a volume type")) }
      for extra in present.dropFirst() {
        errors.append(.forbidden("\(path).\(extra)", "may not specify more than 1 volume type"))
      }
      for (source, field) in [
        ("secret", "secretName"), ("configMap", "name"), ("hostPath", "path"),
        ("persistentVolumeClaim", "claimName"),
      ] where present.first == source && volume.text(source, field).isEmpty {
        errors.append(.required("\(path).\(source).\(field)"))
      }
    }
    return names
  }

  // MARK: Containers

  private static func validateContainers(
    _ containers: [JSONValue], _ volumes: Set<String>, at path: String, usesHostNetwork: Bool,
    others: Set<String> = []
  ) -> [FieldError] {
    var errors: [FieldError] = []
    var names = others
    for (index, container) in containers.enumerated() {
      let path = "\(path)[\(index)]"
      let name = container.text("name")
      if name.isEmpty {
        errors.append(.required("\(path).name"))
      } else {
        errors += NameRules.label(name).map { .invalid("\(path).name", .string(name), $0) }
        if !names.insert(name).inserted {
          errors.append(.duplicate("\(path).name", .string(name)))
        }
      }
      let image = container.text("image")
      if image.isEmpty { errors.append(.required("\(path).image")) }
      if image.first?.isWhitespace ?? false || image.last?.isWhitespace ?? false {
        errors.append(
          .invalid(
            "\(path).image", .string(image), "must not have leading or trailing whitespace"))
      }
      errors += validatePorts(
        container.list("ports"), at: "\(path).ports", usesHostNetwork: usesHostNetwork)
      errors += validateEnvironment(container.list("env"), at: "\(path).env")
      errors += validateMounts(container.list("volumeMounts"), volumes, at: "\(path).volumeMounts")
      for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let value = container[probe], !value.isNull {
          errors += validateProbe(
            value, at: "\(path).\(probe)", isReadiness: probe == "readinessProbe")
        }
      }
      errors += supported(
        container.text("terminationMessagePolicy"), ["File", "FallbackToLogsOnError"],
        at: "\(path).terminationMessagePolicy")
      errors += supported(
        container.text("imagePullPolicy"), ["Always", "IfNotPresent", "Never"],
        at: "\(path).imagePullPolicy")
      errors += validateResources(container["resources"] ?? [:], at: "\(path).resources")
    }
    return errors
  }

  private static func validatePorts(
    _ ports: [JSONValue], at path: String, usesHostNetwork: Bool
  ) -> [FieldError] {
    var errors: [FieldError] = []
    var names: Set<String> = []
    for (index, port) in ports.enumerated() {
      let path = "\(path)[\(index)]"
      let name = port.text("name")
      if !name.isEmpty {
        let problems = NameRules.portName(name)
        errors += problems.map { .invalid("\(path).name", .string(name), $0) }
        if problems.isEmpty, !names.insert(name).inserted {
          errors.append(.duplicate("\(path).name", .string(name)))
        }
      }
      let number = port.integer("containerPort") ?? 0
      if number == 0 {
        errors.append(.required("\(path).containerPort"))
      } else {
        errors += portRange(number, at: "\(path).containerPort")
      }
      if let host = port.integer("hostPort"), host != 0 {
        errors += portRange(host, at: "\(path).hostPort")
        if usesHostNetwork, host != number {
          errors.append(
            .invalid(
              "\(path).hostPort", .integer(host),
              "must match `containerPort` when `hostNetwork` is true"))
        }
      }
      errors += supported(
        port.text("protocol"), ["SCTP", "TCP", "UDP"], at: "\(path).protocol")
    }
    return errors
  }

  static func portRange(_ number: Int64, at path: String) -> [FieldError] {
    1...65_535 ~= number
      ? [] : [.invalid(path, .integer(number), "must be between 1 and 65535, inclusive")]
  }

  private static func validateEnvironment(
    _ variables: [JSONValue], at path: String
  ) -> [FieldError] {
    var errors: [FieldError] = []
    for (index, variable) in variables.enumerated() {
      let path = "\(path)[\(index)]"
      let name = variable.text("name")
      if name.isEmpty {
        errors.append(.required("\(path).name"))
      } else if name.contains("=") || !name.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) {
        errors.append(
          .invalid(
            "\(path).name", .string(name),
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
          ))
      }
      guard let source = variable["valueFrom"], !source.isNull else { continue }
      let kinds = (source.objectValue ?? [:]).filter { !$0.value.isNull }
      if kinds.isEmpty {
        errors.append(
          .invalid(
            "\(path).valueFrom", "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
          ))
      } else if !variable.text("value").isEmpty {
        errors.append(
          .invalid("\(path).valueFrom", "", "may not be specified when `value` is not empty"))
      } else if kinds.count > 1 {
        errors.append(
          .invalid(
            "\(path).valueFrom", "", "may not have more than one field specified at a time"))
      }
    }
    return errors
  }

  private static func validateMounts(
    _ mounts: [JSONValue], _ volumes: Set<String>, at path: String
  ) -> [FieldError] {
    var errors: [FieldError] = []
    var places: Set<String> = []
    for (index, mount) in mounts.enumerated() {
      let path = "\(path)[\(index)]"
      let name = mount.text("name")
      if name.isEmpty {
        errors.append(.required("\(path).name"))
      }
      if !volumes.contains(name) {
        errors.append(FieldError(.notFound, "\(path).name", value: .string(name)))
      }
      let place = mount.text("mountPath")
      if place.isEmpty { errors.append(.required("\(path).mountPath")) }
      if !places.insert(place).inserted {
        errors.append(.invalid("\(path).mountPath", .string(place), "must be unique"))
      }
    }
    return errors
  }

  private static func validateProbe(
    _ probe: JSONValue, at path: String, isReadiness: Bool
  ) -> [FieldError] {
    var errors: [FieldError] = []
    let handlers = ["exec", "httpGet", "tcpSocket", "grpc"].filter { probe.has($0) }
    if handlers.isEmpty { errors.append(.required(path, "must specify a handler type")) }
    for extra in handlers.dropFirst() {
      errors.append(.forbidden("\(path).\(extra)", "may not specify more than 1 handler type"))
    }
    if handlers.first == "exec", probe.list("exec", "command").isEmpty {
      errors.append(.required("\(path).exec.command"))
    }
    for handler in ["httpGet", "tcpSocket"] where handlers.contains(handler) {
      switch probe[path: [handler, "port"]] {
      case .integer(let number)?: errors += portRange(number, at: "\(path).\(handler).port")
      case .string(let name)?:
        errors += NameRules.portName(name).map {
          .invalid("\(path).\(handler).port", .string(name), $0)
        }
      default: break
      }
    }
    errors += WorkloadRules.nonNegative(
      probe,
      [
        "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
        "failureThreshold",
      ], at: path)
    if !isReadiness, let threshold = probe.integer("successThreshold"), threshold > 1 {
      errors.append(.invalid("\(path).successThreshold", .integer(threshold), "must be 1"))
    }
    return errors
  }

  private static func validateResources(_ resources: JSONValue, at path: String) -> [FieldError] {
    var errors: [FieldError] = []
    let limits = resources["limits"]?.objectValue ?? [:]
    for (kind, values) in [
      ("limits", limits), ("requests", resources["requests"]?.objectValue ?? [:]),
    ] {
      for (name, value) in values {
        guard let quantity = Quantity(value.stringValue ?? "") else { continue }
        if quantity.nanos < 0 {
          errors.append(
            .invalid(
              "\(path).\(kind)[\(name)]", value, "must be greater than or equal to 0"))
        }
        if kind == "requests", let limit = limits[name]?.stringValue.flatMap({ Quantity($0) }),
          quantity > limit
        {
          errors.append(
            .invalid(
              "\(path).requests", value,
              "must be less than or equal to \(name) limit of \(limit)"))
        }
      }
    }
    return errors
  }

  private static func validateTolerations(
    _ tolerations: [JSONValue], at path: String
  ) -> [FieldError] {
    var errors: [FieldError] = []
    for (index, toleration) in tolerations.enumerated() {
      let path = "\(path)[\(index)]"
      let key = toleration.text("key")
      if !key.isEmpty {
        errors += NameRules.qualifiedName(key).map { .invalid("\(path).key", .string(key), $0) }
      }
      let relation = toleration.text("operator")
      if key.isEmpty, relation != "Exists" {
        errors.append(
          .invalid(
            "\(path).operator", .string(relation),
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\""
          ))
      }
      switch relation {
      case "", "Equal":
        let value = toleration.text("value")
        errors += NameRules.labelValue(value).map {
          .invalid("\(path).operator", .string(value), $0)
        }
      case "Exists":
        if !toleration.text("value").isEmpty {
          errors.append(
            .invalid(
              "\(path).operator", toleration, "value must be empty when `operator` is 'Exists'"))
        }
      default:
        errors.append(
          .notSupported(
            "\(path).operator", .string(relation), supported: ["Equal", "Exists"]))
      }
      let effect = toleration.text("effect")
      if !effect.isEmpty, !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect) {
        errors.append(
          .notSupported(
            "\(path).effect", .string(effect),
            supported: ["NoSchedule", "PreferNoSchedule", "NoExecute"]))
      }
    }
    return errors
  }
}
