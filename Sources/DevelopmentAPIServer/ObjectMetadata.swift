import KubernetesAPI

/// Reading and writing `metadata` of untyped objects.
extension JSONValue {
  var metadata: JSONValue {
    get { self["metadata"] ?? .object([:]) }
    set { self["metadata"] = newValue }
  }

  var objectName: String { metadata["name"]?.stringValue ?? "" }
  var objectNamespace: String { metadata["namespace"]?.stringValue ?? "" }
  var objectUID: String { metadata["uid"]?.stringValue ?? "" }
  var finalizers: [String] {
    (metadata["finalizers"]?.arrayValue ?? []).compactMap(\.stringValue)
  }
  var isBeingDeleted: Bool { metadata["deletionTimestamp"]?.stringValue != nil }
  var generation: Int64 { metadata["generation"]?.integerValue ?? 0 }
}

/// What the server itself writes into `metadata`.
enum SystemMetadata {
  /// Removes what clients may send and the server alone decides.
  static func wipe(_ object: inout JSONValue) {
    for field in [
      "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
      "resourceVersion",
    ] { object.metadata[field] = nil }
  }

  /// Fills an object that is about to be created; what clients may not choose is overwritten.
  static func fillForCreate(
    _ object: inout JSONValue, definition: ResourceDefinition, namespace: String, now: Timestamp
  ) {
    var metadata = object.metadata
    if metadata["name"]?.stringValue ?? "" == "", let base = metadata["generateName"]?.stringValue,
      !base.isEmpty
    {
      metadata["name"] = .string(Names.generate(base))
    }
    metadata["namespace"] = namespace.isEmpty ? nil : .string(namespace)
    metadata["uid"] = .string(Names.uid())
    metadata["creationTimestamp"] = .string(now.rfc3339)
    metadata["deletionTimestamp"] = nil
    metadata["deletionGracePeriodSeconds"] = nil
    metadata["selfLink"] = nil
    metadata["generation"] = definition.hasGeneration ? .integer(1) : metadata["generation"]
    tidy(&metadata)
    object.metadata = metadata
  }

  /// Carries over what an update cannot change.
  static func fillForUpdate(_ object: inout JSONValue, old: JSONValue) {
    var metadata = object.metadata
    for field in ["creationTimestamp", "deletionGracePeriodSeconds", "namespace", "name"] {
      metadata[field] = old.metadata[field]
    }
    // Another UID is refused by the rules for updates.
    if metadata["uid"]?.stringValue ?? "" == "" { metadata["uid"] = old.metadata["uid"] }
    if metadata["deletionTimestamp"]?.isNull ?? true {
      metadata["deletionTimestamp"] = old.metadata["deletionTimestamp"]
    }
    if metadata["generateName"]?.stringValue ?? "" == "" {
      metadata["generateName"] = old.metadata["generateName"]
    }
    metadata["selfLink"] = nil
    metadata["generation"] = old.metadata["generation"]
    tidy(&metadata)
    object.metadata = metadata
  }

  /// Empty maps and lists are not kept: they are the same as absent ones.
  private static func tidy(_ metadata: inout JSONValue) {
    for field in ["labels", "annotations"] where metadata[field]?.objectValue?.isEmpty ?? false {
      metadata[field] = nil
    }
    for field in ["ownerReferences", "finalizers"]
    where metadata[field]?.arrayValue?.isEmpty ?? false {
      metadata[field] = nil
    }
  }
}
