package import KubernetesAPI

/// The object, or the entry of the ConfigMap `config`, that says something about the configuration.
package struct ConfigurationObject: Sendable, Hashable {
  /// The object in the API: where an event about it goes.
  package var reference: ObjectReference
  /// The part of a ConfigMap: `address-pools "gold"`.
  package var entry: String?

  package init(reference: ObjectReference, entry: String? = nil) {
    self.reference = reference
    self.entry = entry
  }
}

extension ConfigurationObject {
  /// Whether it is an entry of the ConfigMap, and no object of its own.
  var isConfigMap: Bool { reference.kind == "ConfigMap" }
}

extension ConfigurationObject: CustomStringConvertible {
  /// `IPAddressPool metallb-system/gold`, `ConfigMap metallb-system/config, address-pools "gold"`
  package var description: String {
    let name = NamespacedName(namespace: reference.namespace ?? "", name: reference.name ?? "")
    let object = "\(reference.kind ?? "object") \(name)"
    return entry.map { "\(object), \($0)" } ?? object
  }
}

/// What is wrong with one object, seen alone or beside the others.
package struct ConfigurationFault: Error, Hashable {
  /// The closed list of reasons, used in events, conditions and metrics.
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    case missingName = "MissingName"
    case noAddresses = "NoAddresses"
    case invalidAddress = "InvalidAddress"
    case overlappingAddresses = "OverlappingAddresses"
    case duplicateName = "DuplicateName"
    case duplicateNamespace = "DuplicateNamespace"
    case duplicatePool = "DuplicatePool"
    case duplicateSelector = "DuplicateSelector"
    case invalidSelector = "InvalidSelector"
    case invalidWeight = "InvalidWeight"
    /// A peer or community that stands in an advertisement twice.
    case duplicateEntry = "DuplicateEntry"
    case invalidAggregationLength = "InvalidAggregationLength"
    case conflictingLocalPref = "ConflictingLocalPref"
    case invalidCommunity = "InvalidCommunity"
    case unknownCommunity = "UnknownCommunity"
    case duplicateCommunity = "DuplicateCommunity"
    case invalidASN = "InvalidASN"
    case invalidPeerAddress = "InvalidPeerAddress"
    case invalidRouterID = "InvalidRouterID"
    case invalidTimer = "InvalidTimer"
    case invalidPassword = "InvalidPassword"
    case secretNotFound = "SecretNotFound"
    case invalidSecret = "InvalidSecret"
    case invalidBFDProfile = "InvalidBFDProfile"
    case unknownBFDProfile = "UnknownBFDProfile"
    /// BFD echo towards a peer that is told of IPv6 addresses, which FRR does not do.
    case echoWithIPv6 = "EchoWithIPv6"
    /// Two peers that the backend cannot have on one node.
    case conflictingPeers = "ConflictingPeers"
    /// The BGP advertisements of an AddressPool.
    case invalidAdvertisement = "InvalidAdvertisement"
    /// The ConfigMap's text: no YAML, an unknown key, a wrong type…
    case invalidDocument = "InvalidDocument"
    /// The ConfigMap has been deleted, and with it what no object says.
    case configMapGone = "ConfigMapGone"
  }

  /// Whether it is about an object that is referred to and not there: it may come later, as objects are created in any
  /// order.
  package var isMissingReference: Bool {
    switch reason {
    case .unknownCommunity, .unknownBFDProfile, .secretNotFound: true
    default: false
    }
  }

  /// Whether it ends by itself where all is well: the operator puts the ConfigMap back at once, objects that stand for
  /// it are on their way, or the whole installation is being removed, and this process with it.
  package var isPassing: Bool { reason == .configMapGone }

  package var reason: Reason
  /// `spec.addresses[1]`, or the place in the ConfigMap's text.
  package var field: String
  /// What is wrong and how to mend it.
  package var message: String

  package init(_ reason: Reason, field: String, _ message: String) {
    self.reason = reason
    self.field = field
    self.message = message
  }
}

extension ConfigurationFault: CustomStringConvertible {
  package var description: String { field.isEmpty ? message : "\(field): \(message)" }
}

/// An object that is not taken as it stands.
package struct ConfigurationProblem: Sendable, Hashable {
  /// What stays in force for the object.
  package enum Consequence: Sendable, Hashable {
    /// The last version of the object that was valid.
    case lastValidVersion
    /// Nothing: there is no such version, or what came before it in rank excludes that one too.
    case excluded
    /// All of the object, except for this pool.
    case exceptPool(String)
  }

  package var object: ConfigurationObject
  package var fault: ConfigurationFault
  package var consequence: Consequence
  /// Whether addresses may be missing from the configuration because of it.
  package var concernsPools: Bool

  package init(
    object: ConfigurationObject, fault: ConfigurationFault, consequence: Consequence,
    concernsPools: Bool
  ) {
    self.object = object
    self.fault = fault
    self.consequence = consequence
    self.concernsPools = concernsPools
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  /// One line for conditions, events and logs.
  package var description: String {
    let consequence =
      switch self.consequence {
      case .lastValidVersion: "its last valid version stays in force"
      case .excluded: "it is left out"
      case .exceptPool(let pool): "pool \"\(pool)\" is left out of it"
      }
    return "\(object): \(fault) (\(consequence))"
  }
}

/// Something that is allowed and most likely a mistake.
package struct ConfigurationWarning: Sendable, Hashable {
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// An advertisement names a pool that does not exist.
    case unknownPool = "UnknownPool"
    /// An advertisement names a peer that does not exist.
    case unknownPeer = "UnknownPeer"
    /// There is nobody to announce to.
    case noPeer = "NoPeer"
    /// An advertisement names an interface that a node does not have, and others that it has.
    case unknownInterface = "UnknownInterface"
    /// An advertisement selects a node that has none of the interfaces that it names.
    case noInterface = "NoInterface"
    /// Selectors of an advertisement match no pool.
    case noPoolSelected = "NoPoolSelected"
    /// Selectors of an advertisement match no node.
    case noNodeSelected = "NoNodeSelected"
    /// Addresses of the pool are given out and nobody announces them, or only an entry of the ConfigMap does.
    case poolNotAdvertised = "PoolNotAdvertised"
    /// An entry of the ConfigMap, or an AddressPool, says the same as an object.
    case saidTwice = "SaidTwice"
  }

  package var object: ConfigurationObject
  package var reason: Reason
  package var message: String

  package init(object: ConfigurationObject, reason: Reason, _ message: String) {
    self.object = object
    self.reason = reason
    self.message = message
  }
}

extension ConfigurationWarning: CustomStringConvertible {
  package var description: String { "\(object): \(message)" }
}

extension ConfigurationWarning {
  static func saidTwice(by entry: ConfigurationObject, and object: ConfigurationObject) -> Self {
    ConfigurationWarning(
      object: object, reason: .saidTwice,
      "\(entry) says the same: both count as one, and this one stays when that one goes")
  }
}
