import KubernetesAPI

extension LegacyPeer {
  /// Reads one item of `peers`.
  init(reading mapping: inout LegacyMapping) throws(LegacyProblem) {
    self.init(
      myASN: try mapping.readRequiredInteger("my-asn"),
      peerASN: try mapping.readRequiredInteger("peer-asn"),
      peerAddress: try mapping.readRequiredString("peer-address"))
    sourceAddress = try mapping.readString("source-address")
    peerPort = try mapping.readInteger("peer-port")
    holdTime = try mapping.readDuration("hold-time")
    keepaliveTime = try mapping.readDuration("keepalive-time")
    routerID = try mapping.readString("router-id")
    nodeSelectors =
      try mapping.readItems("node-selectors") { (item) throws(LegacyProblem) in
        try LabelSelector(reading: &item)
      } ?? []
    password = try mapping.readString("password")
    bfdProfile = try mapping.readString("bfd-profile")
    ebgpMultiHop = try mapping.readBool("ebgp-multihop") ?? false
  }
}

extension LabelSelector {
  fileprivate init(reading mapping: inout LegacyMapping) throws(LegacyProblem) {
    let labels = try mapping.readPairs("match-labels")
    let expressions = try mapping.readItems("match-expressions") {
      (item) throws(LegacyProblem) in
      Requirement(
        key: try item.readRequiredString("key"), operator: try item.readRequiredString("operator"),
        values: try item.readStrings("values"))
    }
    self.init(
      matchLabels: labels.map { Dictionary($0.map { ($0.key, $0.value) }) { $1 } },
      matchExpressions: expressions)
  }
}

extension LegacyBFDProfile {
  /// Reads one item of `bfd-profiles`.
  init(reading mapping: inout LegacyMapping) throws(LegacyProblem) {
    self.init(name: try mapping.readRequiredString("name"))
    receiveInterval = try mapping.readInteger("receive-interval")
    transmitInterval = try mapping.readInteger("transmit-interval")
    detectMultiplier = try mapping.readInteger("detect-multiplier")
    echoInterval = try mapping.readInteger("echo-interval")
    echoMode = try mapping.readBool("echo-mode")
    passiveMode = try mapping.readBool("passive-mode")
    minimumTTL = try mapping.readInteger("minimum-ttl")
  }
}
