import KubernetesAPI

/// Events are stored once and served twice: as core `v1` and as `events.k8s.io/v1`, which names the
/// same fields differently.
enum EventConversion {
  private static let names: [(core: String, events: String)] = [
    ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
  ]

  static func core(from event: JSONValue) -> JSONValue {
    guard event["apiVersion"] != "v1" else { return event }
    var core = renaming(event) { name in names.first { $0.events == name }?.core }
    core["apiVersion"] = "v1"
    for field in ["reportingComponent", "reportingInstance"] { core.setDefault(field, to: "") }
    for field in ["firstTimestamp", "lastTimestamp", "eventTime"] where core[field] == nil {
      core[field] = .null
    }
    return core
  }

  static func events(from event: JSONValue) -> JSONValue {
    guard event["apiVersion"] == "v1" else { return event }
    var result = renaming(event) { name in names.first { $0.core == name }?.events }
    result["apiVersion"] = "events.k8s.io/v1"
    for field in ["reportingController", "reportingInstance"] where result[field] == "" {
      result[field] = nil
    }
    return result
  }

  private static func renaming(
    _ event: JSONValue, _ rename: (String) -> String?
  ) -> JSONValue {
    var result: JSONObject = [:]
    for (name, value) in event.objectValue ?? [:] { result[rename(name) ?? name] = value }
    return .object(result)
  }
}
