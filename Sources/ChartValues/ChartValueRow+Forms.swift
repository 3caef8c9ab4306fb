import KubernetesAPI
import MetalLBAPI

/// Forms that many values have.
extension ChartValueRow {
  /// A text that becomes a variable of the operator.
  static func variable(_ path: String, _ name: String) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        let text = try value.texts().joined(separator: ",")
        if !text.isEmpty { reading.options.environment[name] = text }
      })
  }

  static func port(_ path: String, _ name: String, standard: Int) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        let port = try value.port()
        if port != standard { reading.options.environment[name] = String(port) }
      })
  }

  static func image(
    _ path: String, _ owner: ChartReading.ImageOwner,
    _ part: any WritableKeyPath<ChartReading.ImageParts, String?> & Sendable
  ) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, path throws(ValueFault) in
        let text = try value.text()
        guard !text.isEmpty else { return }
        reading.images[owner, default: .init()][keyPath: part] = text
        reading.images[owner]?.path = path
      })
  }

  static func flag(
    _ path: String, _ field: any WritableKeyPath<ChartReading, Bool> & Sendable
  ) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        reading[keyPath: field] = try value.flag()
      })
  }

  static func nodeSelector(
    _ path: String, _ field: any WritableKeyPath<MetalLB.Spec, [String: String]?> & Sendable
  ) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        guard !value.isEmptyValue else { return }
        reading.spec[keyPath: field] = try value.typed([String: String].self, "labels, all texts")
      })
  }

  static func tolerations(
    _ path: String, _ field: any WritableKeyPath<MetalLB.Spec, [Toleration]?> & Sendable
  ) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        guard !value.isEmptyValue else { return }
        reading.spec[keyPath: field] = try value.typed([Toleration].self, "a list of tolerations")
      })
  }

  /// A setting of the Pods of one component.
  static func pods<Value>(
    _ path: String,
    _ component: any WritableKeyPath<MetalLB.Spec, MetalLB.ComponentConfig?> & Sendable,
    _ field: any WritableKeyPath<MetalLB.ComponentConfig, Value?> & Sendable, _ expected: String,
    _ decode: @escaping @Sendable (JSONValue) throws -> Value
  ) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        guard !value.isEmptyValue else { return }
        var configuration = reading.spec[keyPath: component] ?? MetalLB.ComponentConfig()
        do {
          configuration[keyPath: field] = try decode(value)
        } catch {
          throw ValueFault("expected \(expected)")
        }
        reading.spec[keyPath: component] = configuration
      })
  }

  static func alwaysBlock(_ path: String) -> ChartValueRow {
    .init(
      path,
      .read { reading, value, _ throws(ValueFault) in
        let blocks = try value.texts()
        if !blocks.isEmpty { reading.changeFRRK8s { $0.alwaysBlock = blocks } }
      })
  }
}

extension ChartReading {
  mutating func changeFRRK8s(_ change: (inout MetalLB.FRRK8sConfig) -> Void) {
    var configuration = spec.frrk8sConfig ?? MetalLB.FRRK8sConfig()
    change(&configuration)
    spec.frrk8sConfig = configuration
  }
}
