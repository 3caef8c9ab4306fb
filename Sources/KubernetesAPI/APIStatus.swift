/// `metav1.Status`: how the API says what went wrong.
package struct APIStatus: Codable, Sendable, Hashable {
  package var status: String?
  package var message: String?
  /// One of a closed list in the API: `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Expired`…
  package var reason: String?
  package var details: Details?
  package var code: Int?
  package var metadata: ListMeta?

  package struct Details: Codable, Sendable, Hashable {
    package var name: String?
    package var group: String?
    package var kind: String?
    package var uid: String?
    package var causes: [Cause]?
    package var retryAfterSeconds: Int?

    package init(
      name: String? = nil, group: String? = nil, kind: String? = nil, uid: String? = nil,
      causes: [Cause]? = nil, retryAfterSeconds: Int? = nil
    ) {
      self.name = name
      self.group = group
      self.kind = kind
      self.uid = uid
      self.causes = causes
      self.retryAfterSeconds = retryAfterSeconds
    }
  }

  package struct Cause: Codable, Sendable, Hashable {
    package var reason: String?
    package var message: String?
    package var field: String?

    package init(reason: String? = nil, message: String? = nil, field: String? = nil) {
      self.reason = reason
      self.message = message
      self.field = field
    }
  }

  package init(
    status: String? = "Failure", message: String? = nil, reason: String? = nil,
    details: Details? = nil, code: Int? = nil, metadata: ListMeta? = nil
  ) {
    self.status = status
    self.message = message
    self.reason = reason
    self.details = details
    self.code = code
    self.metadata = metadata
  }
}

/// `metav1.Condition`.
package struct Condition: Codable, Sendable, Hashable {
  package var type: String
  /// `True`, `False` or `Unknown`.
  package var status: String
  package var observedGeneration: Int64?
  package var lastTransitionTime: Timestamp
  package var reason: String
  package var message: String

  package init(
    type: String, status: String, observedGeneration: Int64? = nil, lastTransitionTime: Timestamp,
    reason: String, message: String = ""
  ) {
    self.type = type
    self.status = status
    self.observedGeneration = observedGeneration
    self.lastTransitionTime = lastTransitionTime
    self.reason = reason
    self.message = message
  }
}
