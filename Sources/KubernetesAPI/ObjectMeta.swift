/// `metav1.ObjectMeta`, less `managedFields`: typed objects never carry those, so that stores stay
/// small. Who needs them reads the object as `JSONValue`.
package struct ObjectMeta: Sendable, Hashable {
  package var name: String
  package var generateName: String?
  /// `nil` for cluster-scoped objects.
  package var namespace: String?
  package var uid: String?
  package var resourceVersion: String?
  package var generation: Int64?
  package var creationTimestamp: Timestamp?
  package var deletionTimestamp: Timestamp?
  package var deletionGracePeriodSeconds: Int64?
  package var labels: [String: String]
  package var annotations: [String: String]
  package var ownerReferences: [OwnerReference]
  package var finalizers: [String]

  package init(
    name: String = "", generateName: String? = nil, namespace: String? = nil, uid: String? = nil,
    resourceVersion: String? = nil, generation: Int64? = nil, creationTimestamp: Timestamp? = nil,
    labels: [String: String] = [:], annotations: [String: String] = [:],
    ownerReferences: [OwnerReference] = [], finalizers: [String] = []
  ) {
    self.name = name
    self.generateName = generateName
    self.namespace = namespace
    self.uid = uid
    self.resourceVersion = resourceVersion
    self.generation = generation
    self.creationTimestamp = creationTimestamp
    self.labels = labels
    self.annotations = annotations
    self.ownerReferences = ownerReferences
    self.finalizers = finalizers
  }

  package var namespacedName: NamespacedName {
    NamespacedName(namespace: namespace ?? "", name: name)
  }
}

extension ObjectMeta: Codable {
  enum CodingKeys: String, CodingKey {
    case name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp
    case deletionTimestamp, deletionGracePeriodSeconds, labels, annotations, ownerReferences
    case finalizers
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
    generateName = try container.decodeIfPresent(String.self, forKey: .generateName)
    namespace = try container.decodeIfPresent(String.self, forKey: .namespace)
    uid = try container.decodeIfPresent(String.self, forKey: .uid)
    resourceVersion = try container.decodeIfPresent(String.self, forKey: .resourceVersion)
    generation = try container.decodeIfPresent(Int64.self, forKey: .generation)
    creationTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .creationTimestamp)
    deletionTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .deletionTimestamp)
    deletionGracePeriodSeconds = try container.decodeIfPresent(
      Int64.self, forKey: .deletionGracePeriodSeconds)
    labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
    ownerReferences =
      try container.decodeIfPresent([OwnerReference].self, forKey: .ownerReferences) ?? []
    finalizers = try container.decodeIfPresent([String].self, forKey: .finalizers) ?? []
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if !name.isEmpty { try container.encode(name, forKey: .name) }
    try container.encodeIfPresent(generateName, forKey: .generateName)
    try container.encodeIfPresent(namespace, forKey: .namespace)
    try container.encodeIfPresent(uid, forKey: .uid)
    try container.encodeIfPresent(resourceVersion, forKey: .resourceVersion)
    try container.encodeIfPresent(generation, forKey: .generation)
    try container.encodeIfPresent(creationTimestamp, forKey: .creationTimestamp)
    try container.encodeIfPresent(deletionTimestamp, forKey: .deletionTimestamp)
    try container.encodeIfPresent(deletionGracePeriodSeconds, forKey: .deletionGracePeriodSeconds)
    if !labels.isEmpty { try container.encode(JSONValue.strings(labels), forKey: .labels) }
    if !annotations.isEmpty {
      try container.encode(JSONValue.strings(annotations), forKey: .annotations)
    }
    if !ownerReferences.isEmpty { try container.encode(ownerReferences, forKey: .ownerReferences) }
    if !finalizers.isEmpty { try container.encode(finalizers, forKey: .finalizers) }
  }
}

/// `metav1.OwnerReference`.
package struct OwnerReference: Codable, Sendable, Hashable {
  package var apiVersion: String
  package var kind: String
  package var name: String
  package var uid: String
  package var controller: Bool?
  package var blockOwnerDeletion: Bool?

  package init(
    apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil,
    blockOwnerDeletion: Bool? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.uid = uid
    self.controller = controller
    self.blockOwnerDeletion = blockOwnerDeletion
  }
}

/// The key of an object within its kind; `namespace` is empty for cluster-scoped objects.
package struct NamespacedName: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var namespace: String
  package var name: String

  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// `namespace/name`, or the bare name of a cluster-scoped object.
  package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

  package static func < (left: NamespacedName, right: NamespacedName) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}
