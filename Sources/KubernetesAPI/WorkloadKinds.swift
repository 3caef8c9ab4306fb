// Kinds of the group apps.

package struct Deployment: KubernetesResource {
  package static let resource = ResourceKind(
    group: "apps", version: "v1", kind: "Deployment", plural: "deployments")

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// Absent means 1.
    package var replicas: Int?
    package var selector: LabelSelector
    package var template: PodTemplateSpec
    package var strategy: JSONValue?
    package var revisionHistoryLimit: Int?
    package var minReadySeconds: Int?
    package var progressDeadlineSeconds: Int?
    package var paused: Bool?

    package init(selector: LabelSelector, template: PodTemplateSpec) {
      self.selector = selector
      self.template = template
    }
  }

  package struct Status: Codable, Sendable, Hashable {
    package var observedGeneration: Int64?
    package var replicas: Int?
    package var updatedReplicas: Int?
    package var readyReplicas: Int?
    package var availableReplicas: Int?
    package var unavailableReplicas: Int?
    package var conditions: [JSONValue]?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}

package struct ReplicaSet: KubernetesResource {
  package static let resource = ResourceKind(
    group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets")

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    /// Absent means 1.
    package var replicas: Int?
    package var selector: LabelSelector
    package var template: PodTemplateSpec?
    package var minReadySeconds: Int?

    package init(selector: LabelSelector, template: PodTemplateSpec) {
      self.selector = selector
      self.template = template
    }
  }

  package struct Status: Codable, Sendable, Hashable {
    package var observedGeneration: Int64?
    package var replicas: Int
    package var fullyLabeledReplicas: Int?
    package var readyReplicas: Int?
    package var availableReplicas: Int?

    package init(replicas: Int) { self.replicas = replicas }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}

package struct DaemonSet: KubernetesResource {
  package static let resource = ResourceKind(
    group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets")

  package var metadata: ObjectMeta
  package var spec: Spec?
  package var status: Status?

  package struct Spec: Codable, Sendable, Hashable {
    package var selector: LabelSelector
    package var template: PodTemplateSpec
    package var updateStrategy: JSONValue?
    package var revisionHistoryLimit: Int?
    package var minReadySeconds: Int?

    package init(selector: LabelSelector, template: PodTemplateSpec) {
      self.selector = selector
      self.template = template
    }
  }

  package struct Status: Codable, Sendable, Hashable {
    package var currentNumberScheduled: Int
    package var numberMisscheduled: Int
    package var desiredNumberScheduled: Int
    package var numberReady: Int
    package var observedGeneration: Int64?
    package var updatedNumberScheduled: Int?
    package var numberAvailable: Int?
    package var numberUnavailable: Int?

    package init(
      currentNumberScheduled: Int, numberMisscheduled: Int, desiredNumberScheduled: Int,
      numberReady: Int
    ) {
      self.currentNumberScheduled = currentNumberScheduled
      self.numberMisscheduled = numberMisscheduled
      self.desiredNumberScheduled = desiredNumberScheduled
      self.numberReady = numberReady
    }

    /// A DaemonSet that no controller has looked at yet has an empty status.
    package init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func count(_ key: CodingKeys) throws -> Int? {
        try container.decodeIfPresent(Int.self, forKey: key)
      }
      currentNumberScheduled = try count(.currentNumberScheduled) ?? 0
      numberMisscheduled = try count(.numberMisscheduled) ?? 0
      desiredNumberScheduled = try count(.desiredNumberScheduled) ?? 0
      numberReady = try count(.numberReady) ?? 0
      observedGeneration = try container.decodeIfPresent(Int64.self, forKey: .observedGeneration)
      updatedNumberScheduled = try count(.updatedNumberScheduled)
      numberAvailable = try count(.numberAvailable)
      numberUnavailable = try count(.numberUnavailable)
    }
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}

/// `coordination.k8s.io/v1 Lease`.
package struct Lease: KubernetesResource {
  package static let resource = ResourceKind(
    group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package struct Spec: Codable, Sendable, Hashable {
    package var holderIdentity: String?
    package var leaseDurationSeconds: Int?
    package var acquireTime: MicroTime?
    package var renewTime: MicroTime?
    package var leaseTransitions: Int?

    package init() {}
  }

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }
}
