import KubernetesAPI

/// Who gets which names: CRDs of one group share plurals, singulars, short names, kinds and list kinds,
/// first come, first served.
enum CustomResourceNames {
  /// The status of a CRD, given all others. `nil` when it has that status already.
  static func status(
    of crd: JSONValue, among others: [JSONValue], now: Timestamp
  ) -> JSONValue? {
    let names = crd[path: ["spec", "names"]] ?? [:]
    var taken: Set<String> = []
    var takenKinds: Set<String> = []
    for other in others
    where other.text("spec", "group") == crd.text("spec", "group")
      && other.text("metadata", "name") != crd.text("metadata", "name")
    {
      let accepted = other[path: ["status", "acceptedNames"]] ?? [:]
      taken.formUnion([accepted.text("plural"), accepted.text("singular")])
      taken.formUnion(accepted.texts("shortNames"))
      takenKinds.formUnion([accepted.text("kind"), accepted.text("listKind")])
    }
    taken.remove("")
    takenKinds.remove("")

    var accepted: JSONObject = [:]
    var conflict: (reason: String, message: String)?
    func accept(_ field: String, _ reason: String, _ taken: Set<String>, isRequired: Bool) {
      let name = names.text(field)
      if taken.contains(name) {
        conflict = (reason, "\(JSONValue.string(name).jsonText) is already in use")
        if isRequired { accepted[field] = .string(crd.text("status", "acceptedNames", field)) }
      } else if !name.isEmpty {
        accepted[field] = .string(name)
      }
    }
    accept("plural", "PluralConflict", taken, isRequired: true)
    accept("singular", "SingularConflict", taken, isRequired: false)
    let short = names.texts("shortNames")
    let usedShort = short.filter(taken.contains)
    if !usedShort.isEmpty {
      conflict = (
        "ShortNamesConflict",
        "[\(usedShort.map { "\"\($0)\" is already in use" }.joined(separator: ", "))]"
      )
    } else if !short.isEmpty {
      accepted["shortNames"] = .strings(short)
    }
    accept("kind", "KindConflict", takenKinds, isRequired: true)
    accept("listKind", "ListKindConflict", takenKinds, isRequired: false)
    if conflict == nil, names.has("categories") { accepted["categories"] = names["categories"] }

    var status = crd["status"] ?? [:]
    status["acceptedNames"] = .object(accepted)
    status = withCondition(
      status, "NamesAccepted", conflict == nil, conflict?.reason ?? "NoConflicts",
      conflict?.message ?? "no conflicts found", now)
    // Once established, a CRD stays so.
    let wasEstablished = crd.list("status", "conditions").contains {
      $0["type"] == "Established" && $0["status"] == "True"
    }
    if conflict == nil || wasEstablished {
      status = withCondition(
        status, "Established", true, "InitialNamesAccepted",
        "the initial names have been accepted", now)
    } else {
      status = withCondition(
        status, "Established", false, "NotAccepted", "not all names are accepted", now)
    }
    guard status != crd["status"] else { return nil }
    return status
  }

  /// A condition set; its time moves only when its status does.
  static func withCondition(
    _ status: JSONValue, _ type: String, _ holds: Bool, _ reason: String, _ message: String,
    _ now: Timestamp
  ) -> JSONValue {
    var status = status
    var conditions = status.list("conditions")
    var condition: JSONValue = [
      "type": .string(type), "status": holds ? "True" : "False",
      "lastTransitionTime": .string(now.rfc3339), "reason": .string(reason),
      "message": .string(message),
    ]
    if let index = conditions.firstIndex(where: { $0["type"]?.stringValue == type }) {
      if conditions[index]["status"] == condition["status"] {
        condition["lastTransitionTime"] = conditions[index]["lastTransitionTime"]
      }
      conditions[index] = condition
    } else {
      conditions.append(condition)
    }
    status["conditions"] = .array(conditions)
    return status
  }
}
