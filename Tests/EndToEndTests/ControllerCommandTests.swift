import Testing

/// The controller's command line, as upstream's manifests write it (spec/controller 4.6).
@Suite(.timeLimit(.minutes(2))) struct ControllerCommandTests {
  private static let missing = "--kubeconfig=/nonexistent/kubeconfig"

  @Test(arguments: [
    "--port=7472", "--port=0", "--namespace=metallb-system", "--ml-secret-name=memberlist",
    "--deployment=controller", "--pod-name=controller-1", "--log-level=all", "--log-level=none",
    "--pprof-bind-address=127.0.0.1:6060", "--health-probe-port=17472",
    "--disable-cert-rotation=true", "--disable-cert-rotation", "--cert-dir=/certs",
    "--cert-service-name=metallb-webhook-service", "--webhook-secret=metallb-webhook-cert",
    "--webhook-mode=enabled", "--webhook-mode=disabled", "--webhook-mode=onlywebhook",
    "--webhook-http2=false", "--webhook-http2", "--lb-class=example.com/metallb",
    "--tls-min-version=VersionTLS12", "--tls-curve-preferences=29,23",
    "--metrics-cert-dir=/metrics-certs", "--config=config",
  ])
  func `Every flag is taken`(flag: String) async throws {
    let outcome = try await Program.run(as: "controller", [flag, Self.missing])
    #expect(!outcome.isSuccess)
    #expect(outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
    #expect(!outcome.error.contains("Usage"), "\(outcome)")
  }

  @Test(arguments: [
    "--log-level=loud", "--webhook-mode=some", "--port=70000", "--tls-min-version=VersionTLS9",
    "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "--tls-curve-preferences=29,29",
    "--tls-curve-preferences=0", "--unknown=1",
  ])
  func `A value that means nothing ends the process`(flag: String) async throws {
    let outcome = try await Program.run(as: "controller", [flag, Self.missing])
    #expect(!outcome.isSuccess)
    #expect(!outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }

  @Test(arguments: [
    ["TLS_CIPHER_SUITES": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    [
      "TLS_CIPHER_SUITES": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_MIN_VERSION": "VersionTLS13",
    ],
    ["TLS_CIPHER_SUITES": "AES", "TLS_MIN_VERSION": "1.2", "TLS_CURVE_PREFERENCES": "29,29"],
  ])
  func `An environment that means nothing does not`(variables: [String: String]) async throws {
    let outcome = try await Program.run(
      as: "controller", ["--webhook-mode=onlywebhook", Self.missing], variables: variables)
    #expect(outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }

  @Test func `A flag is as strict beside an environment that is tolerated`() async throws {
    let outcome = try await Program.run(
      as: "controller",
      ["--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Self.missing],
      variables: ["TLS_MIN_VERSION": "VersionTLS13"])
    #expect(!outcome.error.contains("/nonexistent/kubeconfig"), "\(outcome)")
  }
}
