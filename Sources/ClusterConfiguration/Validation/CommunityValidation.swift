import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

/// Names for communities, as one object or the ConfigMap gives them.
struct CommunityNames: Sendable, Hashable {
  /// In the order written.
  var names: [String] = []
  var values: [String: BGPCommunity] = [:]

  /// - Throws: the first fault, in the order of the entries.
  init(_ community: Community) throws(ConfigurationFault) {
    try self.init(
      (community.spec?.communities ?? []).map { ($0.name ?? "", $0.value ?? "") },
      field: { "spec.communities[\($0)]" })
  }

  /// - Throws: the first fault, in the order of the entries.
  init(_ communities: [LegacyCommunity]) throws(ConfigurationFault) {
    try self.init(
      communities.map { ($0.name, $0.value) },
      field: { "bgp-communities.\(communities[$0].name)" })
  }

  private init(
    _ entries: [(name: String, value: String)], field: (Int) -> String
  ) throws(ConfigurationFault) {
    for (index, entry) in entries.enumerated() {
      let value: BGPCommunity
      do {
        value = try BGPCommunity(entry.value)
      } catch {
        throw ConfigurationFault(
          .invalidCommunity, field: field(index),
          "\"\(entry.value)\" of \"\(entry.name)\": \(error)")
      }
      guard values.updateValue(value, forKey: entry.name) == nil else {
        throw Self.duplicate(entry.name, field: field(index), of: "")
      }
      names.append(entry.name)
    }
  }

  static func duplicate(_ name: String, field: String, of owner: String) -> ConfigurationFault {
    ConfigurationFault(
      .duplicateCommunity, field: field,
      "duplicate definition of community \"\(name)\"\(owner): remove one of them")
  }
}
