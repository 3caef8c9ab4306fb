import KubernetesAPI

/// JSON Merge Patch (RFC 7386): members replace members, `null` removes, anything but an object
/// replaces as a whole.
enum MergePatch {
  static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members = document.objectValue ?? [:]
    for (key, change) in changes {
      if change.isNull {
        members.removeValue(forKey: key)
      } else {
        members[key] = apply(change, to: members[key] ?? .null)
      }
    }
    return .object(members)
  }
}
