internal import KubernetesAPI
internal import KubernetesClient
internal import NetworkLab

/// The volumes of one Pod on the machine: made before its containers, and kept like their sources
/// while it runs.
struct PodVolumes: Sendable {
  let pod: Pod
  let node: NodeContext
  let podIP: String
  private var tokens: [TokenKey: IssuedToken] = [:]

  init(pod: Pod, node: NodeContext, podIP: String) {
    self.pod = pod
    self.node = node
    self.podIP = podIP
  }

  private struct TokenKey: Hashable {
    var audience: String
    var expirationSeconds: Int64
  }

  private struct IssuedToken {
    var text: String
    var renewal: ContinuousClock.Instant
  }

  /// When the first token has to be renewed; `nil` without tokens.
  var nextRenewal: ContinuousClock.Instant? { tokens.values.map(\.renewal).min() }

  /// Where the machine has a volume.
  func path(of volume: String) -> String { "\(node.folder(of: pod))/volumes/\(volume)" }

  /// Writes everything that is missing or has changed, and returns the folders by volume. Throws
  /// `VolumeContents.Failure` for what is not there yet.
  mutating func write() async throws -> [String: String] {
    let environment = node.environment(of: pod, podIP: podIP)
    var folders: [String: String] = [:]
    for volume in pod.spec?.volumes ?? [] {
      try await renewTokens(of: volume)
      let tokens = self.tokens
      let contents = try VolumeContents.of(volume, environment) { tokens[Self.key($0)]?.text }
      let path = path(of: volume.name)
      switch contents {
      case .files(let files):
        try VolumeFolder(path: path, group: try fileGroup).write(files)
        folders[volume.name] = path
      case .emptyFolder:
        try makeEmptyFolder(path)
        folders[volume.name] = path
      case .node(let nodePath, let mayBeMade):
        if mayBeMade, !LabFiles.exists(nodePath) { try LabFiles.makeDirectory(nodePath) }
        folders[volume.name] = nodePath
      }
    }
    return folders
  }

  /// The Pod's group for files, where there is such a group.
  private var fileGroup: UInt32? {
    get throws {
      guard let id = pod.spec?.securityContext?.fsGroup, let group = UInt32(exactly: id),
        try UserMap.groups().contains(group)
      else { return nil }
      return group
    }
  }

  private func makeEmptyFolder(_ path: String) throws {
    guard !LabFiles.exists(path) else { return }
    try LabFiles.makeDirectory(path)
    try LabFiles.changeMode(path, 0o777)
    if let group = try fileGroup {
      try LabFiles.changeOwner(path, user: nil, group: group)
    }
  }

  private static func key(_ token: Volume.Projected.Token) -> TokenKey {
    TokenKey(audience: token.audience ?? "", expirationSeconds: token.expirationSeconds ?? 3600)
  }

  /// Asks for the tokens that a volume needs, anew after four fifths of their time.
  private mutating func renewTokens(of volume: Volume) async throws {
    let now = ContinuousClock.now
    for token in VolumeContents.tokens(of: volume) {
      let key = Self.key(token)
      if let issued = tokens[key], now < issued.renewal { continue }
      var spec: JSONValue = [
        "expirationSeconds": .integer(key.expirationSeconds),
        "boundObjectRef": [
          "kind": "Pod", "apiVersion": "v1", "name": .string(pod.metadata.name),
          "uid": .string(pod.metadata.uid ?? ""),
        ],
      ]
      if !key.audience.isEmpty { spec["audiences"] = [.string(key.audience)] }
      let request: JSONValue = [
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": [
          "name": .string(pod.spec?.serviceAccountName ?? "default"),
          "namespace": .string(pod.metadata.namespace ?? ""),
        ],
        "spec": spec,
      ]
      let answer = try await node.client.create(
        request, ServiceAccount.resource, subresource: "token")
      guard let text = answer[path: ["status", "token"]]?.stringValue else {
        throw VolumeContents.Failure.tokenUnavailable
      }
      let lifetime = Duration.seconds(key.expirationSeconds)
      tokens[key] = IssuedToken(text: text, renewal: now.advanced(by: lifetime * 4 / 5))
    }
  }
}
