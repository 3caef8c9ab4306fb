package import KubernetesAPI

extension AdmissionRequest {
  /// Decodes the object and has it judged, unless there is nothing to judge: a deletion, an object that is being deleted,
  /// or an update that leaves the specification as it is, and the labels where they matter. So finalizers of an object
  /// that is older than the rules can still be removed.
  ///
  /// - Parameter labelsCount: whether others select objects of the kind by their labels.
  package func judged<R: KubernetesResource>(
    _ type: R.Type, labelsCount: Bool = true, by judge: (R) async -> AdmissionResponse
  ) async -> AdmissionResponse {
    guard let object else { return .allowed() }
    if let oldObject, changesNothing(object, oldObject, labelsCount) { return .allowed() }
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

  private func changesNothing(_ new: JSONValue, _ old: JSONValue, _ labelsCount: Bool) -> Bool {
    let labels = ["metadata", "labels"]
    return new["spec"] == old["spec"] && (!labelsCount || new[path: labels] == old[path: labels])
  }
}
