package import ClusterConfiguration
package import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// A change of the configuration that somebody thinks of.
package enum ConfigurationChange: Sendable, Hashable {
  /// An object as it would be applied.
  case put(JSONValue)
  /// The kind as it is written in manifests, in any case, or its plural.
  case delete(kind: String, name: String)
}

/// Why a change cannot be thought through.
package enum ConfigurationChangeError: Error, Hashable {
  case missingKind
  case unknownKind(String)
  case unreadable(kind: String, name: String, reason: String)
  /// It is to be deleted and is not there.
  case notFound(kind: String, name: String)
  /// Objects elsewhere than in MetalLB's namespace configure nothing.
  case otherNamespace(kind: String, name: String, namespace: String)
  /// MetalLB objects of another name install nothing.
  case otherName(String)
}

extension ConfigurationSources {
  /// Makes the change. What stays of a stored object is its age, which decides its rank.
  ///
  /// - Parameter namespace: MetalLB's own.
  package mutating func apply(
    _ change: ConfigurationChange, namespace: String
  ) throws(ConfigurationChangeError) {
    switch change {
    case .put(let object):
      guard let kind = object["kind"]?.stringValue else { throw .missingKind }
      switch kind {
      case "IPAddressPool": try put(IPAddressPool.self, object, namespace, \.ipAddressPools)
      case "L2Advertisement": try put(L2Advertisement.self, object, namespace, \.l2Advertisements)
      case "BGPAdvertisement":
        try put(BGPAdvertisement.self, object, namespace, \.bgpAdvertisements)
      case "BFDProfile": try put(BFDProfile.self, object, namespace, \.bfdProfiles)
      case "Community": try put(Community.self, object, namespace, \.communities)
      case "AddressPool": try put(AddressPool.self, object, namespace, \.addressPools)
      case "Namespace": try put(Namespace.self, object, "", \.namespaces)
      case "BGPPeer": try put(BGPPeer.self, object, namespace, \.knownPeers)
      case "ConfigMap": try put(ConfigMap.self, object, namespace, \.configMaps)
      default: throw .unknownKind(kind)
      }
    case .delete(let kind, let name):
      let key = NamespacedName(namespace: namespace, name: name)
      switch kind.lowercased() {
      case "ipaddresspool", "ipaddresspools": try delete(kind, key, \.ipAddressPools)
      case "l2advertisement", "l2advertisements": try delete(kind, key, \.l2Advertisements)
      case "bgpadvertisement", "bgpadvertisements": try delete(kind, key, \.bgpAdvertisements)
      case "bfdprofile", "bfdprofiles": try delete(kind, key, \.bfdProfiles)
      case "community", "communities": try delete(kind, key, \.communities)
      case "addresspool", "addresspools": try delete(kind, key, \.addressPools)
      case "namespace", "namespaces": try delete(kind, NamespacedName(name: name), \.namespaces)
      case "bgppeer", "bgppeers": try delete(kind, key, \.knownPeers)
      case "configmap", "configmaps": try delete(kind, key, \.configMaps)
      default: throw .unknownKind(kind)
      }
    }
  }

  private var knownPeers: [BGPPeer] {
    get { bgpPeers ?? [] }
    set { bgpPeers = newValue }
  }

  /// The one ConfigMap as a list.
  private var configMaps: [ConfigMap] {
    get { legacy.map { [$0] } ?? [] }
    set { legacy = newValue.last }
  }

  private mutating func put<R: KubernetesResource>(
    _ type: R.Type, _ object: JSONValue, _ namespace: String, _ kind: WritableKeyPath<Self, [R]>
  ) throws(ConfigurationChangeError) {
    let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
    var decoded: R
    do {
      decoded = try object.decode(R.self)
    } catch {
      throw .unreadable(kind: R.resource.kind, name: name, reason: "\(error)")
    }
    if R.resource.isNamespaced {
      let written = decoded.metadata.namespace ?? namespace
      guard written == namespace else {
        throw .otherNamespace(kind: R.resource.kind, name: name, namespace: written)
      }
      decoded.metadata.namespace = namespace
    }
    let stored = self[keyPath: kind].first { $0.namespacedName == decoded.namespacedName }
    decoded.metadata.creationTimestamp = stored?.metadata.creationTimestamp
    decoded.metadata.uid = stored?.metadata.uid
    put(decoded, in: kind)
  }

  private mutating func delete<R: KubernetesResource>(
    _ word: String, _ name: NamespacedName, _ kind: WritableKeyPath<Self, [R]>
  ) throws(ConfigurationChangeError) {
    guard self[keyPath: kind].contains(where: { $0.namespacedName == name }) else {
      throw .notFound(kind: word, name: name.name)
    }
    remove(name, from: kind)
  }
}

extension ConfigurationChangeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missingKind: "an object has no kind"
    case .unknownKind(let kind):
      "\(kind) does not configure addresses: give IPAddressPools, AddressPools, advertisements, BGPPeers, BFDProfiles, Communities, Namespaces, the MetalLB object or the ConfigMap"
    case .unreadable(let kind, let name, let reason): "\(kind) \(name): \(reason)"
    case .notFound(let kind, let name): "there is no \(kind) \"\(name)\" to delete"
    case .otherNamespace(let kind, let name, let namespace):
      "\(kind) \(name) is in namespace \(namespace), where it configures nothing"
    case .otherName(let name):
      "MetalLB \(name): only the object named \(MetalLB.singletonName) installs anything"
    }
  }
}
