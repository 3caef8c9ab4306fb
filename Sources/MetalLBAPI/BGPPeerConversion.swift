package import KubernetesAPI

/// Turns a `BGPPeer` into another of its versions without losing anything. Pure; the `/convert` webhook calls it.
///
/// v1beta1 has fewer fields than v1beta2, requires some that v1beta2 may leave out, and cannot say `Exists`. What of a
/// v1beta2 spec cannot be said in v1beta1 travels in the annotation ``annotation``, a JSON object by field. Way up, a
/// field that v1beta1 has too is taken from the annotation only while its v1beta1 value is still the one that the
/// annotation's value had been turned into: what a client of v1beta1 changes counts.
///
/// Works on JSON, so that whatever else the object holds, now or later, is kept as it is.
package enum BGPPeerConversion {
  package static let annotation = "metallb.io/v1beta2-only"

  package enum Version: String, Sendable, CaseIterable {
    case v1beta1 = "metallb.io/v1beta1"
    case v1beta2 = "metallb.io/v1beta2"
  }

  /// - Parameter apiVersion: `metallb.io/v1beta1` or `metallb.io/v1beta2`.
  package static func convert(
    _ object: JSONValue, to apiVersion: String
  ) throws(BGPPeerConversionError) -> JSONValue {
    guard object["kind"] == "BGPPeer" else {
      throw .unknownKind(object["kind"]?.stringValue ?? "")
    }
    guard let wanted = Version(rawValue: apiVersion) else { throw .unknownVersion(apiVersion) }
    let present = object["apiVersion"]?.stringValue ?? ""
    guard let source = Version(rawValue: present) else { throw .unknownVersion(present) }
    guard source != wanted else { return object }
    var result = object
    result["apiVersion"] = .string(wanted.rawValue)
    let spec = object["spec"]?.objectValue ?? [:]
    switch wanted {
    case .v1beta1:
      let (lowered, extras) = lowered(spec)
      result["spec"] = .object(lowered)
      result.setAnnotation(extras.isEmpty ? nil : JSONValue.object(extras).jsonText)
    case .v1beta2:
      result["spec"] = .object(raised(spec, extras: try extras(of: object)))
      result.setAnnotation(nil)
    }
    return result
  }

  private static func extras(of object: JSONValue) throws(BGPPeerConversionError) -> JSONObject {
    guard let text = object["metadata"]?["annotations"]?[annotation]?.stringValue else {
      return [:]
    }
    guard let extras = (try? JSONValue(parsing: text))?.objectValue else { throw .badAnnotation }
    return extras
  }

  /// The fields of v1beta1; v1beta2 has all of them.
  private static let sharedFields = [
    "myASN", "peerASN", "peerAddress", "sourceAddress", "peerPort", "holdTime", "keepaliveTime",
    "routerID", "nodeSelectors", "password", "bfdProfile", "ebgpMultiHop",
  ]
  /// Absent means the implementation's choice, and clients of v1beta1 write `0s` for it, which means none.
  private static let durations: Set<String> = ["holdTime", "keepaliveTime"]

  /// A v1beta2 spec as v1beta1, and what of it that cannot say.
  private static func lowered(_ spec: JSONObject) -> (JSONObject, JSONObject) {
    var result: JSONObject = [:]
    var extras = spec
    for field in sharedFields {
      let value = spec[field]
      let lowered = lowered(value, of: field)
      result[field] = lowered
      if raised(lowered, of: field) == value, value != nil || !durations.contains(field) {
        extras[field] = nil
      } else {
        extras[field] = value ?? .null
      }
    }
    return (result, extras)
  }

  private static func raised(_ spec: JSONObject, extras: JSONObject) -> JSONObject {
    var result: JSONObject = [:]
    for field in sharedFields {
      if let extra = extras[field] {
        let original: JSONValue? = extra.isNull ? .none : .some(extra)
        if isSame(spec[field], lowered(original, of: field), of: field) {
          result[field] = original
          continue
        }
      }
      result[field] = raised(spec[field], of: field)
    }
    for (field, value) in extras where !sharedFields.contains(field) { result[field] = value }
    return result
  }

  private static func lowered(_ value: JSONValue?, of field: String) -> JSONValue? {
    switch field {
    case "peerASN": value ?? 0
    case "peerAddress": value ?? ""
    case "nodeSelectors": value.map { mapRequirements(of: $0, lowered(requirement:)) }
    default: value
    }
  }

  private static func raised(_ value: JSONValue?, of field: String) -> JSONValue? {
    field == "nodeSelectors" ? value.map { mapRequirements(of: $0, raised(requirement:)) } : value
  }

  /// The schema of v1beta1 wants at least one value, also where the operator takes none.
  private static func lowered(requirement: JSONValue) -> JSONValue {
    guard requirement.takesNoValues else { return requirement }
    var requirement = requirement
    requirement["values"] = [""]
    return requirement
  }

  private static func raised(requirement: JSONValue) -> JSONValue {
    guard requirement.takesNoValues else { return requirement }
    var requirement = requirement
    requirement["values"] = nil
    return requirement
  }

  private static func mapRequirements(
    of selectors: JSONValue, _ transform: (JSONValue) -> JSONValue
  ) -> JSONValue {
    .array(
      (selectors.arrayValue ?? []).map { selector in
        guard let requirements = selector["matchExpressions"]?.arrayValue else { return selector }
        var selector = selector
        selector["matchExpressions"] = .array(requirements.map(transform))
        return selector
      })
  }

  /// Whether two v1beta1 values mean the same: a duration that is absent is `0s`.
  private static func isSame(_ left: JSONValue?, _ right: JSONValue?, of field: String) -> Bool {
    if left == right { return true }
    guard durations.contains(field), let left = duration(left), let right = duration(right) else {
      return false
    }
    return left == right
  }

  private static func duration(_ value: JSONValue?) -> Duration? {
    guard let value else { return .zero }
    return value.stringValue.flatMap { Duration(goText: $0) }
  }
}

/// Why an object cannot be converted.
package enum BGPPeerConversionError: Error, Hashable, CustomStringConvertible {
  case unknownKind(String)
  case unknownVersion(String)
  /// Its text is no JSON object.
  case badAnnotation

  package var description: String {
    switch self {
    case .unknownKind(let kind): "\"\(kind)\" is not BGPPeer"
    case .unknownVersion(let version):
      "\"\(version)\" is not a version of BGPPeer: there are metallb.io/v1beta1 and metallb.io/v1beta2"
    case .badAnnotation:
      "the annotation \(BGPPeerConversion.annotation) is not a JSON object: remove it"
    }
  }
}

extension JSONValue {
  fileprivate var takesNoValues: Bool {
    ["Exists", "DoesNotExist"].contains(self["operator"]?.stringValue ?? "")
  }

  fileprivate mutating func setAnnotation(_ text: String?) {
    if let text {
      self[path: ["metadata", "annotations", BGPPeerConversion.annotation]] = .string(text)
      return
    }
    guard self["metadata"]?["annotations"]?[BGPPeerConversion.annotation] != nil else { return }
    self[path: ["metadata", "annotations", BGPPeerConversion.annotation]] = nil
    if self["metadata"]?["annotations"]?.objectValue?.isEmpty == true {
      self[path: ["metadata", "annotations"]] = nil
    }
  }
}
