package import KubernetesAPI

extension AdmissionRequest {
  /// Decodes the object and has it judged, unless there is nothing to judge: a deletion, an object that is being deleted,
  /// or an update that leaves specification and labels as they are. So finalizers of an object that is older than the
  /// rules can still be removed.
  package func judged<R: KubernetesResource>(
    _ type: R.Type, by judge: (R) async -> AdmissionResponse
  ) async -> AdmissionResponse {
    guard let object else { return .allowed() }
    if let oldObject, changesNothing(object, oldObject) { return .allowed() }
    let decoded: R
    do {
      decoded = try object.decode(R.self)
    } catch {
      let reason = (error as? DecodingError)?.fieldDescription ?? "\(error)"
      return .undecodable("\(kind) does not decode: \(reason)")
    }
    guard decoded.metadata.deletionTimestamp == nil else { return .allowed() }
    return await judge(decoded)
  }

  private func changesNothing(_ new: JSONValue, _ old: JSONValue) -> Bool {
    new["spec"] == old["spec"]
      && new[path: ["metadata", "labels"]] == old[path: ["metadata", "labels"]]
  }
}
