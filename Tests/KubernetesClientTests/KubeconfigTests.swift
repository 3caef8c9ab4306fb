import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite struct KubeconfigTests {
  /// A kubeconfig whose cluster and user have the given lines.
  private func text(cluster: String = "", user: String = "") -> String {
    func indented(_ text: String) -> String {
      text.split(separator: "\n").map { "      \($0)\n" }.joined()
    }
    return """
      apiVersion: v1
      kind: Config
      current-context: main
      contexts:
        - name: main
          context: {cluster: c, user: u, namespace: team}
        - name: bare
          context: {cluster: c}
      clusters:
        - name: c
          cluster:
            server: https://192.0.2.1:6443/
      \(indented(cluster))
      users:
        - name: u
          user:
            unknown: ignored
      \(indented(user))
      """
  }

  private func credentials(_ user: String) throws -> ClientConfiguration.Credentials {
    try ClientConfiguration.kubeconfig(text: text(user: user)).credentials
  }

  @Test func `the current context names cluster, user and namespace`() throws {
    let configuration = try ClientConfiguration.kubeconfig(text: text(user: "token: abc"))
    #expect(configuration.server == "https://192.0.2.1:6443")
    #expect(configuration.namespace == "team")
    #expect(configuration.credentials == .token(SecretBytes("abc")))
    #expect(configuration.tls == ClientConfiguration.TLS())
    let bare = try ClientConfiguration.kubeconfig(text: text(user: "token: abc"), context: "bare")
    #expect(bare.namespace == "default")
    #expect(bare.credentials == .none)
  }

  @Test func `TLS settings`() throws {
    let cluster = """
      certificate-authority-data: UEVN
      tls-server-name: api.example
      insecure-skip-tls-verify: true
      """
    let configuration = try ClientConfiguration.kubeconfig(text: text(cluster: cluster))
    #expect(
      configuration.tls
        == ClientConfiguration.TLS(
          certificateAuthority: .data(SecretBytes("PEM")), isVerificationSkipped: true,
          serverName: "api.example"))
  }

  @Test func `every kind of credentials`() throws {
    #expect(try credentials("tokenFile: /run/token") == .tokenFile("/run/token"))
    // A token file wins over a token, data over files, a plug-in over everything.
    #expect(try credentials("token: abc\ntokenFile: /run/token") == .tokenFile("/run/token"))
    #expect(
      try credentials("client-certificate-data: Yw==\nclient-key-data: aw==")
        == .clientCertificate(
          certificate: .data(SecretBytes("c")), key: .data(SecretBytes("k"))))
    #expect(
      try credentials("client-certificate: /c.pem\nclient-key: /k.pem\nclient-key-data: aw==")
        == .clientCertificate(certificate: .file("/c.pem"), key: .data(SecretBytes("k"))))
    let exec = """
      token: abc
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: login
        args: [get-token, --cluster=c]
        env: [{name: A, value: b}]
        installHint: install it
        provideClusterInfo: true
      """
    let plugin = ExecPlugin(
      command: "login", arguments: ["get-token", "--cluster=c"], environment: ["A": "b"],
      installHint: "install it", providesClusterInfo: true)
    #expect(try credentials(exec) == .exec(plugin))
  }

  @Test func `paths start at the folder of their file`() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let user = "client-certificate: pki/c.pem\nclient-key: /abs/k.pem"
    let path = try folder.write(
      "config", text(cluster: "certificate-authority: ca.crt", user: user))
    let configuration = try ClientConfiguration.kubeconfig(path: path, environment: [:])
    #expect(configuration.tls.certificateAuthority == .file("\(folder.path)/ca.crt"))
    #expect(
      configuration.credentials
        == .clientCertificate(
          certificate: .file("\(folder.path)/pki/c.pem"), key: .file("/abs/k.pem")))

    let exec = """
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: bin/login
      """
    let other = try folder.write("other", text(user: exec))
    let plugin = ExecPlugin(command: "\(folder.path)/bin/login")
    #expect(
      try ClientConfiguration.kubeconfig(path: other, environment: [:]).credentials
        == .exec(plugin))
  }

  @Test func `of several files what comes first wins`() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let first = try folder.write(
      "first",
      """
      contexts: [{name: x, context: {cluster: c, user: u}}]
      users: [{name: u, user: {token: first}}]
      """)
    let second = try folder.write("second", text(user: "token: second"))
    let third = try folder.write("third", "current-context: x")
    let environment = ["KUBECONFIG": "\(first):/nosuch:\(second):\(third)"]
    let main = try ClientConfiguration.kubeconfig(environment: environment)
    #expect(main.namespace == "team")
    #expect(main.credentials == .token(SecretBytes("first")))
    let named = try ClientConfiguration.kubeconfig(context: "x", environment: environment)
    #expect(named.server == "https://192.0.2.1:6443")
    #expect(named.namespace == "default")
  }

  @Test func `what is missing is named`() {
    #expect(throws: ConfigurationError.missingContext(name: "nosuch")) {
      try ClientConfiguration.kubeconfig(text: text(), context: "nosuch")
    }
    #expect(throws: ConfigurationError.missingContext(name: "")) {
      try ClientConfiguration.kubeconfig(text: "kind: Config")
    }
    let dangling = "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
    #expect(throws: ConfigurationError.missingCluster(name: "c")) {
      try ClientConfiguration.kubeconfig(text: dangling)
    }
    #expect(throws: ConfigurationError.missingUser(name: "u")) {
      try ClientConfiguration.kubeconfig(
        text: dangling + "clusters: [{name: c, cluster: {server: https://x}}]")
    }
    #expect(throws: ConfigurationError.notFound(searched: ["/nosuch/a", "/nosuch/b"])) {
      try ClientConfiguration.kubeconfig(environment: ["KUBECONFIG": "/nosuch/a:/nosuch/b"])
    }
    #expect(
      throws: ConfigurationError.unreadable(
        path: "/nosuch", reason: "No such file or directory")
    ) {
      try ClientConfiguration.kubeconfig(path: "/nosuch", environment: [:])
    }
  }

  @Test(arguments: [
    ("proxy-url: http://proxy:3128", ""), ("", "username: admin\npassword: s3cret"),
    ("", "auth-provider: {name: gcp}"),
    ("", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"),
    (
      "",
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}"
    ),
  ])
  func `what this client does not do is refused with a way out`(
    cluster: String, user: String
  ) throws {
    do {
      _ = try ClientConfiguration.kubeconfig(text: text(cluster: cluster, user: user))
      Issue.record("accepted")
    } catch .unsupported(_, let fix) {
      #expect(!fix.isEmpty)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test(arguments: [
    "a: [", "contexts: s3cret", "users: [{name: u, user: {token: [s3cret]}}]",
    "current-context: a\nclusters: [{name: c, cluster: {certificate-authority-data: s3cret*}}]\n"
      + "contexts: [{name: a, context: {cluster: c}}]",
  ])
  func `malformed files are refused without quoting them`(text: String) {
    do {
      _ = try ClientConfiguration.kubeconfig(text: text)
      Issue.record("accepted")
    } catch {
      #expect(!"\(error)".contains("s3cret"))
    }
  }

  @Test func `a certificate without its key is refused`() {
    #expect(throws: ConfigurationError.self) { try credentials("client-certificate-data: Yw==") }
  }
}

@Suite struct InClusterConfigurationTests {
  private let environment = [
    "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
  ]

  @Test func `a Pod finds everything in its volume`() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let token = try folder.write("token", "abc")
    let authority = try folder.write("ca.crt", "PEM")
    try folder.write("namespace", "metallb-system\n")
    let configuration = try ClientConfiguration.inCluster(
      environment: environment, root: folder.path)
    #expect(configuration.server == "https://10.96.0.1:443")
    #expect(configuration.namespace == "metallb-system")
    #expect(configuration.credentials == .tokenFile(token))
    #expect(configuration.tls.certificateAuthority == .file(authority))

    let six = try ClientConfiguration.inCluster(
      environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"],
      root: folder.path)
    #expect(six.server == "https://[fd00::1]:443")
  }

  @Test func `outside of a Pod it says what is missing`() {
    #expect(throws: ConfigurationError.notInCluster(missing: "KUBERNETES_SERVICE_HOST")) {
      try ClientConfiguration.inCluster(environment: [:], root: "/nosuch")
    }
    #expect(throws: ConfigurationError.notInCluster(missing: "/nosuch/token")) {
      try ClientConfiguration.inCluster(environment: environment, root: "/nosuch")
    }
  }

  @Test func `automatic takes what it is told, KUBECONFIG, the Pod, then the home folder`() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    func config(_ server: String) -> String {
      """
      current-context: a
      contexts: [{name: a, context: {cluster: c}}]
      clusters: [{name: c, cluster: {server: "https://\(server)"}}]
      """
    }
    let named = try folder.write("named", config("named"))
    let listed = try folder.write("listed", config("listed"))
    var environment = ["KUBECONFIG": listed, "HOME": folder.path]
    #expect(
      try ClientConfiguration.automatic(kubeconfig: named, environment: environment).server
        == "https://named")
    #expect(
      try ClientConfiguration.automatic(environment: environment).server == "https://listed")
    environment["KUBECONFIG"] = nil
    #expect(throws: ConfigurationError.self) {
      try ClientConfiguration.automatic(environment: environment)
    }
  }
}
