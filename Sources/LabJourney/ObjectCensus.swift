internal import KubernetesAPI
internal import KubernetesClient

/// Every object of the cluster at one moment, as far as it matters to what an uninstallation must
/// not leave behind.
struct ObjectCensus: Sendable, Hashable {
  struct Entry: Sendable, Hashable, Comparable, CustomStringConvertible {
    var kind: String
    var name: NamespacedName
    var uid: String

    static func < (left: Entry, right: Entry) -> Bool {
      (left.kind, left.name) < (right.kind, right.name)
    }

    var description: String { "\(kind) \(name)" }
  }

  var entries: Set<Entry> = []
  /// Objects with the label that names what an installation made.
  var labelled: Set<Entry> = []
  /// Objects that name one owner.
  var owned: Set<Entry> = []

  /// Kinds that record what happened rather than be something.
  static let ignoredKinds: Set<String> = ["Event"]

  /// Lists every kind that the API server offers.
  ///
  /// - Parameters:
  ///   - label: which label counts for `labelled`.
  ///   - owner: the uid that counts for `owned`.
  static func take(
    _ client: APIClient, label: String, owner: String?
  ) async throws -> ObjectCensus {
    var census = ObjectCensus()
    for kind in try await kinds(client) {
      let list: JSONList
      do {
        list = try await client.list(kind, options: ListOptions(isMetadataOnly: true))
      } catch let error as KubernetesError where error.isNotFound {
        continue  // a kind that went away meanwhile
      }
      for item in list.items {
        let metadata = try item["metadata"]?.decode(ObjectMeta.self) ?? ObjectMeta()
        let entry = Entry(
          kind: kind.kind, name: metadata.namespacedName, uid: metadata.uid ?? "")
        census.entries.insert(entry)
        if metadata.labels[label] != nil { census.labelled.insert(entry) }
        if let owner, metadata.ownerReferences.contains(where: { $0.uid == owner }) {
          census.owned.insert(entry)
        }
      }
    }
    return census
  }

  /// The kinds that can be listed, each in one version.
  static func kinds(_ client: APIClient) async throws -> [ResourceKind] {
    var documents = [try await client.json("/api/v1")]
    for group in try await client.json("/apis")["groups"]?.arrayValue ?? [] {
      if let version = group[path: ["preferredVersion", "groupVersion"]]?.stringValue {
        documents.append(try await client.json("/apis/\(version)"))
      }
    }
    return documents.flatMap(kinds(inDiscovery:)).filter { !ignoredKinds.contains($0.kind) }
  }

  /// Reads an `APIResourceList`.
  static func kinds(inDiscovery document: JSONValue) -> [ResourceKind] {
    let parts = (document["groupVersion"]?.stringValue ?? "").split(separator: "/").map(String.init)
    guard let version = parts.last else { return [] }
    return (document["resources"]?.arrayValue ?? []).compactMap { resource in
      let verbs = (resource["verbs"]?.arrayValue ?? []).compactMap(\.stringValue)
      guard let name = resource["name"]?.stringValue, !name.contains("/"), verbs.contains("list"),
        let kind = resource["kind"]?.stringValue
      else { return nil }
      return ResourceKind(
        group: parts.count > 1 ? parts[0] : "", version: version, kind: kind, plural: name,
        isNamespaced: resource["namespaced"]?.boolValue ?? false)
    }
  }
}
