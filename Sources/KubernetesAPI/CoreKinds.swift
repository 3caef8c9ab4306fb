// Kinds of the core group, as far as we read or write them.

package struct Namespace: KubernetesResource {
  package static let resource = ResourceKind(
    version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)

  package var metadata: ObjectMeta
  package var status: Status?

  package struct Status: Codable, Sendable, Hashable {
    /// `Active` or `Terminating`.
    package var phase: String?
  }

  package init(metadata: ObjectMeta) { self.metadata = metadata }
}

package struct ConfigMap: KubernetesResource {
  package static let resource = ResourceKind(
    version: "v1", kind: "ConfigMap", plural: "configmaps")

  package var metadata: ObjectMeta
  package var data: [String: String]?
  package var immutable: Bool?

  package init(metadata: ObjectMeta, data: [String: String]? = nil) {
    self.metadata = metadata
    self.data = data
  }
}

package struct Secret: KubernetesResource {
  package static let resource = ResourceKind(version: "v1", kind: "Secret", plural: "secrets")

  package var metadata: ObjectMeta
  package var type: String?
  /// Values in standard base64.
  package var data: [String: String]?
  /// Write-only: the API server moves it into `data`.
  package var stringData: [String: String]?

  package init(
    metadata: ObjectMeta, type: String? = nil, data: [String: String]? = nil,
    stringData: [String: String]? = nil
  ) {
    self.metadata = metadata
    self.type = type
    self.data = data
    self.stringData = stringData
  }
}

package struct ServiceAccount: KubernetesResource {
  package static let resource = ResourceKind(
    version: "v1", kind: "ServiceAccount", plural: "serviceaccounts")

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) { self.metadata = metadata }
}

package struct Node: KubernetesResource {
  package static let resource = ResourceKind(
    version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    package var podCIDR: String?
    package var podCIDRs: [String]?
    package var providerID: String?
    package var unschedulable: Bool?
    package var taints: [Taint]?

    package init() {}
  }

  package struct Status: Codable, Sendable, Hashable {
    package var addresses: [NodeAddress]?
    package var conditions: [NodeCondition]?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }

  /// The status (`True`, `False`, `Unknown`) of one condition, `nil` when it is not there.
  package func condition(_ type: String) -> String? {
    status?.conditions?.first { $0.type == type }?.status
  }
}

package struct Taint: Codable, Sendable, Hashable {
  package var key: String
  package var value: String?
  package var effect: String
  package var timeAdded: Timestamp?

  package init(key: String, value: String? = nil, effect: String) {
    self.key = key
    self.value = value
    self.effect = effect
  }
}

package struct NodeAddress: Codable, Sendable, Hashable {
  /// `InternalIP`, `ExternalIP`, `Hostname`…
  package var type: String
  package var address: String

  package init(type: String, address: String) {
    self.type = type
    self.address = address
  }
}

package struct NodeCondition: Codable, Sendable, Hashable {
  package var type: String
  package var status: String
  package var reason: String?
  package var message: String?
  package var lastHeartbeatTime: Timestamp?
  package var lastTransitionTime: Timestamp?

  package init(
    type: String, status: String, reason: String? = nil, message: String? = nil,
    lastHeartbeatTime: Timestamp? = nil, lastTransitionTime: Timestamp? = nil
  ) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.lastHeartbeatTime = lastHeartbeatTime
    self.lastTransitionTime = lastTransitionTime
  }
}

/// `core/v1 ObjectReference`.
package struct ObjectReference: Codable, Sendable, Hashable {
  package var apiVersion: String?
  package var kind: String?
  package var namespace: String?
  package var name: String?
  package var uid: String?
  package var resourceVersion: String?
  package var fieldPath: String?

  package init(
    apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil,
    uid: String? = nil, resourceVersion: String? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.resourceVersion = resourceVersion
  }
}

/// `core/v1 Event`, which `kubectl describe` shows.
package struct Event: KubernetesResource {
  package static let resource = ResourceKind(version: "v1", kind: "Event", plural: "events")

  package var metadata: ObjectMeta
  package var involvedObject: ObjectReference
  package var reason: String?
  package var message: String?
  package var source: Source?
  package var firstTimestamp: Timestamp?
  package var lastTimestamp: Timestamp?
  package var count: Int?
  /// `Normal` or `Warning`.
  package var type: String?
  package var reportingComponent: String?
  package var reportingInstance: String?

  package struct Source: Codable, Sendable, Hashable {
    package var component: String?
    package var host: String?

    package init(component: String? = nil, host: String? = nil) {
      self.component = component
      self.host = host
    }
  }

  package init(metadata: ObjectMeta, involvedObject: ObjectReference) {
    self.metadata = metadata
    self.involvedObject = involvedObject
  }
}

extension Secret {
  /// The value of one key; nil when it is missing or no base64.
  package func value(_ key: String) -> [UInt8]? { data?[key].flatMap { decodeBase64($0) } }
}
