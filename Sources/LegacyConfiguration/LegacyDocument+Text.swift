package import MetalLBAPI

import KubernetesAPI

extension LegacyDocument {
  /// The document that the operator renders from `AddressPool` objects: pools only, sorted by name.
  /// - Throws: for the first object, by name, that cannot be said in a document.
  package static func addressPools(
    _ objects: some Sequence<AddressPool>
  ) throws(LegacyProblem) -> LegacyDocument {
    var document = LegacyDocument()
    for object in objects.sorted(by: {
      $0.metadata.name.utf8.lexicographicallyPrecedes($1.metadata.name.utf8)
    }) {
      document.pools.append(try LegacyPool(object))
    }
    return document
  }

  /// The document as YAML in the layout of 0.12: fixed order of keys, absent keys for default values, `{}` for nothing.
  /// Items keep the order they have here.
  package var yamlText: String {
    var members: [(String, YAMLWriter.Node)] = []
    func add(_ key: String, _ items: [YAMLWriter.Node]) {
      if !items.isEmpty { members.append((key, .sequence(items))) }
    }
    add("peers", peers.map(\.yaml))
    if !communities.isEmpty {
      members.append(
        ("bgp-communities", .mapping(communities.map { ($0.name, .string($0.value)) })))
    }
    add("address-pools", pools.map(\.yaml))
    add("bfd-profiles", bfdProfiles.map(\.yaml))
    var writer = YAMLWriter()
    writer.write(.mapping(members))
    return writer.text
  }
}

/// Collects the members of one mapping, leaving out what is absent.
private struct Members {
  var list: [(key: String, value: YAMLWriter.Node)] = []

  mutating func add(_ key: String, _ text: String?) {
    if let text, !text.isEmpty { list.append((key, .string(text))) }
  }

  mutating func add(_ key: String, _ number: (some BinaryInteger)?) {
    if let number { list.append((key, .literal("\(number)"))) }
  }

  mutating func add(_ key: String, _ flag: Bool?) {
    if let flag { list.append((key, .literal("\(flag)"))) }
  }

  mutating func add(_ key: String, _ duration: Duration?) {
    if let duration, duration > .zero { add(key, duration.goText) }
  }

  mutating func add(_ key: String, _ items: [YAMLWriter.Node]) {
    if !items.isEmpty { list.append((key, .sequence(items))) }
  }

  var node: YAMLWriter.Node { .mapping(list) }
}

extension LegacyPool {
  fileprivate var yaml: YAMLWriter.Node {
    var members = Members()
    members.list.append(("protocol", .string(self.protocol.rawValue)))
    members.list.append(("name", .string(name)))
    members.list.append(("addresses", .sequence(usableAddresses.map { .string($0) })))
    members.add("auto-assign", autoAssign ? nil : false)
    members.add("avoid-buggy-ips", avoidBuggyIPs ? true : nil)
    if case .listed(let entries) = advertisements {
      members.add("bgp-advertisements", entries.map(\.yaml))
    }
    return members.node
  }
}

extension LegacyAdvertisement {
  /// Every key is always there; `null` stands for what is not set.
  fileprivate var yaml: YAMLWriter.Node {
    func number(_ value: (some BinaryInteger)?) -> YAMLWriter.Node {
      value.map { .literal("\($0)") } ?? .null
    }
    return .mapping([
      ("aggregation-length", number(aggregationLength)),
      ("aggregation-length-v6", number(aggregationLengthV6)),
      ("localpref", number(localPref == 0 ? nil : localPref)),
      ("communities", .sequence(communities.map { .string($0) })),
    ])
  }
}

extension LegacyPeer {
  fileprivate var yaml: YAMLWriter.Node {
    var members = Members()
    members.add("my-asn", myASN)
    members.add("peer-asn", peerASN)
    members.add("peer-address", peerAddress)
    members.add("source-address", sourceAddress)
    members.add("peer-port", peerPort)
    members.add("hold-time", holdTime)
    members.add("keepalive-time", keepaliveTime)
    members.add("router-id", routerID)
    members.add("node-selectors", nodeSelectors.map(\.legacyYAML))
    members.add("password", password)
    members.add("bfd-profile", bfdProfile)
    members.add("ebgp-multihop", ebgpMultiHop ? true : nil)
    return members.node
  }
}

extension LabelSelector {
  fileprivate var legacyYAML: YAMLWriter.Node {
    var members = Members()
    let labels = (matchLabels ?? [:]).sorted { $0.key < $1.key }
    if !labels.isEmpty {
      members.list.append(("match-labels", .mapping(labels.map { ($0.key, .string($0.value)) })))
    }
    members.add(
      "match-expressions",
      (matchExpressions ?? []).map { requirement in
        var members = Members()
        members.add("key", requirement.key)
        members.add("operator", requirement.operator)
        members.add("values", (requirement.values ?? []).map { YAMLWriter.Node.string($0) })
        return members.node
      })
    return members.node
  }
}

extension LegacyBFDProfile {
  fileprivate var yaml: YAMLWriter.Node {
    var members = Members()
    members.list.append(("name", .string(name)))
    members.add("receive-interval", receiveInterval)
    members.add("transmit-interval", transmitInterval)
    members.add("detect-multiplier", detectMultiplier)
    members.add("echo-interval", echoInterval)
    members.add("echo-mode", echoMode)
    members.add("passive-mode", passiveMode)
    members.add("minimum-ttl", minimumTTL)
    return members.node
  }
}
