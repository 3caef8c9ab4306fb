/// What an API server asks a conversion webhook: the `request` of an `apiextensions.k8s.io/v1`
/// `ConversionReview`.
package struct ConversionRequest: Sendable, Hashable {
  static let apiVersion = "apiextensions.k8s.io/v1"
  static let reviewKind = "ConversionReview"

  package var uid: String
  /// `metallb.io/v1beta2`
  package var desiredAPIVersion: String
  /// Whole objects, of one kind in any of its versions.
  package var objects: [JSONValue]

  /// Reads the body of a webhook call.
  package init(review bytes: some Collection<UInt8>) throws(ReviewError) {
    let body = try ReviewBody(
      parsing: bytes, apiVersion: Self.apiVersion, kind: Self.reviewKind)
    uid = body.uid
    guard let version = body.request["desiredAPIVersion"]?.stringValue, !version.isEmpty else {
      throw .malformed(field: "request.desiredAPIVersion")
    }
    desiredAPIVersion = version
    guard let objects = body.request["objects"]?.arrayValue,
      objects.allSatisfy({ $0.objectValue != nil })
    else { throw .malformed(field: "request.objects") }
    self.objects = objects
  }
}

/// What a conversion webhook answers: all objects in their order, or why none.
package enum ConversionResponse: Sendable, Hashable {
  case converted([JSONValue])
  case failed(String)

  /// The body of the answer.
  package func review(uid: String) -> JSONValue {
    let objects: [JSONValue]
    let result: JSONValue
    switch self {
    case .converted(let converted):
      objects = converted
      result = ["metadata": .object([:]), "status": "Success"]
    case .failed(let message):
      objects = []
      result = ["metadata": .object([:]), "status": "Failure", "message": .string(message)]
    }
    return [
      "apiVersion": .string(ConversionRequest.apiVersion),
      "kind": .string(ConversionRequest.reviewKind),
      "response": [
        "uid": .string(uid), "convertedObjects": .array(objects), "result": result,
      ],
    ]
  }
}
