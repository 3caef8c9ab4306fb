import KubernetesAPI
import KubernetesYAML
import MetalLBAPI

/// The vendor's pack around the chart and the manifests.
extension ChartReading {
  /// Reads a whole file, of whichever shape.
  mutating func read(_ document: JSONValue) {
    var rest = document
    if let pack = rest["pack"] {
      Self.packWalk.walk(pack, prefix: ["pack"], into: &self)
      rest["pack"] = nil
    }
    if let manifests = rest["manifests"] {
      Self.manifestWalk.walk(manifests, prefix: ["manifests"], into: &self)
      addPackPool()
      rest["manifests"] = nil
    }
    if let charts = rest["charts"] {
      readCharts(charts)
      rest["charts"] = nil
    }
    if let nested = rest["metallb"] {
      UpstreamChart.walk.walk(nested, prefix: ["metallb"], into: &self)
      rest["metallb"] = nil
    }
    UpstreamChart.walk.walk(rest, prefix: [], into: &self)
  }

  private mutating func readCharts(_ charts: JSONValue) {
    guard let members = charts.objectValue else {
      note(.invalid, "charts", "expected keys and values below it")
      return
    }
    for (name, chart) in members {
      let path = "charts.\(name)"
      guard name == "metallb-full" || name == "metallb" else {
        note(.unknown, path)
        continue
      }
      guard let parts = chart.objectValue else {
        note(.invalid, path, "expected keys and values below it")
        continue
      }
      if name == "metallb" {
        UpstreamChart.walk.walk(chart, prefix: ["charts", name], into: &self)
        continue
      }
      for (part, value) in parts {
        switch part {
        case "configuration": readConfiguration(value, "\(path).\(part)")
        case "metallb":
          UpstreamChart.walk.walk(value, prefix: ["charts", name, part], into: &self)
        default: note(.unknown, "\(path).\(part)")
        }
      }
    }
  }

  /// Objects by kind and name.
  private mutating func readConfiguration(_ configuration: JSONValue, _ path: String) {
    guard let kinds = configuration.objectValue else {
      note(.invalid, path, "expected keys and values below it")
      return
    }
    for (plural, byName) in kinds {
      guard let kind = Self.configurationKinds[plural] else {
        note(.unknown, "\(path).\(plural)")
        continue
      }
      guard !byName.isEmptyValue else { continue }
      guard let named = byName.objectValue else {
        note(.invalid, "\(path).\(plural)", "expected objects by name")
        continue
      }
      for (name, object) in named where !object.isNull {
        addObject(object, name, kind, "\(path).\(plural).\(name)")
      }
    }
  }

  private mutating func addObject(
    _ object: JSONValue, _ name: String, _ kind: (String, String), _ path: String
  ) {
    guard let members = object.objectValue else {
      note(.invalid, path, "expected keys and values below it")
      return
    }
    var result: JSONValue = [
      "apiVersion": "\(metalLBGroup)/\(kind.0)", "kind": .string(kind.1),
      "metadata": ["name": .string(name)],
    ]
    for (key, value) in members {
      switch key {
      case "spec": result["spec"] = value
      case "labels", "annotations": result[path: ["metadata", key]] = value
      default: note(.unknown, "\(path).\(key)")
      }
    }
    objects.append(result)
  }

  /// Version and kind by the name of the parameter, which is the plural.
  private static let configurationKinds: [String: (String, String)] = [
    "ipaddresspools": ("v1beta1", "IPAddressPool"),
    "l2advertisements": ("v1beta1", "L2Advertisement"),
    "bgpadvertisements": ("v1beta1", "BGPAdvertisement"),
    "bgppeers": ("v1beta2", "BGPPeer"),
    "communities": ("v1beta1", "Community"),
    "bfdprofiles": ("v1beta1", "BFDProfile"),
  ]

  /// `manifests`: addresses for layer 2.
  private static let manifestWalk = ValueWalk([
    .init(
      "metallb.images.controller",
      .read { reading, value, _ throws(ValueFault) in
        let text = try value.text()
        if !text.isEmpty { reading.options.controllerImage = text }
      }),
    .init(
      "metallb.images.speaker",
      .read { reading, value, _ throws(ValueFault) in
        let text = try value.text()
        if !text.isEmpty { reading.options.speakerImage = text }
      }),
    .init(
      "metallb.namespace",
      .read { reading, value, _ throws(ValueFault) in
        let text = try value.text()
        if !text.isEmpty { reading.options.namespace = text }
      }),
    .init(
      "metallb.avoidBuggyIps",
      .read { reading, value, _ throws(ValueFault) in
        let isOn = try value.flag()
        reading.packPool["avoid-buggy-ips"] = .bool(isOn)
      }),
    .init(
      "metallb.addresses",
      .read { reading, value, _ throws(ValueFault) in
        let addresses = try value.texts()
        guard !addresses.isEmpty else { throw ValueFault("expected at least one range or CIDR") }
        reading.packPool["addresses"] = .strings(addresses)
      }),
  ])

  /// The manifest flavour has one pool for layer 2, in the ConfigMap where the pack's page tells people to look for it.
  private mutating func addPackPool() {
    guard packPool["addresses"] != nil else { return }
    var pool: JSONValue = ["name": "default", "protocol": "layer2"]
    for key in ["addresses", "avoid-buggy-ips"] { pool[key] = packPool[key] }
    do throws(ValueFault) {
      try addConfigMap(["address-pools": [pool]])
    } catch {
      note(.invalid, "manifests.metallb.addresses", error.message)
    }
  }

  /// `pack`: where to install. The images and charts are what the vendor's platform downloads.
  private static let packWalk = ValueWalk([
    .init("content", .read { _, _, _ in }),
    .init(
      "namespace",
      .read { reading, value, _ throws(ValueFault) in
        let text = try value.text()
        if !text.isEmpty { reading.options.namespace = text }
      }),
    .init(
      "namespaceLabels",
      .read { reading, value, path throws(ValueFault) in
        try reading.addNamespaceLabels(value, path)
      }),
  ])

  /// `"metallb-system": "a=b,c=d"`. Values with a template of the vendor's platform cannot be told from here.
  private mutating func addNamespaceLabels(_ value: JSONValue, _ path: String) throws(ValueFault) {
    guard let members = value.objectValue else {
      throw ValueFault("expected texts by the name of a namespace")
    }
    for (_, list) in members {
      for pair in try list.text().split(separator: ",") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let key = String(parts[0].filter { $0 != " " })
        guard parts.count == 2, !key.isEmpty else {
          throw ValueFault("expected key=value: \(pair)")
        }
        guard !parts[1].contains("{{") else {
          note(
            .withoutEffect, "\(path).\(key)",
            "its template is evaluated by the pack's platform only")
          continue
        }
        options.namespaceLabels[key] = String(parts[1])
      }
    }
  }

  /// Configuration of the ConfigMap era goes where it always went; controller and speakers read it.
  mutating func addConfigMap(_ value: JSONValue) throws(ValueFault) {
    guard !value.isEmptyValue else { return }
    guard value.objectValue != nil, let text = try? value.yamlText() else {
      throw ValueFault("expected the configuration as keys and values")
    }
    objects.append([
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "config"],
      "data": ["config": .string(text)],
    ])
  }
}
