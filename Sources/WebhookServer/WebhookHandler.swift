package import KubernetesAPI

/// What answers the calls to one path.
package enum WebhookHandler: Sendable {
  /// Judges an operation on an object.
  case admission(@Sendable (AdmissionRequest) async -> AdmissionResponse)
  /// Brings one object into another version of its kind. What it throws fails the whole request, with the error's text.
  case conversion(@Sendable (_ object: JSONValue, _ apiVersion: String) throws -> JSONValue)

  /// How long a body may be, in bytes. An admission review holds an object twice, which the API server itself limits to
  /// 3 MiB each; a conversion review holds a whole list.
  var bodyLimit: Int {
    switch self {
    case .admission: 8 << 20
    case .conversion: 64 << 20
    }
  }

  /// The body of the answer to a body.
  func answer(_ body: some Collection<UInt8>) async throws(ReviewError) -> JSONValue {
    switch self {
    case .admission(let judge):
      let request = try AdmissionRequest(review: body)
      return await judge(request).review(uid: request.uid)
    case .conversion(let convert):
      let request = try ConversionRequest(review: body)
      return Self.convert(request, convert).review(uid: request.uid)
    }
  }

  private static func convert(
    _ request: ConversionRequest, _ convert: (JSONValue, String) throws -> JSONValue
  ) -> ConversionResponse {
    var converted: [JSONValue] = []
    converted.reserveCapacity(request.objects.count)
    for object in request.objects {
      do {
        converted.append(try convert(object, request.desiredAPIVersion))
      } catch {
        let metadata = object["metadata"]
        let name = NamespacedName(
          namespace: metadata?["namespace"]?.stringValue ?? "",
          name: metadata?["name"]?.stringValue ?? "")
        return .failed("\(object["kind"]?.stringValue ?? "object") \(name): \(error)")
      }
    }
    return .converted(converted)
  }
}
