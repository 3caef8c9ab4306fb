package import KubernetesAPI

/// What a volume holds: a pure function of the Pod and the objects that it refers to.
package enum VolumeContents: Sendable, Hashable {
  /// Files that are written for the Pod and follow their sources: Secrets, ConfigMaps, tokens, the
  /// downward API.
  case files([File])
  case emptyFolder
  /// A path of the node.
  case node(path: String, mayBeMade: Bool)

  package struct File: Sendable, Hashable {
    /// Relative to the volume; may name folders.
    package var path: String
    package var bytes: [UInt8]
    package var mode: UInt32

    package init(path: String, bytes: [UInt8], mode: UInt32) {
      self.path = path
      self.bytes = bytes
      self.mode = mode
    }
  }

  /// Why a volume cannot be set up; the Pod waits in ContainerCreating.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    case missing(kind: String, name: String)
    case missingKey(kind: String, name: String, key: String)
    case tokenUnavailable
    case field(PodEnvironment.Failure)
    case unsupported(volume: String)

    package var description: String {
      switch self {
      case .missing(let kind, let name): "\(kind) \"\(name)\" not found"
      case .missingKey(let kind, let name, let key):
        "references non-existent \(kind) key: \(name)/\(key)"
      case .tokenUnavailable: "the service account token has not been issued yet"
      case .field(let failure): "\(failure)"
      case .unsupported(let volume): "the source of volume \"\(volume)\" is not supported"
      }
    }
  }

  /// The tokens that a volume needs, which have to be asked for before.
  package static func tokens(of volume: Volume) -> [Volume.Projected.Token] {
    (volume.projected?.sources ?? []).compactMap(\.serviceAccountToken)
  }

  /// - Parameters:
  ///   - environment: the Pod, and ways to look its objects up.
  ///   - token: the present token for an audience and path.
  package static func of(
    _ volume: Volume, _ environment: PodEnvironment,
    token: (Volume.Projected.Token) -> String?
  ) throws(Failure) -> VolumeContents {
    if let secret = volume.secret {
      return .files(
        try files(
          "secret", secret.secretName ?? "", environment.secret(secret.secretName ?? ""),
          items: secret.items, mode: secret.defaultMode, optional: secret.optional))
    }
    if let map = volume.configMap {
      return .files(
        try files(
          "configmap", map.name ?? "", bytes(environment.configMap(map.name ?? "")),
          items: map.items, mode: map.defaultMode, optional: map.optional))
    }
    if let projected = volume.projected {
      var all: [File] = []
      for source in projected.sources ?? [] {
        all += try files(source, mode: projected.defaultMode, environment, token)
      }
      return .files(all)
    }
    if let downward = volume.downwardAPI {
      return .files(try files(downward, mode: downward.defaultMode, environment))
    }
    if volume.emptyDir != nil { return .emptyFolder }
    if let host = volume.hostPath {
      return .node(path: host.path, mayBeMade: host.type?.hasSuffix("OrCreate") ?? false)
    }
    throw .unsupported(volume: volume.name)
  }

  private static func files(
    _ source: Volume.Projected.Source, mode: Int?, _ environment: PodEnvironment,
    _ token: (Volume.Projected.Token) -> String?
  ) throws(Failure) -> [File] {
    if let request = source.serviceAccountToken {
      guard let text = token(request) else { throw .tokenUnavailable }
      return [File(path: request.path, bytes: Array(text.utf8), mode: UInt32(mode ?? 0o644))]
    }
    if let map = source.configMap {
      return try files(
        "configmap", map.name ?? "", bytes(environment.configMap(map.name ?? "")),
        items: map.items, mode: mode, optional: map.optional)
    }
    if let secret = source.secret {
      return try files(
        "secret", secret.name ?? "", environment.secret(secret.name ?? ""),
        items: secret.items, mode: mode, optional: secret.optional)
    }
    if let downward = source.downwardAPI {
      return try files(downward, mode: mode, environment)
    }
    return []
  }

  private static func files(
    _ downward: Volume.DownwardAPI, mode: Int?, _ environment: PodEnvironment
  ) throws(Failure) -> [File] {
    var result: [File] = []
    for item in downward.items ?? [] {
      do {
        let text = try environment.field(item.fieldRef?.fieldPath ?? "")
        result.append(
          File(
            path: item.path, bytes: Array(text.utf8),
            mode: UInt32(item.mode ?? mode ?? 0o644)))
      } catch {
        throw .field(error)
      }
    }
    return result
  }

  /// All keys of an object as files, or the items that are named.
  private static func files(
    _ kind: String, _ name: String, _ values: [String: [UInt8]]?, items: [Volume.KeyToPath]?,
    mode: Int?, optional: Bool?
  ) throws(Failure) -> [File] {
    guard let values else {
      if optional == true { return [] }
      throw .missing(kind: kind, name: name)
    }
    guard let items else {
      return values.sorted { $0.key < $1.key }.map {
        File(path: $0.key, bytes: $0.value, mode: UInt32(mode ?? 0o644))
      }
    }
    var result: [File] = []
    for item in items {
      guard let bytes = values[item.key] else {
        if optional == true { continue }
        throw .missingKey(kind: kind, name: name, key: item.key)
      }
      result.append(
        File(path: item.path, bytes: bytes, mode: UInt32(item.mode ?? mode ?? 0o644)))
    }
    return result
  }

  private static func bytes(_ values: [String: String]?) -> [String: [UInt8]]? {
    values?.mapValues { Array($0.utf8) }
  }
}

extension Pod {
  /// Where containers find their service account's token unless the Pod declares it itself.
  static let serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The Pod with what an API server's admission adds: the volume with its service account's token,
  /// the cluster's CA and the namespace.
  package var withServiceAccountVolume: Pod {
    var spec = self.spec ?? PodSpec()
    let containers = (spec.containers ?? []) + (spec.initContainers ?? [])
    let isMounted = containers.contains {
      ($0.volumeMounts ?? []).contains { $0.mountPath == Self.serviceAccountPath }
    }
    if isMounted || spec.automountServiceAccountToken == false { return self }
    var token = Volume.Projected.Source()
    token.serviceAccountToken = .init(path: "token", expirationSeconds: 3607)
    var authority = Volume.Projected.Source()
    var map = Volume.ConfigMapSource(name: "kube-root-ca.crt")
    map.items = [.init(key: "ca.crt", path: "ca.crt")]
    authority.configMap = map
    var namespace = Volume.Projected.Source()
    namespace.downwardAPI = .init(
      items: [.init(path: "namespace", fieldPath: "metadata.namespace")])
    var projected = Volume.Projected()
    projected.defaultMode = 0o644
    projected.sources = [token, authority, namespace]
    let name = "kube-api-access"
    var volume = Volume(name: name)
    volume.projected = projected
    spec.volumes = (spec.volumes ?? []) + [volume]
    let mount = VolumeMount(name: name, mountPath: Self.serviceAccountPath, readOnly: true)
    func mounting(_ containers: [Container]?) -> [Container]? {
      containers?.map { container in
        var container = container
        container.volumeMounts = (container.volumeMounts ?? []) + [mount]
        return container
      }
    }
    spec.containers = mounting(spec.containers)
    spec.initContainers = mounting(spec.initContainers)
    var pod = self
    pod.spec = spec
    return pod
  }
}
