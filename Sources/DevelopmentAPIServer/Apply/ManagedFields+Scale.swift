import KubernetesAPI

/// Ownership seen through the scale subresource, where the one field that counts has another path.
extension ManagedFields {
  private static let scalePath: [FieldPathElement] = [.field("spec"), .field("replicas")]
  private static let scaleVersion = "autoscaling/v1"

  /// The entries of a Scale: who owns the replicas of the object.
  func forScale(replicas path: [FieldPathElement]) -> ManagedFields {
    var result = ManagedFields()
    for (manager, ownership) in owners where ownership.fields.contains(path) {
      var owner = manager
      if manager.operation == .update { owner.apiVersion = Self.scaleVersion }
      result.owners[owner] = Ownership(
        apiVersion: Self.scaleVersion, fields: FieldSet(Self.scalePath), time: ownership.time)
    }
    return result
  }

  /// The entries of the object after its Scale was written: who lost the replicas loses them here,
  /// who got them gets an entry. New entries carry no time, as a real server has it.
  func merging(
    scale: ManagedFields, replicas path: [FieldPathElement], apiVersion: String
  ) -> ManagedFields {
    var result = ManagedFields()
    var remaining = scale.owners
    for (manager, ownership) in owners {
      guard ownership.fields.contains(path) else {
        result.owners[manager] = ownership
        continue
      }
      var inScale = manager
      if manager.operation == .update { inScale.apiVersion = Self.scaleVersion }
      if remaining.removeValue(forKey: inScale) != nil {
        result.owners[manager] = ownership
      } else {
        var kept = ownership
        kept.fields = ownership.fields.difference(FieldSet(path))
        if !kept.fields.isEmpty { result.owners[manager] = kept }
      }
    }
    for (manager, ownership) in remaining where ownership.fields.contains(Self.scalePath) {
      var owner = manager
      if manager.operation == .update { owner.apiVersion = apiVersion }
      result.owners[owner] = Ownership(
        apiVersion: apiVersion, fields: FieldSet(path), time: owners[owner]?.time)
    }
    return result
  }
}
