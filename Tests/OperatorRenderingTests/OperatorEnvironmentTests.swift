import MetalLBAPI
import OperatorRendering
import Testing

@Suite struct OperatorEnvironmentTests {
  static let minimal = [
    "OPERATOR_NAMESPACE": "metallb-system", "CONTROLLER_IMAGE": "example.org/metallb:1",
    "SPEAKER_IMAGE": "example.org/metallb:1",
  ]

  @Test func `Fills in what is not set`() throws {
    let environment = try OperatorEnvironment(variables: Self.minimal)
    #expect(environment.namespace == "metallb-system")
    #expect(environment.images.speaker.description == "example.org/metallb:1")
    #expect(environment.images.frr == nil)
    #expect(environment.ports == .init())
    #expect(environment.ports.memberlist == 7946)
    #expect(environment.ports.metrics == 9120)
    #expect(environment.ports.liveness == 17472)
    #expect(environment.monitors == .none)
    #expect(environment.hasNetworkPolicies)
    #expect(environment.apiServerPort == nil)
    #expect(!environment.ignoresExclusionLabel)
    #expect(environment.tls == .init())
    #expect(!environment.usesFRRK8sOfNetworkOperator)
  }

  @Test func `Reads every setting`() throws {
    let environment = try OperatorEnvironment(
      variables: Self.minimal.merging([
        "FRR_IMAGE": "quay.io/frrouting/frr:10.5.3", "FRRK8S_IMAGE": "quay.io/metallb/frr-k8s:v1",
        "MEMBER_LIST_BIND_PORT": "9122", "METRICS_PORT": "29150", "FRR_METRICS_PORT": "29151",
        "OPERAND_LIVENESS_PORT": "7472", "FRRK8S_HTTPS_METRICS_PORT": "1",
        "FRRK8S_FRR_HTTPS_METRICS_PORT": "65535", "DEPLOY_SERVICEMONITORS": "true",
        "DISABLE_NETWORK_POLICIES": "true", "KUBERNETES_API_PORT": "16443",
        "IGNORE_EXCLUDE_LB": "true",
        "TLS_MIN_VERSION": "VersionTLS12", "TLS_CIPHER_SUITES": "TLS_AES_128_GCM_SHA256",
        "TLS_CURVE_PREFERENCES": "29,23", "FRRK8S_EXTERNAL_NAMESPACE": "frr-k8s-system",
        "DEPLOY_FRRK8S_FROM_CNO": "true", "CNO_MIN_FRRK8S_VERSION": "4.17.0-0",
        "METALLB_BGP_TYPE": "nonsense",
      ]) { $1 })
    #expect(environment.images.frr?.tag == "10.5.3")
    #expect(environment.images.frrK8s?.tag == "v1")
    #expect(environment.ports.memberlist == 9122)
    #expect(environment.ports.metrics == 29150)
    #expect(environment.ports.frrMetrics == 29151)
    #expect(environment.ports.liveness == 7472)
    #expect(environment.ports.frrK8sMetrics == 1)
    #expect(environment.ports.frrK8sFRRMetrics == 65535)
    #expect(environment.monitors == .services)
    #expect(!environment.hasNetworkPolicies)
    #expect(environment.apiServerPort == 16443)
    #expect(environment.ignoresExclusionLabel)
    #expect(environment.tls.minVersion == "VersionTLS12")
    #expect(environment.tls.curvePreferences == "29,23")
    #expect(environment.externalFRRK8sNamespace == "frr-k8s-system")
    #expect(environment.usesFRRK8sOfNetworkOperator)
    #expect(environment.minimumNetworkOperatorVersion?.description == "4.17.0-0")
  }

  @Test func `A port of the API server adds to what is found`() throws {
    var environment = try OperatorEnvironment(variables: Self.minimal)
    #expect(environment.apiServerPorts(found: []) == [443, 6443])
    #expect(environment.apiServerPorts(found: [8443]) == [443, 8443])
    environment.apiServerPort = 16443
    #expect(environment.apiServerPorts(found: []) == [443, 6443, 16443])
    #expect(environment.apiServerPorts(found: [8443]) == [443, 8443, 16443])
  }

  @Test func `Takes the namespace from the variable of older manifests`() throws {
    var variables = Self.minimal
    variables["OPERATOR_NAMESPACE"] = nil
    variables["WATCH_NAMESPACE"] = "metallb"
    #expect(try OperatorEnvironment(variables: variables).namespace == "metallb")
  }

  @Test(arguments: Platform.allCases)
  func `Every variable that the installation sets is read`(platform: Platform) throws {
    var installation = Installation(
      platform: platform, image: try ImageReference(Installation.defaultImage))
    installation.overrides.frr = try ImageReference("example.org/frr:1")
    installation.overrides.frrK8s = try ImageReference("example.org/frr-k8s:1")
    let variables = installation.operatorVariables
    let environment = try OperatorEnvironment(variables: variables)
    #expect(variables.count >= 5)
    for name in variables.keys {
      let others = variables.merging([name: "other"]) { $1 }
      // It is refused, or makes a difference.
      let other = try? OperatorEnvironment(variables: others)
      #expect(other != environment, "\(name)")
    }
  }

  struct Refused: CustomTestStringConvertible {
    var variables: [String: String]
    var problem: OperatorEnvironmentError.Problem
    var testDescription: String { "\(problem)" }
  }

  @Test(arguments: [
    Refused(variables: ["OPERATOR_NAMESPACE": ""], problem: .missing("OPERATOR_NAMESPACE")),
    Refused(variables: ["CONTROLLER_IMAGE": ""], problem: .missing("CONTROLLER_IMAGE")),
    Refused(
      variables: ["UPSTREAM_IMAGES": "yes"],
      problem: .notASwitch(name: "UPSTREAM_IMAGES", value: "yes")),
    Refused(variables: ["SPEAKER_IMAGE": ""], problem: .missing("SPEAKER_IMAGE")),
    Refused(
      variables: ["SPEAKER_IMAGE": "a:b:c d"],
      problem: .notAnImage(name: "SPEAKER_IMAGE", value: "a:b:c d", .malformedTag("c d"))),
    Refused(
      variables: ["METRICS_PORT": "0"], problem: .notAPort(name: "METRICS_PORT", value: "0")),
    Refused(
      variables: ["METRICS_PORT": "65536"], problem: .notAPort(name: "METRICS_PORT", value: "65536")
    ),
    Refused(
      variables: ["KUBERNETES_API_PORT": "https"],
      problem: .notAPort(name: "KUBERNETES_API_PORT", value: "https")),
    Refused(
      variables: ["METRICS_PORT": "7946"],
      problem: .samePort("MEMBER_LIST_BIND_PORT", "METRICS_PORT", 7946)),
    Refused(
      variables: ["DEPLOY_SERVICEMONITORS": "true", "DEPLOY_PODMONITORS": "true"],
      problem: .contradiction("DEPLOY_SERVICEMONITORS=true", "DEPLOY_PODMONITORS=true")),
    Refused(variables: ["TLS_MIN_VERSION": "1.2"], problem: .notATLSVersion("1.2")),
    Refused(variables: ["TLS_CURVE_PREFERENCES": "29,,23"], problem: .notACurveList("29,,23")),
    Refused(variables: ["TLS_CURVE_PREFERENCES": "29,29"], problem: .notACurveList("29,29")),
    Refused(variables: ["TLS_CURVE_PREFERENCES": "1"], problem: .notACurveList("1")),
    Refused(variables: ["TLS_CURVE_PREFERENCES": "x"], problem: .notACurveList("x")),
    Refused(
      variables: ["TLS_CIPHER_SUITES": "TLS_AES_128_GCM_SHA256,AES128-SHA"],
      problem: .notACipherSuite("AES128-SHA")),
    Refused(
      variables: ["FRR_IMAGE": "frr@sha256:x"],
      problem: .notAnImage(name: "FRR_IMAGE", value: "frr@sha256:x", .malformedDigest("sha256:x"))),
    Refused(
      variables: ["CNO_MIN_FRRK8S_VERSION": "4.17"],
      problem: .notAVersion(name: "CNO_MIN_FRRK8S_VERSION", value: "4.17")),
  ])
  func `Names the variable and the fix`(fixture: Refused) {
    #expect(throws: OperatorEnvironmentError(problems: [fixture.problem])) {
      try OperatorEnvironment(variables: Self.minimal.merging(fixture.variables) { $1 })
    }
  }

  @Test func `Reports everything at once`() throws {
    let error = try #require(throws: OperatorEnvironmentError.self) {
      try OperatorEnvironment(variables: ["METRICS_PORT": "x"])
    }
    #expect(
      error.description == """
        environment variable OPERATOR_NAMESPACE is not set; \
        environment variable CONTROLLER_IMAGE is not set; \
        environment variable SPEAKER_IMAGE is not set; \
        METRICS_PORT="x" is not a port: write a number from 1 to 65535
        """)
  }

  private static func problems(
    _ backend: BGPBackend, _ change: (inout OperatorEnvironment) -> Void
  ) throws -> [String] {
    var environment = try OperatorEnvironment(variables: minimal)
    change(&environment)
    return environment.problems(of: .init(), backend: backend)
  }

  @Test func `A port that two listeners want matters with the backend that has both`() throws {
    let same = { (environment: inout OperatorEnvironment) in environment.ports.frrMetrics = 9120 }
    #expect(try Self.problems(.native, same) == [])
    #expect(
      try Self.problems(.frr, same) == [
        "METRICS_PORT and FRR_METRICS_PORT are both 9120, and with the backend frr they are on one host: choose another port"
      ])
    for port in [7572, 19443, 9141] {
      #expect(try Self.problems(.frrK8s) { $0.ports.frrK8sMetrics = port }.count == 1)
    }
    for backend in [BGPBackend.native, .frr, .frrK8s] {
      #expect(try Self.problems(backend) { _ in } == [])
    }
  }

  @Test func `The network operator's frr-k8s has to be somewhere`() throws {
    let problems = try Self.problems(.frrK8sExternal) { $0.usesFRRK8sOfNetworkOperator = true }
    #expect(problems.count == 1)
    #expect(problems[0].hasPrefix("DEPLOY_FRRK8S_FROM_CNO=true needs to know where"))
    #expect(
      try Self.problems(.frrK8sExternal) { $0.externalFRRK8sNamespace = "there" } == [])
  }
}
