internal import KubernetesAPI
internal import KubernetesYAML

/// A kubeconfig file, `v1` of kind `Config`, as far as this client acts on it.
struct Kubeconfig: Decodable, Sendable {
  var currentContext: String?
  var contexts: [Named<Context>]?
  var clusters: [Named<Cluster>]?
  var users: [Named<User>]?

  enum CodingKeys: String, CodingKey {
    case currentContext = "current-context"
    case contexts, clusters, users
  }

  /// An entry of one of the three lists; its value is under `context`, `cluster` or `user`.
  struct Named<Value: Decodable & Sendable>: Decodable, Sendable {
    var name: String
    var value: Value?
    /// The folder of the file that the entry came from: relative paths start there.
    var folder = ""

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: EntryKeys.self)
      name = try container.decode(String.self, forKey: .name)
      let key = EntryKeys.allCases.first { $0 != .name && container.contains($0) }
      value = try key.flatMap { try container.decodeIfPresent(Value.self, forKey: $0) }
    }
  }

  enum EntryKeys: String, CodingKey, CaseIterable { case name, context, cluster, user }

  struct Context: Decodable, Sendable {
    var cluster: String?
    var user: String?
    var namespace: String?
  }

  struct Cluster: Decodable, Sendable {
    var server: String?
    var certificateAuthority: String?
    var certificateAuthorityData: String?
    var insecureSkipTLSVerify: Bool?
    var tlsServerName: String?
    var proxyURL: String?

    enum CodingKeys: String, CodingKey {
      case server
      case certificateAuthority = "certificate-authority"
      case certificateAuthorityData = "certificate-authority-data"
      case insecureSkipTLSVerify = "insecure-skip-tls-verify"
      case tlsServerName = "tls-server-name"
      case proxyURL = "proxy-url"
    }
  }

  struct User: Decodable, Sendable {
    var token: String?
    var tokenFile: String?
    var clientCertificate: String?
    var clientCertificateData: String?
    var clientKey: String?
    var clientKeyData: String?
    var username: String?
    var authProvider: JSONValue?
    var exec: Exec?

    enum CodingKeys: String, CodingKey {
      case token, tokenFile, username, exec
      case clientCertificate = "client-certificate"
      case clientCertificateData = "client-certificate-data"
      case clientKey = "client-key"
      case clientKeyData = "client-key-data"
      case authProvider = "auth-provider"
    }
  }

  struct Exec: Decodable, Sendable {
    var apiVersion: String?
    var command: String
    var args: [String]?
    var env: [Variable]?
    var installHint: String?
    var provideClusterInfo: Bool?
    /// `Never`, `IfAvailable` or `Always`.
    var interactiveMode: String?

    struct Variable: Decodable, Sendable {
      var name: String
      var value: String
    }
  }

  init() {}

  /// Reads one file. `path` is for messages and gives relative paths their base.
  init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
    do {
      let documents = try JSONValue.documents(yaml: String(decoding: bytes, as: UTF8.self))
      self = try documents.first?.decode(Kubeconfig.self) ?? Kubeconfig()
    } catch {
      let reason = (error as? DecodingError)?.fieldDescription ?? "\(error)"
      throw .malformed(path: path, reason: reason)
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    for index in (clusters ?? []).indices { clusters?[index].folder = folder }
    for index in (users ?? []).indices { users?[index].folder = folder }
  }

  /// kubectl's rule for a list of files: whatever is set first wins.
  mutating func merge(_ other: Kubeconfig) {
    if (currentContext ?? "").isEmpty { currentContext = other.currentContext }
    contexts = Self.joined(contexts, other.contexts)
    clusters = Self.joined(clusters, other.clusters)
    users = Self.joined(users, other.users)
  }

  private static func joined<Value>(
    _ first: [Named<Value>]?, _ second: [Named<Value>]?
  ) -> [Named<Value>] {
    let known = Set((first ?? []).map(\.name))
    return (first ?? []) + (second ?? []).filter { !known.contains($0.name) }
  }
}

extension ClientConfiguration {
  /// The configuration of one context.
  ///
  /// - Parameters:
  ///   - path: the file; `nil` reads the files listed in `KUBECONFIG` (separated by colons, missing
  ///     ones skipped), else `~/.kube/config`.
  ///   - context: `nil` takes the current one.
  package static func kubeconfig(
    path: String? = nil, context: String? = nil,
    environment: [String: String] = processEnvironment()
  ) throws(ConfigurationError) -> ClientConfiguration {
    var merged = Kubeconfig()
    if let path, !path.isEmpty {
      merged = try Kubeconfig(parsing: readFile(path), path: path)
    } else {
      var paths = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
      if paths.isEmpty { paths = ["\(environment["HOME"] ?? "")/.kube/config"] }
      let present = paths.filter(fileExists)
      guard !present.isEmpty else { throw .notFound(searched: paths) }
      for path in present { merged.merge(try Kubeconfig(parsing: readFile(path), path: path)) }
    }
    return try merged.configuration(context: context)
  }

  /// The configuration of one context of a kubeconfig that is already in memory. Relative paths in
  /// it start at the working folder.
  package static func kubeconfig(
    text: String, context: String? = nil
  ) throws(ConfigurationError) -> ClientConfiguration {
    try Kubeconfig(parsing: Array(text.utf8), path: "kubeconfig").configuration(context: context)
  }
}

extension Kubeconfig {
  func configuration(context name: String?) throws(ConfigurationError) -> ClientConfiguration {
    let contextName = name ?? currentContext ?? ""
    guard let context = contexts?.first(where: { $0.name == contextName })?.value else {
      throw .missingContext(name: contextName)
    }
    guard let named = clusters?.first(where: { $0.name == context.cluster }),
      let cluster = named.value
    else { throw .missingCluster(name: context.cluster ?? "") }
    guard let server = cluster.server, !server.isEmpty else {
      throw .malformed(path: "cluster \"\(named.name)\"", reason: "it names no server")
    }
    guard (cluster.proxyURL ?? "").isEmpty else {
      throw .unsupported(
        field: "proxy-url", fix: "connect to the API server directly and remove it")
    }
    return ClientConfiguration(
      server: server.hasSuffix("/") ? String(server.dropLast()) : server,
      namespace: context.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default",
      tls: .init(
        certificateAuthority: try Self.source(
          data: cluster.certificateAuthorityData, file: cluster.certificateAuthority,
          folder: named.folder, field: "certificate-authority-data"),
        isVerificationSkipped: cluster.insecureSkipTLSVerify ?? false,
        serverName: cluster.tlsServerName.flatMap { $0.isEmpty ? nil : $0 }),
      credentials: try credentials(user: context.user ?? ""))
  }

  private func credentials(user name: String) throws(ConfigurationError)
    -> ClientConfiguration.Credentials
  {
    if name.isEmpty { return .none }
    guard let named = users?.first(where: { $0.name == name }) else {
      throw .missingUser(name: name)
    }
    guard let user = named.value else { return .none }
    if !(user.username ?? "").isEmpty {
      throw .unsupported(
        field: "username and password",
        fix: "API servers dropped them in 1.19; use a token or a certificate")
    }
    if user.authProvider != nil {
      throw .unsupported(
        field: "auth-provider", fix: "kubectl dropped them in 1.26; use an exec plug-in")
    }
    if let exec = user.exec { return .exec(try Self.plugin(exec, folder: named.folder)) }
    if let file = user.tokenFile, !file.isEmpty {
      return .tokenFile(Self.absolute(file, folder: named.folder))
    }
    if let token = user.token, !token.isEmpty { return .token(SecretBytes(token)) }
    let certificate = try Self.source(
      data: user.clientCertificateData, file: user.clientCertificate, folder: named.folder,
      field: "client-certificate-data")
    let key = try Self.source(
      data: user.clientKeyData, file: user.clientKey, folder: named.folder, field: "client-key-data"
    )
    switch (certificate, key) {
    case (nil, nil): return .none
    case (let certificate?, let key?):
      return .clientCertificate(certificate: certificate, key: key)
    case (nil, _), (_, nil):
      throw .malformed(
        path: "user \"\(name)\"", reason: "client-certificate and client-key belong together")
    }
  }

  private static func plugin(
    _ exec: Exec, folder: String
  ) throws(ConfigurationError) -> ExecPlugin {
    let version = exec.apiVersion ?? ""
    guard
      version == "client.authentication.k8s.io/v1"
        || version == "client.authentication.k8s.io/v1beta1"
    else {
      throw .unsupported(
        field: "exec apiVersion \"\(version)\"", fix: "use client.authentication.k8s.io/v1")
    }
    if exec.interactiveMode == "Always" {
      throw .unsupported(
        field: "an exec plug-in that asks on a terminal",
        fix: "use one whose interactiveMode is IfAvailable or Never")
    }
    // A command with a slash is a path, relative to the kubeconfig; without one PATH is searched.
    return ExecPlugin(
      apiVersion: version,
      command: exec.command.contains("/") ? absolute(exec.command, folder: folder) : exec.command,
      arguments: exec.args ?? [],
      environment: Dictionary(
        (exec.env ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }),
      installHint: exec.installHint, providesClusterInfo: exec.provideClusterInfo ?? false)
  }

  private static func source(
    data: String?, file: String?, folder: String, field: String
  ) throws(ConfigurationError) -> ClientConfiguration.Source? {
    if let data, !data.isEmpty {
      guard let bytes = decodeBase64(data) else {
        throw .malformed(path: field, reason: "it is not base64")
      }
      return .data(SecretBytes(bytes))
    }
    return file.flatMap { $0.isEmpty ? nil : .file(absolute($0, folder: folder)) }
  }

  private static func absolute(_ path: String, folder: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path)"
  }
}
