/// A body that is no review of the kind and version that a webhook takes.
package enum ReviewError: Error, Hashable, Sendable {
  case notJSON(JSONParsingError)
  /// What `apiVersion` and `kind` say instead.
  case wrongKind(expected: String, actual: String)
  /// A member that is missing or of another type: `request.uid`.
  case malformed(field: String)
}

extension ReviewError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notJSON(let error): "the body is not JSON: \(error)"
    case .wrongKind(let expected, let actual): "expected \(expected), got \(actual)"
    case .malformed(let field): "\(field) is missing or malformed"
    }
  }
}

/// The `request` of a review.
struct ReviewBody {
  var request: JSONValue
  var uid: String

  init(
    parsing bytes: some Collection<UInt8>, apiVersion: String, kind: String
  ) throws(ReviewError) {
    let review: JSONValue
    do throws(JSONParsingError) {
      review = try JSONValue(parsing: bytes)
    } catch {
      throw .notJSON(error)
    }
    let version = review["apiVersion"]?.stringValue ?? ""
    let actual = review["kind"]?.stringValue ?? ""
    guard version == apiVersion, actual == kind else {
      throw .wrongKind(expected: "\(apiVersion) \(kind)", actual: "\(version) \(actual)")
    }
    guard let request = review["request"], request.objectValue != nil else {
      throw .malformed(field: "request")
    }
    guard let uid = request["uid"]?.stringValue, !uid.isEmpty else {
      throw .malformed(field: "request.uid")
    }
    self.request = request
    self.uid = uid
  }
}
