import KubernetesAPI

/// The admission chain: what the server adds to or refuses in objects beyond their kind's rules.
extension ResourceCall {
  func admitCreate(
    _ object: inout JSONValue, options: WriteOptions, warnings: inout [String]
  ) async throws {
    try await checkEscalation(object, old: nil)
    if definition.storage == BuiltInResources.pods {
      try await PodAdmission(store: store).admit(&object, namespace: key.namespace)
    }
  }

  func admitUpdate(
    _ object: inout JSONValue, old: JSONValue, options: WriteOptions, warnings: inout [String]
  ) async throws {
    try await checkEscalation(object, old: old)
  }

  func admitDelete(_ object: JSONValue, options: DeleteOptions) async throws {}
}
