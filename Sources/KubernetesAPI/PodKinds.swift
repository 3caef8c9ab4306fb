package struct Pod: KubernetesResource {
  package static let resource = ResourceKind(version: "v1", kind: "Pod", plural: "pods")

  package var metadata: ObjectMeta
  package var spec: PodSpec?
  package var status: PodStatus?

  package init(metadata: ObjectMeta, spec: PodSpec? = nil, status: PodStatus? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }

  /// Whether the condition `Ready` is `True`.
  package var isReady: Bool {
    status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
  }
}

package struct PodTemplateSpec: Codable, Sendable, Hashable {
  package var metadata: ObjectMeta
  package var spec: PodSpec

  package init(metadata: ObjectMeta, spec: PodSpec) {
    self.metadata = metadata
    self.spec = spec
  }
}

/// `core/v1 PodSpec`. What we only hand through (`affinity`, projected volumes…) stays JSON.
package struct PodSpec: Codable, Sendable, Hashable {
  package var serviceAccountName: String?
  package var automountServiceAccountToken: Bool?
  package var hostNetwork: Bool?
  package var hostPID: Bool?
  package var hostIPC: Bool?
  package var shareProcessNamespace: Bool?
  package var terminationGracePeriodSeconds: Int64?
  package var restartPolicy: String?
  package var dnsPolicy: String?
  package var nodeName: String?
  package var nodeSelector: [String: String]?
  package var tolerations: [Toleration]?
  package var affinity: JSONValue?
  package var priorityClassName: String?
  package var priority: Int64?
  package var runtimeClassName: String?
  package var schedulerName: String?
  package var enableServiceLinks: Bool?
  package var hostname: String?
  package var imagePullSecrets: [LocalObjectReference]?
  package var securityContext: PodSecurityContext?
  package var initContainers: [Container]?
  package var containers: [Container]?
  package var volumes: [Volume]?

  package init() {}
}

package struct LocalObjectReference: Codable, Sendable, Hashable {
  package var name: String?

  package init(name: String) { self.name = name }
}

package struct Toleration: Codable, Sendable, Hashable {
  package var key: String?
  /// `Exists` or `Equal`; absent means `Equal`.
  package var `operator`: String?
  package var value: String?
  package var effect: String?
  package var tolerationSeconds: Int64?

  package init(
    key: String? = nil, operator: String? = nil, value: String? = nil, effect: String? = nil,
    tolerationSeconds: Int64? = nil
  ) {
    self.key = key
    self.operator = `operator`
    self.value = value
    self.effect = effect
    self.tolerationSeconds = tolerationSeconds
  }

  /// Whether a Pod with this toleration may run despite the taint (core/v1 ToleratesTaint).
  package func tolerates(_ taint: Taint) -> Bool {
    if let effect, !effect.isEmpty, effect != taint.effect { return false }
    if let key, !key.isEmpty, key != taint.key { return false }
    switch `operator` ?? "Equal" {
    case "Exists": return true
    case "Equal": return key?.isEmpty == false && (value ?? "") == (taint.value ?? "")
    default: return false
    }
  }
}

package struct PodSecurityContext: Codable, Sendable, Hashable {
  package var runAsUser: Int64?
  package var runAsGroup: Int64?
  package var runAsNonRoot: Bool?
  package var fsGroup: Int64?
  package var supplementalGroups: [Int64]?
  package var seccompProfile: JSONValue?
  package var seLinuxOptions: JSONValue?
  package var sysctls: [JSONValue]?

  package init(runAsUser: Int64? = nil, runAsNonRoot: Bool? = nil, fsGroup: Int64? = nil) {
    self.runAsUser = runAsUser
    self.runAsNonRoot = runAsNonRoot
    self.fsGroup = fsGroup
  }
}

package struct SecurityContext: Codable, Sendable, Hashable {
  package var allowPrivilegeEscalation: Bool?
  package var capabilities: Capabilities?
  package var privileged: Bool?
  package var readOnlyRootFilesystem: Bool?
  package var runAsUser: Int64?
  package var runAsGroup: Int64?
  package var runAsNonRoot: Bool?
  package var seccompProfile: JSONValue?

  package struct Capabilities: Codable, Sendable, Hashable {
    package var add: [String]?
    package var drop: [String]?

    package init(add: [String]? = nil, drop: [String]? = nil) {
      self.add = add
      self.drop = drop
    }
  }

  package init() {}
}

package struct Container: Codable, Sendable, Hashable {
  package var name: String
  package var image: String?
  package var imagePullPolicy: String?
  package var command: [String]?
  package var args: [String]?
  package var workingDir: String?
  package var env: [EnvVar]?
  package var envFrom: [JSONValue]?
  package var ports: [ContainerPort]?
  package var resources: JSONValue?
  package var livenessProbe: Probe?
  package var readinessProbe: Probe?
  package var startupProbe: Probe?
  package var lifecycle: JSONValue?
  package var securityContext: SecurityContext?
  package var terminationMessagePath: String?
  package var terminationMessagePolicy: String?
  package var volumeMounts: [VolumeMount]?

  package init(name: String, image: String? = nil) {
    self.name = name
    self.image = image
  }
}

package struct EnvVar: Codable, Sendable, Hashable {
  package var name: String
  package var value: String?
  package var valueFrom: Source?

  package struct Source: Codable, Sendable, Hashable {
    package var fieldRef: FieldReference?
    package var secretKeyRef: KeyReference?
    package var configMapKeyRef: KeyReference?
    package var resourceFieldRef: JSONValue?

    package init() {}
  }

  package struct FieldReference: Codable, Sendable, Hashable {
    package var apiVersion: String?
    package var fieldPath: String

    package init(fieldPath: String) { self.fieldPath = fieldPath }
  }

  package struct KeyReference: Codable, Sendable, Hashable {
    package var name: String?
    package var key: String
    package var optional: Bool?

    package init(name: String, key: String, optional: Bool? = nil) {
      self.name = name
      self.key = key
      self.optional = optional
    }
  }

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  /// A value of the downward API: `spec.nodeName`, `status.podIP`…
  package init(name: String, fieldPath: String) {
    self.name = name
    var source = Source()
    source.fieldRef = FieldReference(fieldPath: fieldPath)
    self.valueFrom = source
  }
}

package struct ContainerPort: Codable, Sendable, Hashable {
  package var name: String?
  package var containerPort: Int
  package var hostPort: Int?
  package var hostIP: String?
  package var `protocol`: String?

  package init(name: String? = nil, containerPort: Int, protocol: String? = nil) {
    self.name = name
    self.containerPort = containerPort
    self.protocol = `protocol`
  }
}

package struct Probe: Codable, Sendable, Hashable {
  package var httpGet: HTTPGet?
  package var tcpSocket: JSONValue?
  package var exec: Exec?
  package var initialDelaySeconds: Int?
  package var periodSeconds: Int?
  package var timeoutSeconds: Int?
  package var successThreshold: Int?
  package var failureThreshold: Int?
  package var terminationGracePeriodSeconds: Int64?

  package struct HTTPGet: Codable, Sendable, Hashable {
    package var path: String?
    package var port: IntOrString
    package var host: String?
    /// `HTTP` or `HTTPS`.
    package var scheme: String?

    package init(path: String, port: IntOrString, host: String? = nil, scheme: String? = nil) {
      self.path = path
      self.port = port
      self.host = host
      self.scheme = scheme
    }
  }

  package struct Exec: Codable, Sendable, Hashable {
    package var command: [String]?

    package init(command: [String]) { self.command = command }
  }

  package init() {}
}

package struct VolumeMount: Codable, Sendable, Hashable {
  package var name: String
  package var mountPath: String
  package var readOnly: Bool?
  package var subPath: String?

  package init(name: String, mountPath: String, readOnly: Bool? = nil) {
    self.name = name
    self.mountPath = mountPath
    self.readOnly = readOnly
  }
}

package struct Volume: Codable, Sendable, Hashable {
  package var name: String
  package var secret: SecretSource?
  package var configMap: ConfigMapSource?
  package var emptyDir: JSONValue?
  package var hostPath: HostPath?
  package var projected: Projected?
  package var downwardAPI: DownwardAPI?

  package struct SecretSource: Codable, Sendable, Hashable {
    package var secretName: String?
    package var defaultMode: Int?
    package var items: [KeyToPath]?
    package var optional: Bool?

    package init(secretName: String, defaultMode: Int? = nil, optional: Bool? = nil) {
      self.secretName = secretName
      self.defaultMode = defaultMode
      self.optional = optional
    }
  }

  package struct ConfigMapSource: Codable, Sendable, Hashable {
    package var name: String?
    package var defaultMode: Int?
    package var items: [KeyToPath]?
    package var optional: Bool?

    package init(name: String, defaultMode: Int? = nil, optional: Bool? = nil) {
      self.name = name
      self.defaultMode = defaultMode
      self.optional = optional
    }
  }

  package struct KeyToPath: Codable, Sendable, Hashable {
    package var key: String
    package var path: String
    package var mode: Int?

    package init(key: String, path: String) {
      self.key = key
      self.path = path
    }
  }

  package struct HostPath: Codable, Sendable, Hashable {
    package var path: String
    package var type: String?

    package init(path: String) { self.path = path }
  }

  package struct Projected: Codable, Sendable, Hashable {
    package var defaultMode: Int?
    package var sources: [Source]?

    package struct Source: Codable, Sendable, Hashable {
      package var serviceAccountToken: Token?
      package var configMap: ConfigMapSource?
      package var secret: LocalSecret?
      package var downwardAPI: DownwardAPI?

      package init() {}
    }

    package struct Token: Codable, Sendable, Hashable {
      package var audience: String?
      package var expirationSeconds: Int64?
      package var path: String

      package init(path: String, expirationSeconds: Int64? = nil) {
        self.path = path
        self.expirationSeconds = expirationSeconds
      }
    }

    package struct LocalSecret: Codable, Sendable, Hashable {
      package var name: String?
      package var items: [KeyToPath]?
      package var optional: Bool?
    }

    package init() {}
  }

  package struct DownwardAPI: Codable, Sendable, Hashable {
    package var defaultMode: Int?
    package var items: [Item]?

    package struct Item: Codable, Sendable, Hashable {
      package var path: String
      package var fieldRef: EnvVar.FieldReference?
      package var mode: Int?

      package init(path: String, fieldPath: String) {
        self.path = path
        fieldRef = EnvVar.FieldReference(fieldPath: fieldPath)
      }
    }

    package init(items: [Item]) { self.items = items }
  }

  package init(name: String) { self.name = name }

  package init(name: String, secret: SecretSource) {
    self.name = name
    self.secret = secret
  }

  package init(name: String, configMap: ConfigMapSource) {
    self.name = name
    self.configMap = configMap
  }

  package static func emptyDir(name: String) -> Volume {
    var volume = Volume(name: name)
    volume.emptyDir = .object([:])
    return volume
  }
}

package struct PodStatus: Codable, Sendable, Hashable {
  /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
  package var phase: String?
  package var reason: String?
  package var message: String?
  package var podIP: String?
  package var podIPs: [PodIP]?
  package var hostIP: String?
  package var hostIPs: [PodIP]?
  package var startTime: Timestamp?
  package var conditions: [PodCondition]?
  package var containerStatuses: [ContainerStatus]?
  package var initContainerStatuses: [ContainerStatus]?
  package var qosClass: String?

  package struct PodIP: Codable, Sendable, Hashable {
    package var ip: String?

    package init(ip: String) { self.ip = ip }
  }

  package init() {}
}

package struct PodCondition: Codable, Sendable, Hashable {
  package var type: String
  package var status: String
  package var reason: String?
  package var message: String?
  package var lastProbeTime: Timestamp?
  package var lastTransitionTime: Timestamp?

  package init(
    type: String, status: String, reason: String? = nil, message: String? = nil,
    lastTransitionTime: Timestamp? = nil
  ) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.lastTransitionTime = lastTransitionTime
  }
}

package struct ContainerStatus: Codable, Sendable, Hashable {
  package var name: String
  package var ready: Bool
  package var started: Bool?
  package var restartCount: Int
  package var image: String
  package var imageID: String
  package var containerID: String?
  package var state: JSONValue?
  package var lastState: JSONValue?

  package init(name: String, image: String, ready: Bool, restartCount: Int) {
    self.name = name
    self.image = image
    self.imageID = image
    self.ready = ready
    self.restartCount = restartCount
  }
}
