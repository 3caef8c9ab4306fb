import KubernetesAPI

/// Keeps `metadata.managedFields` for one kind in one version: what every create, update and patch
/// does to ownership, and server-side apply itself.
///
/// Ownership of a field moves to who changes it. An applier owns exactly what it applied last: what
/// it no longer applies is removed unless somebody else owns it, and what another owns with another
/// value is a conflict, unless forced.
struct FieldManager: Sendable {
  /// `apps/v1`, of the request.
  var apiVersion: String
  var kind: String
  var schema: ObjectSchema
  /// Empty for the object itself.
  var subresource = ""
  /// What a create starts from: `TypedDecoder.empty` for built-in kinds, nothing for custom ones.
  var emptyObject: JSONValue = [:]
  /// What requests through this endpoint cannot set, and so do not come to own.
  var resetFields = FieldSet()
  /// Schemas of the kind's other versions. Owners in them see the same members, as conversion
  /// strategy `None` has it.
  var otherVersions: [String: ObjectSchema] = [:]

  /// Beyond so many updaters the oldest become one, called `ancient-changes`.
  static let updaterLimit = 10

  /// No manager owns these.
  private static let neverOwned = FieldSet(
    [.field("apiVersion")], [.field("kind")], [.field("metadata")],
    [.field("metadata"), .field("name")], [.field("metadata"), .field("namespace")],
    [.field("metadata"), .field("creationTimestamp")], [.field("metadata"), .field("selfLink")],
    [.field("metadata"), .field("uid")], [.field("metadata"), .field("clusterName")],
    [.field("metadata"), .field("generation")], [.field("metadata"), .field("managedFields")],
    [.field("metadata"), .field("resourceVersion")])

  private static let path = ["metadata", "managedFields"]

  func schema(of version: String) -> ObjectSchema? {
    version == apiVersion ? schema : otherVersions[version]
  }

  private func manager(_ name: String, _ operation: ManagedFields.Operation)
    -> ManagedFields.Manager
  {
    ManagedFields.Manager(
      name: name, operation: operation, subresource: subresource,
      apiVersion: operation == .update ? apiVersion : "")
  }

  private func withoutEntries(_ object: JSONValue) -> JSONValue {
    var object = object
    object[path: Self.path] = nil
    return object
  }

  // MARK: Update

  /// A created or updated object with its new owners. `live` is `nil` for a create.
  ///
  /// Owners that the request itself lists count, so that clients can edit them; on subresources and
  /// when they are malformed the live ones stay.
  func update(
    live: JSONValue?, new: JSONValue, manager name: String, now: Timestamp
  ) -> JSONValue {
    let entries = new[path: Self.path]
    var object = withoutEntries(new)
    if subresource.isEmpty, ManagedFields.isReset(entries) { return object }
    let kept = (try? ManagedFields(decoding: live?[path: Self.path])) ?? ManagedFields()
    var fields = kept
    if subresource.isEmpty, let given = try? ManagedFields(decoding: entries), !given.isEmpty {
      fields = given
    }
    // Who has cleared the owners of an object does not want them back by the next update.
    if fields.isEmpty, live?[path: ["metadata", "uid"]] != nil { return object }
    let old = live.map(withoutEntries) ?? emptyObject
    track(&fields, old: old, new: object, manager: manager(name, .update), now: now)
    mergeOldestUpdaters(in: &fields)
    object[path: Self.path] = fields.encoded
    return object
  }

  /// What the step from one object to another does to all owners, as an update by `manager`.
  private func track(
    _ fields: inout ManagedFields, old: JSONValue, new: JSONValue,
    manager: ManagedFields.Manager, now: Timestamp
  ) {
    let comparison = comparison(old, new, version: apiVersion)
    moveOwnership(
      of: &fields, old: old, new: new, comparison, except: nil)
    let taken = comparison.modified.union(comparison.added)
      .recursiveDifference(resetFields).difference(Self.neverOwned)
    guard !taken.isEmpty else { return }
    let previous = fields.owners[manager]?.fields ?? FieldSet()
    fields.owners[manager] = ManagedFields.Ownership(
      apiVersion: apiVersion, fields: previous.union(taken), time: now)
  }

  private func comparison(
    _ old: JSONValue, _ new: JSONValue, version: String
  ) -> TypedValue.Comparison {
    var comparison = TypedValue.compare(old, new, schema(of: version) ?? .any)
    comparison.added = comparison.added.recursiveDifference(resetFields)
    comparison.modified = comparison.modified.recursiveDifference(resetFields)
    comparison.removed = comparison.removed.recursiveDifference(resetFields)
    return comparison
  }

  /// Takes what changed or went from all owners but one, and drops owners of nothing.
  private func moveOwnership(
    of fields: inout ManagedFields, old: JSONValue, new: JSONValue,
    _ comparison: TypedValue.Comparison, except applier: ManagedFields.Manager?
  ) {
    for (manager, ownership) in fields.owners where manager != applier {
      let seen =
        ownership.apiVersion == apiVersion
        ? comparison : self.comparison(old, new, version: ownership.apiVersion)
      let rest = ownership.fields.difference(seen.modified.union(seen.added))
        .difference(seen.removed)
      fields.owners[manager]?.fields = rest
    }
    fields.owners = fields.owners.filter { !$0.value.fields.isEmpty }
  }

  private func mergeOldestUpdaters(in fields: inout ManagedFields) {
    var updaters = fields.owners.filter { $0.key.operation == .update }
      .sorted {
        ($0.value.time?.microseconds ?? 0, $0.key.name) < (
          $1.value.time?.microseconds ?? 0, $1.key.name
        )
      }[...]
    while updaters.count > Self.updaterLimit - 1, fields.owners.count > Self.updaterLimit,
      let (oldest, ownership) = updaters.popFirst()
    {
      let bucket = ManagedFields.Manager(
        name: "ancient-changes", operation: .update, apiVersion: ownership.apiVersion)
      guard oldest != bucket else { continue }
      fields.owners[oldest] = nil
      let previous = fields.owners[bucket]?.fields ?? FieldSet()
      fields.owners[bucket] = ManagedFields.Ownership(
        apiVersion: ownership.apiVersion, fields: previous.union(ownership.fields),
        time: ownership.time)
    }
  }
}

// MARK: Apply

extension FieldManager {
  enum ApplyFailure: Error, Hashable, Sendable {
    /// Answered with code 400.
    case malformed(String)
    /// Answered with code 500 and no reason.
    case untyped(String)
    /// Answered with code 409, a cause for every field.
    case conflicts([Conflict])
  }

  struct Conflict: Sendable, Hashable {
    var manager: ManagedFields.Manager
    var path: [FieldPathElement]

    var field: String { path.map(\.description).joined() }
  }

  /// The live object with a configuration applied. The result is the live object itself, owners and
  /// times included, when that changes nothing.
  ///
  /// - Parameter live: `nil` when the object is to be created.
  func apply(
    live: JSONValue?, configuration: JSONValue, manager name: String, force: Bool, now: Timestamp
  ) throws(ApplyFailure) -> JSONValue {
    if configuration[path: Self.path] != nil {
      throw .malformed("metadata.managedFields must be nil")
    }
    let applied = (
      configuration["apiVersion"]?.stringValue ?? "", configuration["kind"]?.stringValue ?? ""
    )
    if applied != (apiVersion, kind) {
      throw .malformed("invalid object type: \(Self.groupVersionKind(applied.0, applied.1))")
    }
    do throws(TypedValue.Failure) {
      try TypedValue(value: configuration, schema: schema).validate()
    } catch {
      let metadata = configuration["metadata"]
      throw .untyped(
        "failed to create typed patch object (\(metadata?["namespace"]?.stringValue ?? "")/"
          + "\(metadata?["name"]?.stringValue ?? ""); \(Self.groupVersionKind(apiVersion, kind))): "
          + error.description)
    }
    do {
      return try merge(live: live, configuration, manager: name, force: force, now: now)
    } catch .conflicts(let conflicts) where name == "kubectl" {
      // Fields of kubectl's client-side apply pass to its server-side apply without a fight.
      guard let live, let own = lastAppliedFields(of: live),
        conflicts.allSatisfy({ own.contains($0.path) })
      else { throw .conflicts(conflicts) }
      return try merge(live: live, configuration, manager: name, force: true, now: now)
    }
  }

  /// `apps/v1, Kind=Deployment`; the core group is empty but its slash stays.
  static func groupVersionKind(_ apiVersion: String, _ kind: String) -> String {
    "\(apiVersion.contains("/") ? apiVersion : "/\(apiVersion)"), Kind=\(kind)"
  }

  private func merge(
    live: JSONValue?, _ configuration: JSONValue, manager name: String, force: Bool, now: Timestamp
  ) throws(ApplyFailure) -> JSONValue {
    var fields = (try? ManagedFields(decoding: live?[path: Self.path])) ?? ManagedFields()
    let old = live.map(withoutEntries) ?? emptyObject
    if fields.isEmpty, live != nil {
      // Nobody is known to own anything: all of it belongs to a manager that came before.
      track(
        &fields, old: emptyObject, new: old, manager: manager("before-first-apply", .update),
        now: now)
    }
    let applier = manager(name, .apply)
    let last = fields.owners[applier]
    let set = TypedValue(value: configuration, schema: schema).fieldSet
      .recursiveDifference(resetFields)
    // While it is pruned, the object's name is among what the applier wants.
    fields.owners[applier] = ManagedFields.Ownership(
      apiVersion: apiVersion, fields: set, time: last?.time)
    var object = TypedValue(value: old, schema: schema).merging(configuration)
    if let last { object = prune(object, fields, last) }

    let comparison = comparison(old, object, version: apiVersion)
    if !force {
      let conflicts = conflicts(fields, old: old, new: object, comparison, except: applier)
      if !conflicts.isEmpty { throw .conflicts(conflicts) }
    }
    fields.owners[applier]?.fields = set.difference(Self.neverOwned)
    moveOwnership(of: &fields, old: old, new: object, comparison, except: applier)
    if let live, comparison.isSame, last?.fields == fields.owners[applier]?.fields,
      last?.apiVersion == apiVersion || last == nil
    {
      return live
    }
    fields.owners[applier]?.time = now
    object[path: Self.path] = fields.encoded
    return object
  }

  private func conflicts(
    _ fields: ManagedFields, old: JSONValue, new: JSONValue, _ comparison: TypedValue.Comparison,
    except applier: ManagedFields.Manager
  ) -> [Conflict] {
    fields.owners.filter { $0.key != applier }
      .sorted { ($0.key.name, $0.key.subresource) < ($1.key.name, $1.key.subresource) }
      .flatMap { manager, ownership in
        let seen =
          ownership.apiVersion == apiVersion
          ? comparison : self.comparison(old, new, version: ownership.apiVersion)
        return ownership.fields.intersection(seen.modified.union(seen.added)).paths
          .map { Conflict(manager: manager, path: $0) }
      }
  }

  /// Removes what the applier owned before and nobody owns now. Fields that nobody ever owned, such
  /// as defaults beside what goes, stay.
  private func prune(
    _ merged: JSONValue, _ fields: ManagedFields, _ last: ManagedFields.Ownership
  ) -> JSONValue {
    guard !last.fields.isEmpty, let schema = schema(of: last.apiVersion) else { return merged }
    func complete(_ set: FieldSet) -> FieldSet { set.ensuringNamedFieldsAreMembers(schema) }
    let whole = TypedValue(value: merged, schema: schema)
    let mergedSet = complete(whole.fieldSet)
    let lastSet = complete(last.fields)
    var pruned = whole.removing(lastSet)
    let owned = fields.owners.values.reduce(FieldSet()) { $0.union($1.fields) }
    pruned = whole.removing(
      mergedSet.difference(
        complete(TypedValue(value: pruned, schema: schema).fieldSet).union(complete(owned))))
    let prunedSet = complete(TypedValue(value: pruned, schema: schema).fieldSet)
    return whole.removing(mergedSet.difference(prunedSet).intersection(lastSet))
  }

  /// What kubectl's last client-side apply set and nobody has changed since.
  private func lastAppliedFields(of live: JSONValue) -> FieldSet? {
    let annotation = live[path: [
      "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration",
    ]]
    guard let text = annotation?.stringValue, let applied = try? JSONValue(parsing: text),
      applied["apiVersion"]?.stringValue == apiVersion
    else { return nil }
    let comparison = TypedValue.compare(applied, withoutEntries(live), schema)
    return TypedValue(value: applied, schema: schema).fieldSet
      .difference(comparison.modified).difference(comparison.added).difference(comparison.removed)
  }
}

extension FieldManager.ApplyFailure {
  /// The text of the answer.
  var message: String {
    switch self {
    case .malformed(let text), .untyped(let text): return text
    case .conflicts(let conflicts):
      if let only = conflicts.first, conflicts.count == 1 {
        return "Apply failed with 1 conflict: conflict with \(only.manager): \(only.field)"
      }
      var text = "Apply failed with \(conflicts.count) conflicts: "
      var lines: [String] = []
      for (index, conflict) in conflicts.enumerated() {
        if index == 0 || conflicts[index - 1].manager != conflict.manager {
          lines.append("conflicts with \(conflict.manager):")
        }
        lines.append("- \(conflict.field)")
      }
      text += lines.joined(separator: "\n")
      return text
    }
  }

  /// A `FieldManagerConflict` cause for every field in conflict.
  var causes: [APIStatus.Cause] {
    guard case .conflicts(let conflicts) = self else { return [] }
    return conflicts.map {
      APIStatus.Cause(
        reason: "FieldManagerConflict", message: "conflict with \($0.manager)", field: $0.field)
    }
  }
}
