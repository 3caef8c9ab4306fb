import KubernetesAPI

extension KubernetesAPI.Service {
  /// This Service as an API server says that it stores it.
  ///
  /// The version that was replaced was known, so that an answer mostly says what was sent: then only the status is decoded,
  /// which the server completes. Anything else is decoded as a whole.
  ///
  /// - Parameters:
  ///   - sent: the JSON of this Service.
  ///   - answer: what came back. Throws `DecodingError` where it is no Service.
  func stored(sent: JSONValue, answer: JSONValue) throws -> KubernetesAPI.Service {
    guard let metadata = answer["metadata"]?.objectValue, let version = metadata["resourceVersion"],
      let status = answer["status"], sent["metadata"]?.objectValue?.says(metadata) ?? false,
      sent["spec"]?.isPart(of: answer["spec"]) ?? false
    else {
      var other = try answer.decode(KubernetesAPI.Service.self)
      other.dropUnread()
      return other
    }
    var stored = self
    stored.metadata.resourceVersion = version.stringValue
    stored.status = try status.decode(Status.self)
    return stored
  }
}

extension JSONObject {
  /// Whether other metadata is the same but for what every write changes.
  fileprivate func says(_ other: JSONObject) -> Bool {
    var count = 0
    for (key, value) in other where key != "managedFields" {
      count += 1
      guard key == "resourceVersion" || self[key] == value else { return false }
    }
    return count == self.count
  }
}

extension JSONValue {
  /// Whether another value has everything that this one has, at the same places.
  fileprivate func isPart(of other: JSONValue?) -> Bool {
    switch (self, other) {
    case (.object(let own), .object(let other)?):
      own.allSatisfy { $0.value.isPart(of: other[$0.key]) }
    case (.array(let own), .array(let other)?):
      own.count == other.count && zip(own, other).allSatisfy { $0.isPart(of: $1) }
    default: self == other
    }
  }
}
