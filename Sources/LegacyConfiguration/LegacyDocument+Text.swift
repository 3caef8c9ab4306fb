package import MetalLBAPI

import KubernetesAPI
import KubernetesYAML

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
  /// - Throws: for text that YAML cannot hold.
  package func yamlText() throws -> String {
    var members = Members()
    members.add("peers", peers.map(\.yaml))
    if !communities.isEmpty {
      members.object["bgp-communities"] = .object(
        JSONObject(communities.map { ($0.name, .string($0.value)) }))
    }
    members.add("address-pools", pools.map(\.yaml))
    members.add("bfd-profiles", bfdProfiles.map(\.yaml))
    return try members.node.yamlText()
  }
}

/// Collects the members of one mapping, leaving out what is absent.
private struct Members {
  var object = JSONObject()

  mutating func add(_ key: String, _ text: String?) {
    if let text, !text.isEmpty { object[key] = .string(text) }
  }

  mutating func add(_ key: String, _ number: (some FixedWidthInteger)?) {
    if let number { object[key] = .integer(Int64(number)) }
  }

  mutating func add(_ key: String, _ flag: Bool?) {
    if let flag { object[key] = .bool(flag) }
  }

  mutating func add(_ key: String, _ duration: Duration?) {
    if let duration, duration > .zero { add(key, duration.goText) }
  }

  mutating func add(_ key: String, _ items: [JSONValue]) {
    if !items.isEmpty { object[key] = .array(items) }
  }

  var node: JSONValue { .object(object) }
}

extension LegacyPool {
  fileprivate var yaml: JSONValue {
    var members = Members()
    members.object = [
      "protocol": .string(self.protocol.rawValue), "name": .string(name),
      "addresses": .strings(usableAddresses),
    ]
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
  fileprivate var yaml: JSONValue {
    func number(_ value: (some FixedWidthInteger)?) -> JSONValue {
      value.map { .integer(Int64($0)) } ?? .null
    }
    return [
      "aggregation-length": number(aggregationLength),
      "aggregation-length-v6": number(aggregationLengthV6),
      "localpref": number(localPref == 0 ? nil : localPref), "communities": .strings(communities),
    ]
  }
}

extension LegacyPeer {
  fileprivate var yaml: JSONValue {
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
  fileprivate var legacyYAML: JSONValue {
    var members = Members()
    if let matchLabels, !matchLabels.isEmpty {
      members.object["match-labels"] = .strings(matchLabels)
    }
    members.add(
      "match-expressions",
      (matchExpressions ?? []).map { requirement in
        var members = Members()
        members.add("key", requirement.key)
        members.add("operator", requirement.operator)
        members.add("values", (requirement.values ?? []).map { JSONValue.string($0) })
        return members.node
      })
    return members.node
  }
}

extension LegacyBFDProfile {
  fileprivate var yaml: JSONValue {
    var members = Members()
    members.object["name"] = .string(name)
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
