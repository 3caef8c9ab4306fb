internal import KubernetesAPI
internal import NIOCore
internal import NIOSSL

/// What one request needs to prove who it is from, and to check who answers.
struct RequestCredentials: Sendable {
  var token: SecretBytes?
  var tls: TLSConfiguration?
}

/// Holds credentials and refreshes them: token files and certificate files are read again after a
/// minute, exec plug-ins run again when what they gave expires, and everything is renewed after the
/// server refused it with 401.
actor CredentialProvider {
  /// Tokens of projected service account volumes live for at least ten minutes and are replaced
  /// when 80 % of that has passed, so a minute is early enough.
  static let fileLifetime = Duration.seconds(60)

  private let configuration: ClientConfiguration
  private let time: TimeSource
  private let runPlugin: ExecPluginRunner
  private var current: (credentials: RequestCredentials, isValid: Validity)?

  private enum Validity {
    case always
    case until(ContinuousClock.Instant)
    case untilWall(Timestamp)
  }

  init(
    configuration: ClientConfiguration, time: TimeSource,
    runPlugin: @escaping ExecPluginRunner = ExecPlugin.run
  ) {
    self.configuration = configuration
    self.time = time
    self.runPlugin = runPlugin
  }

  /// The credentials to use now. Throws `KubernetesError` of class `credentials`.
  func credentials() async throws -> RequestCredentials {
    if let current, isValid(current.isValid) { return current.credentials }
    do {
      return try await renew()
    } catch let error as ConfigurationError {
      throw KubernetesError(.credentials, detail: "\(error)", cause: error)
    } catch let error as NIOSSLError {
      throw KubernetesError(.credentials, detail: "certificate or key: \(error)", cause: error)
    }
  }

  /// The server refused credentials with 401: the next ones are made anew.
  func invalidate() { current = nil }

  private func isValid(_ validity: Validity) -> Bool {
    switch validity {
    case .always: true
    case .until(let deadline): time.now < deadline
    case .untilWall(let expiry): time.wall < expiry
    }
  }

  private func renew() async throws -> RequestCredentials {
    var credentials = RequestCredentials()
    var validity = Validity.always
    let fileValidity = Validity.until(time.now.advanced(by: Self.fileLifetime))
    var chain: [NIOSSLCertificateSource] = []
    var key: NIOSSLPrivateKeySource?
    if configuration.tls.certificateAuthority?.isFile ?? false { validity = fileValidity }
    switch configuration.credentials {
    case .none: break
    case .token(let token): credentials.token = token
    case .tokenFile(let path):
      credentials.token = SecretBytes(trimmedText(try readFile(path)))
      validity = fileValidity
    case .clientCertificate(let certificate, let privateKey):
      chain = try Self.chain(certificate.read())
      key = try Self.key(privateKey.read())
      if certificate.isFile || privateKey.isFile { validity = fileValidity }
    case .exec(let plugin):
      let result = try await runPlugin(plugin, configuration)
      credentials.token = result.token
      if let pem = result.clientCertificate { chain = try Self.chain(pem.bytes) }
      if let pem = result.clientKey { key = try Self.key(pem.bytes) }
      validity = result.expiration.map { .untilWall($0) } ?? .always
    }
    credentials.tls = try tls(chain: chain, key: key)
    current = (credentials, validity)
    return credentials
  }

  private static func chain(_ pem: [UInt8]) throws -> [NIOSSLCertificateSource] {
    try NIOSSLCertificate.fromPEMBytes(pem).map { .certificate($0) }
  }

  private static func key(_ pem: [UInt8]) throws -> NIOSSLPrivateKeySource {
    .privateKey(try NIOSSLPrivateKey(bytes: pem, format: .pem))
  }

  private func tls(
    chain: [NIOSSLCertificateSource], key: NIOSSLPrivateKeySource?
  ) throws -> TLSConfiguration? {
    guard configuration.server.hasPrefix("https:") else { return nil }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    tls.applicationProtocols = ["http/1.1"]
    // A server that does not say goodbye in return is not waited for.
    tls.shutdownTimeout = .milliseconds(500)
    if let authority = configuration.tls.certificateAuthority {
      tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority.read()))
    }
    if configuration.tls.isVerificationSkipped { tls.certificateVerification = .none }
    tls.certificateChain = chain
    tls.privateKey = key
    return tls
  }
}

extension ClientConfiguration.Source {
  var isFile: Bool { if case .file = self { true } else { false } }

  func read() throws(ConfigurationError) -> [UInt8] {
    switch self {
    case .data(let secret): secret.bytes
    case .file(let path): try readFile(path)
    }
  }
}
