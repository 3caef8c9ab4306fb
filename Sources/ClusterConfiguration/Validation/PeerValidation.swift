import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI
import NetworkAddresses

extension ConfiguredPeer {
  /// What a peer may refer to.
  struct References {
    var profiles: [String: ConfiguredBFDProfile]
    /// By name; nil where passwords are not read.
    var secrets: [String: Secret]?
  }

  /// Checks everything about a peer that does not depend on other peers, and resolves its references.
  /// - Throws: the first fault, in the order of the rules.
  init(_ peer: BGPPeer, _ references: References) throws(ConfigurationFault) {
    let spec = peer.spec
    name = peer.metadata.name
    source = ConfigurationObject(peer)
    guard spec.myASN > 0 else {
      throw ConfigurationFault(
        .invalidASN, field: "spec.myASN", "the local AS number is missing: write one from 1 on")
    }
    myASN = spec.myASN
    peerASN = try Self.peerASN(of: spec)
    if peerASN == .number(spec.myASN), spec.ebgpMultiHop == true {
      throw ConfigurationFault(
        .invalidASN, field: "spec.ebgpMultiHop",
        "the peer has our own AS number, and ebgpMultiHop is for others: remove it")
    }
    localASN = spec.localASN
    endpoint = try Self.endpoint(of: spec)
    vrf = spec.vrf ?? ""
    port = spec.peerPort.flatMap { $0 == 0 ? nil : $0 } ?? 179
    routerID = nil
    if let text = spec.routerID, !text.isEmpty {
      guard case .v4(let id)? = IPAddress(text) else {
        throw ConfigurationFault(
          .invalidRouterID, field: "spec.routerID",
          "invalid router ID \"\(text)\": write an IPv4 address")
      }
      routerID = id
    }
    sourceAddress = nil
    if let text = spec.sourceAddress, !text.isEmpty {
      guard let address = IPAddress(text) else {
        throw ConfigurationFault(
          .invalidPeerAddress, field: "spec.sourceAddress",
          "invalid source address \"\(text)\": write an IP address")
      }
      sourceAddress = address
    }
    timers = try Timers(spec)
    nodeSelectors = spec.nodeSelectors ?? []
    try SelectorValidation.check(nodeSelectors, field: "spec.nodeSelectors")
    (password, passwordSecret) = try Self.password(of: spec, references.secrets)
    bfdProfile = nil
    if let name = spec.bfdProfile, !name.isEmpty {
      guard let profile = references.profiles[name] else {
        throw ConfigurationFault(
          .unknownBFDProfile, field: "spec.bfdProfile",
          "there is no BFDProfile \"\(name)\": correct the name, or create it")
      }
      bfdProfile = profile
    }
    usesGracefulRestart = spec.enableGracefulRestart ?? false
    ebgpMultiHop = spec.ebgpMultiHop ?? false
    dualStackAddressFamily = spec.dualStackAddressFamily ?? false
  }

  /// An entry of the ConfigMap, which has default timers.
  init(
    _ peer: LegacyPeer, name: String, source: ConfigurationObject, _ references: References
  ) throws(ConfigurationFault) {
    do {
      try self.init(
        BGPPeer(metadata: ObjectMeta(name: name), spec: BGPPeer.Spec(peer)), references)
    } catch {
      throw ConfigurationFault(
        error.reason, field: error.field.replacing("spec.", with: ""), error.message)
    }
    self.source = source
  }

  private static func peerASN(of spec: BGPPeer.Spec) throws(ConfigurationFault) -> PeerASN {
    let number = spec.peerASN ?? 0
    switch spec.dynamicASN ?? "" {
    case "":
      guard number > 0 else {
        throw ConfigurationFault(
          .invalidASN, field: "spec.peerASN",
          "the peer's AS number is missing: write peerASN or dynamicASN")
      }
      return .number(number)
    case let word where number > 0:
      throw ConfigurationFault(
        .invalidASN, field: "spec.dynamicASN",
        "peerASN \(number) and dynamicASN \"\(word)\" exclude each other: remove one of them")
    case "internal": return .internal
    case "external": return .external
    case let word:
      throw ConfigurationFault(
        .invalidASN, field: "spec.dynamicASN",
        "\"\(word)\" is no kind of AS number: write internal or external")
    }
  }

  private static func endpoint(of spec: BGPPeer.Spec) throws(ConfigurationFault) -> Endpoint {
    switch (spec.peerAddress ?? "", spec.interface ?? "") {
    case ("", ""):
      throw ConfigurationFault(
        .invalidPeerAddress, field: "spec.peerAddress",
        "invalid BGPPeer address: it is missing: write peerAddress, or interface for an unnumbered session"
      )
    case ("", let interface): return .interface(interface)
    case (let text, ""):
      guard let address = IPAddress(text) else {
        throw ConfigurationFault(
          .invalidPeerAddress, field: "spec.peerAddress",
          "invalid BGPPeer address \"\(text)\": write an IP address, names are not looked up")
      }
      return .address(address)
    case (_, _):
      throw ConfigurationFault(
        .invalidPeerAddress, field: "spec.interface",
        "invalid BGPPeer address: peerAddress and interface exclude each other: remove one of them")
    }
  }

  private static func password(
    of spec: BGPPeer.Spec, _ secrets: [String: Secret]?
  ) throws(ConfigurationFault) -> (BGPPassword?, String?) {
    let inline = (spec.password ?? "").isEmpty ? nil : spec.password.map { BGPPassword($0) }
    guard let name = spec.passwordSecret?.name, !name.isEmpty else { return (inline, nil) }
    let field = "spec.passwordSecret"
    guard inline == nil else {
      throw ConfigurationFault(
        .invalidPassword, field: field,
        "password and passwordSecret exclude each other: remove one of them")
    }
    guard let secrets else { return (nil, name) }
    guard let secret = secrets[name] else {
      throw ConfigurationFault(
        .secretNotFound, field: field,
        "there is no Secret \"\(name)\" in MetalLB's namespace: correct the name, or create it")
    }
    guard secret.type == "kubernetes.io/basic-auth" else {
      throw ConfigurationFault(
        .invalidSecret, field: field,
        "Secret \"\(name)\" is of type \(secret.type ?? "Opaque"): create one of type kubernetes.io/basic-auth"
      )
    }
    guard let text = secret.value("password") else {
      throw ConfigurationFault(
        .invalidSecret, field: field, "Secret \"\(name)\" lacks the key password: add it")
    }
    return (BGPPassword(String(decoding: text, as: UTF8.self)), name)
  }
}

extension ConfiguredPeer.Timers {
  fileprivate init(_ spec: BGPPeer.Spec) throws(ConfigurationFault) {
    hold = try Self.seconds(spec.holdTime, field: "spec.holdTime")
    keepalive = try Self.seconds(spec.keepaliveTime, field: "spec.keepaliveTime")
    // RFC 4271 §4.2: zero or at least three seconds, in 16 bits.
    if let hold, hold != .zero, !(.seconds(3) ... .seconds(65_535) ~= hold) {
      throw ConfigurationFault(
        .invalidTimer, field: "spec.holdTime",
        "invalid hold time \(hold.goText): write 0s, or 3s to 65535s")
    }
    if let hold, let keepalive, keepalive > hold {
      throw ConfigurationFault(
        .invalidTimer, field: "spec.keepaliveTime",
        "invalid keepalive time \(keepalive.goText): it must be at most the hold time, \(hold.goText)"
      )
    }
    if let hold, keepalive == nil { keepalive = .seconds(hold.components.seconds / 3) }
    if let keepalive, hold == nil {
      guard keepalive <= .seconds(21_845) else {
        throw ConfigurationFault(
          .invalidTimer, field: "spec.keepaliveTime",
          "invalid keepalive time \(keepalive.goText): write at most 21845s")
      }
      hold = keepalive * 3
    }
    connect = try Self.connectTime(spec.connectTime)
  }

  private static func connectTime(_ text: String?) throws(ConfigurationFault) -> Duration? {
    guard let text, !text.isEmpty else { return nil }
    guard let duration = Duration(goText: text), .seconds(1) ... .seconds(65_535) ~= duration,
      duration.components.attoseconds == 0
    else {
      throw ConfigurationFault(
        .invalidTimer, field: "spec.connectTime",
        "invalid connect time \"\(text)\": write whole seconds, 1s to 65535s")
    }
    return duration
  }

  /// Truncated to whole seconds.
  private static func seconds(
    _ text: String?, field: String
  ) throws(ConfigurationFault) -> Duration? {
    guard let text, !text.isEmpty else { return nil }
    guard let duration = Duration(goText: text), duration >= .zero else {
      throw ConfigurationFault(
        .invalidTimer, field: field, "\"\(text)\" is not a duration: write one such as 90s")
    }
    return .seconds(duration.components.seconds)
  }
}

extension BGPPeer.Spec {
  /// The kind that the entry stands for. Its timers are those of its era.
  fileprivate init(_ peer: LegacyPeer) {
    self = peer.bgpPeer(name: "", namespace: "").spec
  }
}
