package import ClusterConfiguration
import KubernetesAPI
package import KubernetesClient
import KubernetesYAML
package import LegacyConfiguration
import MetalLBAPI

/// What there is to convert: the configuration of the ConfigMap era, from files or from a cluster.
package struct ConversionInput: Sendable {
  /// Where the ConfigMap was found; nil when nothing says so.
  package private(set) var namespace: String?
  private var document: String?
  private var addressPools: [AddressPool] = []
  private var bgpPeers: [BGPPeer] = []
  private var services: [Service] = []
  private var notes: [String] = []

  /// Reads manifests: one ConfigMap with the key `config`, AddressPools, and Services that may ask for pools by name.
  package init(manifests text: String) throws {
    for object in try JSONValue.documents(yaml: text).flatMap(\.listItems) {
      let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
      switch object["kind"]?.stringValue {
      case "ConfigMap":
        guard document == nil else { throw ConversionError.severalConfigMaps }
        guard let data = object[path: ["data", LegacyDocument.dataKey]]?.stringValue else {
          throw ConversionError.missingKey(configMap: name)
        }
        document = data
        namespace = object[path: ["metadata", "namespace"]]?.stringValue
      case "AddressPool": addressPools.append(try object.decode(AddressPool.self))
      case "Service": services.append(try object.decode(Service.self))
      case let kind: notes.append("\(kind ?? "an object without kind") \(name) is not converted")
      }
    }
    guard document != nil || !addressPools.isEmpty else { throw ConversionError.nothingToConvert }
    if document == nil { namespace = addressPools.first?.metadata.namespace }
  }

  /// Takes the text that stands under the ConfigMap's key.
  package init(data: String) { document = data }

  /// Reads a live cluster: the ConfigMap, unless the operator rendered it, AddressPools, the peers that are objects
  /// already, and all Services.
  package init(reading client: APIClient, namespace: String) async throws {
    let configMap = try await client.find(
      ConfigMap.self, LegacyDocument.configMapName, namespace: namespace)
    if let configMap, configMap.metadata.labels[LegacyDocument.renderedByLabel] == nil {
      guard let data = configMap.data?[LegacyDocument.dataKey] else {
        throw ConversionError.missingKey(configMap: LegacyDocument.configMapName)
      }
      document = data
    }
    do {
      addressPools = try await client.list(AddressPool.self, namespace: namespace).items
    } catch let error as KubernetesError where error.isNotFound {
      addressPools = []
    }
    do {
      bgpPeers = try await client.list(BGPPeer.self, namespace: namespace).items
    } catch let error as KubernetesError where error.isNotFound {
      bgpPeers = []
    }
    services = try await client.list(Service.self).items
    self.namespace = namespace
    guard document != nil || !addressPools.isEmpty else { throw ConversionError.nothingToConvert }
  }

  /// Converts, and checks that the result is valid and means the same.
  /// - Throws: ``ConversionError`` with everything that is wrong.
  package func convert(_ options: LegacyConversion.Options) throws -> ConversionResult {
    let reading =
      document.map { LegacyDocument.read($0, skipsUnknownKeys: true) }
      ?? LegacyReading(document: LegacyDocument())
    guard reading.problems.isEmpty else {
      throw ConversionError.faults(reading.problems.map(\.description))
    }
    let (document, addressPools, omissions) = rest(of: reading.document)
    let conversion: LegacyConversion
    do {
      conversion = try LegacyConversion(document, addressPools: addressPools, options: options)
    } catch {
      throw ConversionError.faults(["\(error)"])
    }
    var assembler = ConfigurationAssembler()
    let problems = assembler.assemble(ConfigurationSources(conversion)).problems
    guard problems.isEmpty else {
      throw ConversionError.faults(problems.map { "\($0.object): \($0.fault)" })
    }
    var messages =
      notes + omissions + reading.skippedKeys.map { "\($0); it is left out" } + conversion.notes
    for service in services.sorted(by: { $0.namespacedName < $1.namespacedName }) {
      for key in ["metallb.io/address-pool", "metallb.universe.tf/address-pool"] {
        guard let pool = service.metadata.annotations[key],
          let renamed = conversion.renamedPools[pool]
        else { continue }
        messages.append(
          "service \(service.namespacedName) asks for pool \"\(pool)\": change its annotation \(key) to \"\(renamed)\""
        )
      }
    }
    return ConversionResult(
      conversion: conversion, yaml: try conversion.yamlText(), messages: messages)
  }
}

extension ConversionInput {
  /// What is to be converted: an AddressPool that says the same as an entry is one with it, and an entry that says the
  /// same as a BGPPeer of the cluster has its object.
  private func rest(of document: LegacyDocument) -> (LegacyDocument, [AddressPool], notes: [String])
  {
    guard let text = self.document else { return (document, addressPools, []) }
    var assembler = ConfigurationAssembler()
    let assessment = assembler.assemble(
      ConfigurationSources(
        bgpPeers: bgpPeers,
        legacy: ConfigMap(metadata: ObjectMeta(), data: [LegacyDocument.dataKey: text]),
        addressPools: addressPools))
    let twice = assessment.warnings.filter { $0.reason == .saidTwice }.map(\.object.reference)
    let needed = Set(
      assessment.configuration.peers.compactMap(\.source.entry)
        + assessment.problems.compactMap(\.object.entry))
    var rest = document
    rest.peers.removeAll { !needed.contains("peers[\($0.index)]") }
    let notes = document.peers.filter { !rest.peers.contains($0) }
      .map { "\($0) is a BGPPeer already; it is left out" }
    let pools = addressPools.filter { pool in
      !twice.contains { $0.kind == "AddressPool" && $0.name == pool.metadata.name }
    }
    return (rest, pools, notes)
  }
}

package struct ConversionResult: Sendable {
  package var conversion: LegacyConversion
  package var yaml: String
  /// What was changed, skipped, or has to be done by hand.
  package var messages: [String]
}

/// Why nothing is converted.
package enum ConversionError: Error, Hashable, CustomStringConvertible {
  case nothingToConvert
  case severalConfigMaps
  case missingKey(configMap: String)
  case faults([String])

  package var description: String {
    switch self {
    case .nothingToConvert: "there is neither a ConfigMap nor an AddressPool to convert"
    case .severalConfigMaps: "there is more than one ConfigMap: give one"
    case .missingKey(let name):
      "ConfigMap \(name) has no data key \"\(LegacyDocument.dataKey)\""
    case .faults(let faults): faults.joined(separator: "\n")
    }
  }
}

extension ConfigurationSources {
  /// The converted objects and nothing else.
  package init(_ conversion: LegacyConversion) {
    self.init(
      ipAddressPools: conversion.pools, l2Advertisements: conversion.l2Advertisements,
      bgpAdvertisements: conversion.bgpAdvertisements, bgpPeers: conversion.peers,
      bfdProfiles: conversion.bfdProfiles, communities: conversion.communities,
      secrets: Dictionary(conversion.secrets.map { ($0.metadata.name, $0) }) { first, _ in first })
  }
}

extension JSONValue {
  /// The items of a `List`, or the object itself.
  fileprivate var listItems: [JSONValue] {
    self["kind"]?.stringValue == "List" ? self["items"]?.arrayValue ?? [] : [self]
  }
}
