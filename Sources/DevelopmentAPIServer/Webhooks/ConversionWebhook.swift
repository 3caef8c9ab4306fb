import KubernetesAPI

/// Lets a CRD's webhook convert objects between its versions (`apiextensions.k8s.io/v1`
/// `ConversionReview`).
struct ConversionWebhook: ObjectConversion {
  let storageVersion: String
  let kind: String
  let endpoint: WebhookEndpoint
  /// `v1` or `v1beta1`, which differ in nothing else.
  let reviewVersion: String
  /// By `apiVersion`.
  let schemas: [String: CustomResourceSchema]

  private static let timeoutSeconds: Int64 = 30

  func convert(
    _ objects: [JSONValue], to apiVersion: String, by client: WebhookCaller
  ) async throws -> [JSONValue] {
    guard let first = objects.first else { return [] }
    // Objects that were stored in different versions are asked about one version at a time.
    let from = first.text("apiVersion")
    guard objects.allSatisfy({ $0.text("apiVersion") == from }) else {
      var converted: [JSONValue] = []
      for object in objects { converted += try await convert([object], to: apiVersion, by: client) }
      return converted
    }
    let failed = "conversion webhook for \(from), Kind=\(kind)"
    func failure(_ why: String) -> APIError {
      APIError(code: 500, reason: nil, message: "\(failed) \(why)")
    }
    let uid = Names.uid()
    let answer: JSONValue
    do {
      answer = try await client.post(
        review(uid, apiVersion, objects), to: endpoint, timeoutSeconds: Self.timeoutSeconds)
    } catch {
      throw failure("failed: \(error.description)")
    }
    guard let response = answer["response"], !response.isNull else {
      throw failure("returned invalid response: no response provided")
    }
    guard response.text("uid") == uid else {
      throw failure(
        "returned invalid response: expected response.uid=\"\(uid)\", got "
          + "\"\(response.text("uid"))\"")
    }
    guard response.text("result", "status") == "Success" else {
      let message = response.text("result", "message")
      let status = response.text("result", "status")
      throw failure(
        "failed: \(message.isEmpty ? "response.result.status was '\(status)', not 'Success'" : message)"
      )
    }
    let converted = response.list("convertedObjects")
    guard converted.count == objects.count else {
      throw failure(
        "returned \(converted.count) objects, expected \(objects.count)")
    }
    return try zip(objects, converted).map { old, new in
      guard new.text("apiVersion") == apiVersion else {
        throw failure(
          "returned invalid converted object: expected apiVersion \(apiVersion), got "
            + new.text("apiVersion"))
      }
      do throws(Mismatch) {
        var object = try merged(old, new)
        // As a real server: what the webhook answers is pruned, and gets no defaults.
        _ = try? schemas[apiVersion]?.decode(&object)
        return object
      } catch {
        throw failure("returned invalid object: \(error.why)")
      }
    }
  }

  private func review(_ uid: String, _ apiVersion: String, _ objects: [JSONValue]) -> JSONValue {
    [
      "kind": "ConversionReview",
      "apiVersion": .string("apiextensions.k8s.io/\(reviewVersion)"),
      "request": [
        "uid": .string(uid), "desiredAPIVersion": .string(apiVersion),
        "objects": .array(
          objects.map { object in
            // What the store adds when it answers is not part of the object.
            var object = object
            object.metadata["resourceVersion"] = nil
            return object
          }),
      ],
      "response": ["uid": "", "convertedObjects": .null, "result": ["metadata": .object([:])]],
    ]
  }

  private struct Mismatch: Error {
    var why: String
  }

  /// Of metadata a webhook may change labels and annotations alone.
  private func merged(_ old: JSONValue, _ new: JSONValue) throws(Mismatch) -> JSONValue {
    for field in ["name", "namespace", "uid"] {
      let (before, after) = (old.text("metadata", field), new.text("metadata", field))
      if before != after {
        let word = field == "uid" ? "UID" : field
        throw Mismatch(why: "must have the same \(word): \(before) != \(after)")
      }
    }
    var result = new
    result["metadata"] = old.metadata
    for field in ["labels", "annotations"] {
      result.metadata[field] = new.metadata[field]
    }
    return result
  }
}
