/// How to reach an API server and as whom. Made by ``inCluster(environment:root:)``,
/// ``kubeconfig(path:context:environment:)`` or ``automatic(kubeconfig:context:environment:)``.
package struct ClientConfiguration: Sendable {
  /// `https://10.96.0.1:443`, with a path where the server has one, without a slash at the end.
  package var server: String
  /// The context's namespace, or the Pod's own; `default` when nothing says otherwise.
  package var namespace: String
  package var tls: TLS
  package var credentials: Credentials

  package struct TLS: Sendable, Hashable {
    /// Who may have signed the server's certificate; `nil` means the system's authorities.
    package var certificateAuthority: Source?
    /// Accept any certificate. For development only.
    package var isVerificationSkipped: Bool
    /// The name to ask for and to check, where it is not the server's host.
    package var serverName: String?

    package init(
      certificateAuthority: Source? = nil, isVerificationSkipped: Bool = false,
      serverName: String? = nil
    ) {
      self.certificateAuthority = certificateAuthority
      self.isVerificationSkipped = isVerificationSkipped
      self.serverName = serverName
    }
  }

  /// PEM text, or a file that is read again when it may have changed.
  package enum Source: Sendable, Hashable {
    case data(SecretBytes)
    case file(String)
  }

  package enum Credentials: Sendable, Hashable {
    case none
    case token(SecretBytes)
    /// A bearer token that somebody else rotates.
    case tokenFile(String)
    case clientCertificate(certificate: Source, key: Source)
    case exec(ExecPlugin)
  }

  package init(
    server: String, namespace: String = "default", tls: TLS = TLS(),
    credentials: Credentials = .none
  ) {
    self.server = server
    self.namespace = namespace
    self.tls = tls
    self.credentials = credentials
  }
}

/// Why there is no usable configuration.
package enum ConfigurationError: Error, Sendable, Hashable {
  /// Neither a kubeconfig nor a Pod's environment was found.
  case notFound(searched: [String])
  case unreadable(path: String, reason: String)
  /// Not YAML, or not the shape of a kubeconfig.
  case malformed(path: String, reason: String)
  case missingContext(name: String)
  case missingCluster(name: String)
  case missingUser(name: String)
  /// Something that a kubeconfig may say and this client does not do: `proxy-url`, user name and
  /// password, auth providers.
  case unsupported(field: String, fix: String)
  case notInCluster(missing: String)
}

extension ConfigurationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let searched):
      "no Kubernetes configuration: looked for \(searched.joined(separator: ", "))"
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .malformed(let path, let reason): "\(path) is no kubeconfig: \(reason)"
    case .missingContext(let name):
      name.isEmpty
        ? "the kubeconfig has no current-context; name one"
        : "the kubeconfig has no context \"\(name)\""
    case .missingCluster(let name): "the kubeconfig has no cluster \"\(name)\""
    case .missingUser(let name): "the kubeconfig has no user \"\(name)\""
    case .unsupported(let field, let fix): "the kubeconfig uses \(field): \(fix)"
    case .notInCluster(let missing): "not running in a Pod: \(missing) is missing"
    }
  }
}

/// A program that prints an `ExecCredential`, API `client.authentication.k8s.io/v1`.
package struct ExecPlugin: Sendable, Hashable {
  package var apiVersion: String
  package var command: String
  package var arguments: [String]
  /// Added to the program's environment.
  package var environment: [String: String]
  package var installHint: String?
  /// Whether the program learns the server and its CA through `KUBERNETES_EXEC_INFO`.
  package var providesClusterInfo: Bool

  package init(
    apiVersion: String = "client.authentication.k8s.io/v1", command: String,
    arguments: [String] = [], environment: [String: String] = [:], installHint: String? = nil,
    providesClusterInfo: Bool = false
  ) {
    self.apiVersion = apiVersion
    self.command = command
    self.arguments = arguments
    self.environment = environment
    self.installHint = installHint
    self.providesClusterInfo = providesClusterInfo
  }
}
