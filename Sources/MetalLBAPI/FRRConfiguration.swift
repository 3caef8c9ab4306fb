package import KubernetesAPI

/// The API group of frr-k8s.
package let frrK8sGroup = "frrk8s.metallb.io"

/// `frrk8s.metallb.io/v1beta1 FRRConfiguration`: what the frr-k8s daemons of some nodes configure. The speaker writes
/// one for its node in the frr-k8s modes. The fields are those of the schema in `crds/`; a newer frr-k8s may have
/// more, which the schema preserves and this type never writes.
package struct FRRConfiguration: KubernetesResource {
  package static let resource = ResourceKind(
    group: frrK8sGroup, version: "v1beta1", kind: "FRRConfiguration", plural: "frrconfigurations")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var bgp: BGP?
    package var raw: Raw?
    /// The nodes that take it; absent means all.
    package var nodeSelector: LabelSelector?

    package init(bgp: BGP? = nil, nodeSelector: LabelSelector? = nil) {
      self.bgp = bgp
      self.nodeSelector = nodeSelector
    }
  }

  package struct BGP: Codable, Sendable, Hashable {
    package var routers: [Router]?
    package var bfdProfiles: [BFDProfile]?

    package init(routers: [Router]? = nil, bfdProfiles: [BFDProfile]? = nil) {
      self.routers = routers
      self.bfdProfiles = bfdProfiles
    }
  }

  /// One BGP instance: at most one for each VRF.
  package struct Router: Codable, Sendable, Hashable {
    package var asn: UInt32
    package var id: String?
    package var vrf: String?
    package var neighbors: [Neighbor]?
    /// All prefixes that neighbors may be told of.
    package var prefixes: [String]?
    package var imports: [Import]?

    package init(asn: UInt32) { self.asn = asn }
  }

  package struct Import: Codable, Sendable, Hashable {
    package var vrf: String?

    package init(vrf: String) { self.vrf = vrf }
  }

  /// Durations are text as Go writes it.
  package struct Neighbor: Codable, Sendable, Hashable {
    package var asn: UInt32?
    /// `internal` or `external`.
    package var dynamicASN: String?
    package var localASN: UInt32?
    package var address: String?
    package var interface: String?
    package var sourceaddress: String?
    package var port: UInt16?
    /// A secret: never in logs, events or error text.
    package var password: String?
    package var passwordSecret: SecretReference?
    package var holdTime: String?
    package var keepaliveTime: String?
    package var connectTime: String?
    package var ebgpMultiHop: Bool?
    package var bfdProfile: String?
    package var enableGracefulRestart: Bool?
    package var dualStackAddressFamily: Bool?
    package var disableMP: Bool?
    package var toAdvertise: Advertise?
    package var toReceive: Receive?

    package init() {}
  }

  package struct Advertise: Codable, Sendable, Hashable {
    package var allowed: AllowedOutPrefixes?
    package var withLocalPref: [LocalPrefPrefixes]?
    package var withCommunity: [CommunityPrefixes]?

    package init() {}
  }

  package struct AllowedOutPrefixes: Codable, Sendable, Hashable {
    package var prefixes: [String]?
    /// `filtered` (the default) or `all`.
    package var mode: String?

    package init(prefixes: [String]? = nil, mode: String? = nil) {
      self.prefixes = prefixes
      self.mode = mode
    }
  }

  package struct LocalPrefPrefixes: Codable, Sendable, Hashable {
    package var localPref: UInt32?
    package var prefixes: [String]?

    package init(localPref: UInt32, prefixes: [String]) {
      self.localPref = localPref
      self.prefixes = prefixes
    }
  }

  package struct CommunityPrefixes: Codable, Sendable, Hashable {
    package var community: String?
    package var prefixes: [String]?

    package init(community: String, prefixes: [String]) {
      self.community = community
      self.prefixes = prefixes
    }
  }

  package struct Receive: Codable, Sendable, Hashable {
    package var allowed: AllowedInPrefixes?

    package init() {}
  }

  package struct AllowedInPrefixes: Codable, Sendable, Hashable {
    package var prefixes: [PrefixSelector]?
    package var mode: String?

    package init() {}
  }

  package struct PrefixSelector: Codable, Sendable, Hashable {
    package var prefix: String?
    package var le: UInt32?
    package var ge: UInt32?

    package init() {}
  }

  package struct BFDProfile: Codable, Sendable, Hashable {
    package var name: String
    package var receiveInterval: UInt32?
    package var transmitInterval: UInt32?
    package var detectMultiplier: UInt32?
    package var echoInterval: UInt32?
    package var echoMode: Bool?
    package var passiveMode: Bool?
    package var minimumTtl: UInt32?

    package init(name: String) { self.name = name }
  }

  package struct Raw: Codable, Sendable, Hashable {
    package var priority: Int?
    package var rawConfig: String?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}

/// Without the password, so that no log line ever holds it.
extension FRRConfiguration.Neighbor: CustomStringConvertible, CustomReflectable {
  package var description: String { "neighbor \(address ?? interface ?? "")" }
  package var customMirror: Mirror { Mirror(self, children: ["neighbor": description]) }
}
