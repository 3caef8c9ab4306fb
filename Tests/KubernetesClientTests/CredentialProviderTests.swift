import KubernetesAPI
import ManualTime
import Synchronization
import Testing

@testable import KubernetesClient

@Suite struct CredentialProviderTests {
  private let clock = ManualClock()
  private let epoch = Timestamp(seconds: 1_800_000_000)

  private var time: TimeSource {
    TimeSource(clock: clock, wall: { [clock, epoch] in epoch.advanced(by: clock.elapsed) })
  }

  private func configuration(
    _ credentials: ClientConfiguration.Credentials
  ) -> ClientConfiguration {
    ClientConfiguration(server: "http://127.0.0.1", credentials: credentials)
  }

  @Test func `a token file is read again after a minute`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try folder.write("token", "one\n")
    let provider = CredentialProvider(configuration: configuration(.tokenFile(path)), time: time)
    #expect(try await provider.credentials().token?.text == "one")
    try folder.write("token", "two\n")
    clock.advance(by: .seconds(59))
    #expect(try await provider.credentials().token?.text == "one")
    clock.advance(by: .seconds(1))
    #expect(try await provider.credentials().token?.text == "two")
    try folder.write("token", "three\n")
    await provider.invalidate()
    #expect(try await provider.credentials().token?.text == "three")
  }

  @Test func `an unreadable token file is a credentials error that may pass`() async throws {
    let provider = CredentialProvider(
      configuration: configuration(.tokenFile("/nosuch")), time: time)
    let error = await #expect(throws: KubernetesError.self) { try await provider.credentials() }
    #expect(error?.failure == .credentials)
    #expect(error?.isTransient == true)
  }

  @Test func `a plug-in runs again when its credential expires`() async throws {
    let runs = Mutex(0)
    let expiry = epoch.advanced(by: .seconds(100))
    let provider = CredentialProvider(
      configuration: configuration(.exec(ExecPlugin(command: "x"))), time: time
    ) { _, _ in
      let run = runs.withLock { runs in
        runs += 1
        return runs
      }
      return ExecCredential(
        token: SecretBytes("token\(run)"), expiration: run == 1 ? expiry : nil)
    }
    for _ in 0..<3 { #expect(try await provider.credentials().token?.text == "token1") }
    clock.advance(by: .seconds(100))
    #expect(try await provider.credentials().token?.text == "token2")
    clock.advance(by: .seconds(100_000))
    #expect(try await provider.credentials().token?.text == "token2")
    await provider.invalidate()
    #expect(try await provider.credentials().token?.text == "token3")
  }

  @Test func `a certificate that is none is a credentials error`() async {
    let provider = CredentialProvider(
      configuration: ClientConfiguration(
        server: "https://127.0.0.1",
        credentials: .clientCertificate(
          certificate: .data(SecretBytes("s3cret")), key: .data(SecretBytes("s3cret")))),
      time: time)
    let error = await #expect(throws: KubernetesError.self) { try await provider.credentials() }
    #expect(error?.failure == .credentials)
    #expect(error.map { "\($0)".contains("s3cret") } == false)
  }
}

@Suite struct ExecPluginTests {
  private func credential(_ status: String) -> String {
    """
    {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": \(status)}
    """
  }

  @Test func `a program's answer becomes a credential`() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let script = try folder.write(
      "plugin",
      """
      echo "$KUBERNETES_EXEC_INFO" > '\(folder.path)/info'
      echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": "'$TOKEN-$1'", "expirationTimestamp": "2027-01-01T00:00:00Z"}}'
      """)
    let plugin = ExecPlugin(
      command: "sh", arguments: [script, "arg"], environment: ["TOKEN": "abc"],
      providesClusterInfo: true)
    let configuration = ClientConfiguration(
      server: "https://192.0.2.1", tls: .init(certificateAuthority: .data(SecretBytes("PEM"))))
    let credential = try await ExecPlugin.run(plugin, for: configuration)
    #expect(credential.token?.text == "abc-arg")
    #expect(credential.expiration == Timestamp("2027-01-01T00:00:00Z"))
    let info = try JSONValue(parsing: readFile("\(folder.path)/info"))
    #expect(
      info == [
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "spec": [
          "interactive": false,
          "cluster": ["server": "https://192.0.2.1", "certificate-authority-data": "UEVN"],
        ],
      ])
  }

  @Test func `a program that fails is named with its hint, without its output`() async throws {
    let plugin = ExecPlugin(
      command: "sh", arguments: ["-c", "echo s3cret; echo s3cret >&2; exit 3"],
      installHint: "Run setup first.")
    let error = await #expect(throws: KubernetesError.self) {
      try await ExecPlugin.run(plugin, for: ClientConfiguration(server: "https://x"))
    }
    #expect(error?.failure == .credentials)
    #expect(error?.detail.contains("exec plug-in sh") == true)
    #expect(error?.detail.contains("Run setup first.") == true)
    #expect(error?.detail.contains("s3cret") == false)
    let missing = await #expect(throws: KubernetesError.self) {
      try await ExecPlugin.run(
        ExecPlugin(command: "/nosuch/plugin"), for: ClientConfiguration(server: "https://x"))
    }
    #expect(missing?.failure == .credentials)
  }

  @Test func `certificates and tokens are read`() throws {
    let plugin = ExecPlugin(command: "x")
    let both = try plugin.parse(
      credential(#"{"clientCertificateData": "C", "clientKeyData": "K", "token": "T"}"#))
    #expect(both.clientCertificate?.text == "C")
    #expect(both.clientKey?.text == "K")
    #expect(both.token?.text == "T")
    #expect(both.expiration == nil)
  }

  @Test(arguments: [
    "s3cret", "{}", "[]", #"{"kind": "ExecCredential", "status": {"token": "s3cret"}}"#,
    #"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}"#,
    #"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {}}"#,
    #"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "#
      + #""status": {"clientKeyData": "s3cret"}}"#,
  ])
  func `other answers are refused without quoting them`(output: String) {
    let error = #expect(throws: KubernetesError.self) { try ExecPlugin(command: "x").parse(output) }
    #expect(error?.failure == .credentials)
    #expect(error.map { "\($0)".contains("s3cret") } == false)
  }
}
