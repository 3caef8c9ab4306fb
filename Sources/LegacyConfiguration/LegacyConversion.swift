package import KubernetesAPI
import KubernetesYAML
package import MetalLBAPI
import NetworkAddresses

/// The current kinds that a document of the ConfigMap era, and `AddressPool` objects, stand for.
///
/// Objects have the names and the order that upstream's converter gives them: peers `peer1`, `peer2`, …, advertisements
/// counted over all pools, pools with their own names, as far as those are names of objects.
package struct LegacyConversion: Sendable {
  package struct Options: Sendable, Hashable {
    /// Of all objects.
    package var namespace = "metallb-system"
    /// Puts passwords into Secrets that the peers refer to, and not into the peers.
    package var makesSecrets = false

    package init() {}
  }

  package private(set) var secrets: [Secret] = []
  package private(set) var peers: [BGPPeer] = []
  package private(set) var pools: [IPAddressPool] = []
  package private(set) var bgpAdvertisements: [BGPAdvertisement] = []
  package private(set) var l2Advertisements: [L2Advertisement] = []
  package private(set) var bfdProfiles: [BFDProfile] = []
  /// At most one object.
  package private(set) var communities: [Community] = []
  /// The new names of pools that could not keep theirs: Services that ask for them by name have to follow.
  package private(set) var renamedPools: [String: String] = [:]
  /// What was changed or deserves a look.
  package private(set) var notes: [String] = []

  private let options: Options

  /// - Parameters:
  ///   - document: read with whatever generation it is of. Peers keep the numbers of their entries.
  ///   - addressPools: objects besides it.
  /// - Throws: for a name that holds no letter, and for an AddressPool that cannot be said in a document.
  package init(
    _ document: LegacyDocument, addressPools: [AddressPool] = [], options: Options = Options()
  ) throws(LegacyProblem) {
    self.options = options
    var profileNames = ObjectNames("BFD profile")
    for profile in document.bfdProfiles {
      try add(profile, name: profileNames.name(for: profile.name, entry: .bfdProfile(profile.name)))
    }
    for peer in document.peers { add(peer, profiles: profileNames.names) }
    var poolNames = ObjectNames("pool")
    let objects = try LegacyDocument.addressPools(addressPools).pools
    for pool in document.pools + objects {
      try add(pool, name: poolNames.name(for: pool.name, entry: .pool(pool.name)))
    }
    renamedPools = poolNames.names.filter { $0.key != $0.value }
    if !document.communities.isEmpty {
      communities = [
        Community(
          metadata: metadata("communities"),
          spec: .init(
            communities: document.communities.sorted { $0.name < $1.name }
              .map { .init(name: $0.name, value: $0.value) }))
      ]
    }
    notes += profileNames.notes + poolNames.notes
  }

  /// All objects: one comment, then every object followed by `---`.
  package func yamlText() throws -> String {
    var text = "# Converted by metallb from the configuration of the ConfigMap era.\n"
    for object in try objects() { text += try object.yamlText() + "---\n" }
    return text
  }

  /// In the order in which they are printed.
  package func objects() throws -> [JSONValue] {
    var objects: [JSONValue] = []
    for object in secrets { objects.append(try object.jsonValue()) }
    for object in peers { objects.append(try object.jsonValue()) }
    for object in pools { objects.append(try object.jsonValue()) }
    for object in bgpAdvertisements { objects.append(try object.jsonValue()) }
    for object in l2Advertisements { objects.append(try object.jsonValue()) }
    for object in bfdProfiles { objects.append(try object.jsonValue()) }
    for object in communities { objects.append(try object.jsonValue()) }
    return objects
  }

  private func metadata(_ name: String) -> ObjectMeta {
    ObjectMeta(name: name, namespace: options.namespace)
  }

  private mutating func add(_ profile: LegacyBFDProfile, name: String) {
    var object = profile.bfdProfile(namespace: options.namespace)
    object.metadata.name = name
    object.spec?.echoMode = profile.echoMode ?? false
    object.spec?.passiveMode = profile.passiveMode ?? false
    bfdProfiles.append(object)
  }

  private mutating func add(_ peer: LegacyPeer, profiles: [String: String]) {
    let name = "peer\(peer.index + 1)"
    var object = peer.bgpPeer(name: name, namespace: options.namespace)
    object.spec.bfdProfile = object.spec.bfdProfile.map { profiles[$0] ?? $0 }
    if options.makesSecrets, let password = object.spec.password, !password.isEmpty {
      let secret = "\(name)-password"
      secrets.append(
        Secret(
          metadata: metadata(secret), type: "kubernetes.io/basic-auth",
          data: ["password": encodeBase64(Array(password.utf8))]))
      object.spec.password = nil
      object.spec.passwordSecret = SecretReference(name: secret)
    }
    peers.append(object)
  }

  private mutating func add(_ pool: LegacyPool, name: String) {
    var object = pool.ipAddressPool(namespace: options.namespace)
    object.metadata.name = name
    // Upstream takes no single addresses.
    object.spec.addresses = object.spec.addresses.map { entry in
      IPAddress(entry).map { "\(entry)/\($0.family.bitWidth)" } ?? entry
    }
    pools.append(object)
    switch (pool.protocol, pool.advertisements) {
    case (.layer2, _):
      var spec = L2Advertisement.Spec()
      spec.ipAddressPools = [name]
      l2Advertisements.append(
        L2Advertisement(
          metadata: metadata("l2advertisement\(l2Advertisements.count + 1)"), spec: spec))
    case (.bgp, .standard): add(LegacyAdvertisement(), pool: name)
    case (.bgp, .listed(let entries)):
      for entry in entries { add(entry, pool: name) }
    case (.bgp, .none):
      notes.append(
        "pool \"\(pool.name)\" has no advertisements, so that nobody announces its addresses, as before"
      )
    }
  }

  private mutating func add(_ entry: LegacyAdvertisement, pool: String) {
    bgpAdvertisements.append(
      entry.bgpAdvertisement(
        name: "bgpadvertisement\(bgpAdvertisements.count + 1)", pool: pool,
        namespace: options.namespace))
  }
}

extension LegacyDocument {
  /// The names of the objects that entries of one kind become, by the names of the entries.
  package static func objectNames(_ names: [String]) -> [String: String] {
    var result = ObjectNames("entry")
    // What stands there twice, or can have no name, has no object.
    for name in names { _ = try? result.name(for: name, entry: .document) }
    return result.names
  }

  /// The name of the object that an entry alone would become; nil for one without a letter.
  package static func objectName(_ name: String) -> String? { objectNames([name])[name] }
}

/// Gives entries of one kind names that objects may have.
private struct ObjectNames {
  let kind: String
  /// New names by old ones.
  private(set) var names: [String: String] = [:]
  private(set) var notes: [String] = []
  private var taken: Set<String> = []

  init(_ kind: String) { self.kind = kind }

  /// A name that begins with a letter, ends with a letter or digit and holds these, `-` and `.` between, in lower case
  /// and of at most 63 characters, stays as it is.
  /// - Throws: for a name without a letter, and for one that stands there twice.
  mutating func name(
    for old: String, entry: LegacyProblem.Entry
  ) throws(LegacyProblem) -> String {
    guard names[old] == nil else {
      throw LegacyProblem(
        .conflictingKeys, entry: entry, path: "name",
        message: "\(kind) \"\(old)\" stands there twice: rename one of them")
    }
    var characters = old.lowercased().prefix(63).map { character -> Character in
      character.isNameCharacter || character == "." ? character : "-"
    }
    characters.removeFirst(characters.prefix { !("a"..."z" ~= $0) }.count)
    while let last = characters.last, !last.isNameCharacter || last == "-" {
      characters.removeLast()
    }
    guard !characters.isEmpty else {
      throw LegacyProblem(
        .invalidValue, entry: entry, path: "name",
        message: "\(kind) \"\(old)\" has no letter in its name: rename it")
    }
    let base = String(characters)
    var name = base
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(base.prefix(60))-\(number)"
      number += 1
    }
    names[old] = name
    if name != old { notes.append("\(kind) \"\(old)\" is now named \"\(name)\"") }
    return name
  }
}

extension Character {
  fileprivate var isNameCharacter: Bool {
    "a"..."z" ~= self || "0"..."9" ~= self || self == "-"
  }
}
