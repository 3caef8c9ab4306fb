internal import KubernetesAPI
internal import Subprocess

/// What an exec plug-in gave: `status` of an `ExecCredential`.
struct ExecCredential: Sendable {
  var token: SecretBytes?
  var clientCertificate: SecretBytes?
  var clientKey: SecretBytes?
  /// `nil` means for as long as the server takes it.
  var expiration: Timestamp?
}

typealias ExecPluginRunner =
  @Sendable (ExecPlugin, ClientConfiguration) async throws -> ExecCredential

extension ExecPlugin {
  /// A plug-in that prints more than this is broken.
  private static let outputLimit = 1024 * 1024

  /// Runs the program and reads what it prints. Its standard error is not kept: it may hold
  /// anything.
  @Sendable
  static func run(
    _ plugin: ExecPlugin, for configuration: ClientConfiguration
  ) async throws -> ExecCredential {
    var variables: [Environment.Key: String?] = [:]
    for (name, value) in plugin.environment {
      variables[Environment.Key(stringLiteral: name)] = value
    }
    variables["KUBERNETES_EXEC_INFO"] = try plugin.execInfo(configuration).jsonText
    let output: String
    do {
      let result = try await Subprocess.run(
        // env(1) takes paths as well as names to look for in PATH, and ends with 127 for neither.
        .name("env"), arguments: Arguments([plugin.command] + plugin.arguments),
        environment: .inherit.updating(variables),
        output: .string(limit: outputLimit), error: .discarded)
      guard result.terminationStatus.isSuccess else {
        throw plugin.failure("it ended with \(result.terminationStatus)")
      }
      output = result.standardOutput
    } catch let error as SubprocessError {
      throw plugin.failure("it did not run: \(error)")
    }
    return try plugin.parse(output)
  }

  func failure(_ reason: String) -> KubernetesError {
    let hint = installHint.map { "\n\($0)" } ?? ""
    return KubernetesError(.credentials, detail: "exec plug-in \(command): \(reason)\(hint)")
  }

  /// The `ExecCredential` that tells the plug-in what is asked of it.
  func execInfo(_ configuration: ClientConfiguration) throws -> JSONValue {
    var spec: JSONValue = ["interactive": false]
    if providesClusterInfo {
      var cluster: JSONValue = ["server": .string(configuration.server)]
      if let authority = configuration.tls.certificateAuthority {
        cluster["certificate-authority-data"] = .string(encodeBase64(try authority.read()))
      }
      if let name = configuration.tls.serverName { cluster["tls-server-name"] = .string(name) }
      if configuration.tls.isVerificationSkipped { cluster["insecure-skip-tls-verify"] = true }
      spec["cluster"] = cluster
    }
    return ["apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": spec]
  }

  func parse(_ output: String) throws -> ExecCredential {
    // No part of the output may appear in an error: it holds the credentials.
    guard let value = try? JSONValue(parsing: output) else { throw failure("it printed no JSON") }
    guard value["kind"]?.stringValue == "ExecCredential",
      value["apiVersion"]?.stringValue == apiVersion
    else { throw failure("it printed no ExecCredential of \(apiVersion)") }
    let status = value["status"]
    var credential = ExecCredential()
    credential.token = status?["token"]?.stringValue.map { SecretBytes($0) }
    credential.clientCertificate = status?["clientCertificateData"]?.stringValue.map {
      SecretBytes($0)
    }
    credential.clientKey = status?["clientKeyData"]?.stringValue.map { SecretBytes($0) }
    credential.expiration = status?["expirationTimestamp"]?.stringValue.flatMap { Timestamp($0) }
    if (credential.clientCertificate == nil) != (credential.clientKey == nil) {
      throw failure("it gave a certificate without its key, or a key without its certificate")
    }
    if credential.token == nil, credential.clientCertificate == nil {
      throw failure("it gave neither a token nor a certificate")
    }
    return credential
  }
}
