import KubernetesAPI
import OperatorRendering
import Testing

/// What is read from an OpenShift cluster.
@Suite struct OpenShiftTests {
  private static func profile(_ value: JSONValue) -> OperatorEnvironment.TLSOptions {
    TLSProfile.options(["spec": ["tlsSecurityProfile": value]])
  }

  @Test(arguments: [nil, JSONValue.null, [:], ["type": ""], ["type": "Intermediate"]])
  func `The profile is Intermediate unless said otherwise`(value: JSONValue?) {
    let options = value.map(Self.profile) ?? TLSProfile.options([:])
    #expect(options.minVersion == "VersionTLS12")
    #expect(options.curvePreferences == "")
    let names = options.cipherSuites.split(separator: ",")
    #expect(names.first == "TLS_AES_128_GCM_SHA256")
    #expect(names.contains("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"))
    #expect(names.count == 9)
  }

  @Test func `Modern is TLS 1.3 with its suites`() {
    let options = Self.profile(["type": "Modern"])
    #expect(options.minVersion == "VersionTLS13")
    #expect(
      options.cipherSuites
        == "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256")
  }

  @Test func `Old reaches down to TLS 1.0`() {
    let options = Self.profile(["type": "Old"])
    #expect(options.minVersion == "VersionTLS10")
    #expect(options.cipherSuites.hasSuffix("TLS_RSA_WITH_3DES_EDE_CBC_SHA"))
  }

  @Test func `A custom profile is translated, without the suites that no server of ours has`() {
    let options = Self.profile([
      "type": "Custom",
      "custom": [
        "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "nonsense"],
        "minTLSVersion": "VersionTLS11",
      ],
    ])
    #expect(options.cipherSuites == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    #expect(options.minVersion == "VersionTLS11")
  }

  @Test func `The webhook server's ConfigMap has all keys, also when it says nothing`() throws {
    let empty = try TLSSettings.configMap(.init(), namespace: "a")
    #expect(
      empty.value["data"]
        == ["TLS_CIPHER_SUITES": "", "TLS_CURVE_PREFERENCES": "", "TLS_MIN_VERSION": ""])
    let map = try TLSSettings.configMap(Self.profile(["type": "Modern"]), namespace: "a")
    #expect(map.description == "ConfigMap a/metallb-tls-config")
    #expect(map.value[path: ["data", "TLS_MIN_VERSION"]] == "VersionTLS13")
    #expect(map.value[path: ["data", "TLS_CURVE_PREFERENCES"]] == "")
    #expect(map.value[path: ["metadata", "ownerReferences"]] == nil)
  }

  private static let suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"

  private static func settings(_ options: OperatorEnvironment.TLSOptions) throws -> [String?] {
    let data = try TLSSettings.configMap(options, namespace: "a").value["data"]
    return ["TLS_CIPHER_SUITES", "TLS_CURVE_PREFERENCES", "TLS_MIN_VERSION"].map {
      data?[$0]?.stringValue
    }
  }

  /// As the chart's value `tls.cipherSuites` alone leaves it.
  @Test func `The webhook server is not told of suites that TLS 1.3 has no use for`() throws {
    let variables = [
      "OPERATOR_NAMESPACE": "a", "CONTROLLER_IMAGE": "b", "SPEAKER_IMAGE": "b",
      "TLS_CIPHER_SUITES": Self.suite, "TLS_CURVE_PREFERENCES": "29",
    ]
    for version in ["", "VersionTLS13"] {
      let environment = try OperatorEnvironment(
        variables: variables.merging(["TLS_MIN_VERSION": version]) { $1 })
      #expect(try Self.settings(environment.tls) == ["", "29", version])
    }
    for version in ["VersionTLS10", "VersionTLS11", "VersionTLS12"] {
      let environment = try OperatorEnvironment(
        variables: variables.merging(["TLS_MIN_VERSION": version]) { $1 })
      #expect(try Self.settings(environment.tls) == [Self.suite, "29", "VersionTLS12"])
    }
  }

  @Test func `Nor of those that a custom profile of TLS 1.3 names, or of a version to come`() throws
  {
    for version in ["VersionTLS13", "VersionTLS14"] {
      let options = Self.profile([
        "type": "Custom",
        "custom": [
          "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"], "minTLSVersion": .string(version),
        ],
      ])
      #expect(try Self.settings(options) == ["", "", "VersionTLS13"])
    }
  }

  @Test(arguments: [nil, "", "LegacyAdheringComponentsOnly", "StrictAllComponents", "Later"])
  func `The profile counts however strictly the cluster asks for it`(adherence: String?) {
    var spec: JSONValue = ["tlsSecurityProfile": ["type": "Modern"]]
    if let adherence { spec["tlsAdherence"] = .string(adherence) }
    #expect(TLSProfile.options(["spec": spec]).minVersion == "VersionTLS13")
  }

  private static func clusterOperator(_ version: String) -> JSONValue {
    [
      "status": [
        "versions": [
          ["name": "ovn", "version": "9"], ["name": "operator", "version": .string(version)],
        ]
      ]
    ]
  }

  @Test(
    arguments: [
      ("4.17.0", true), ("4.17.0-0", true), ("4.17.0-0.nightly-2024-07-01", true), ("4.18.1", true),
      ("5.0.0", true), ("4.16.9", false), ("4.17.0-", nil), ("", nil), ("next", nil),
    ] as [(String, Bool?)])
  func `The network operator is asked from a version on`(version: String, isCapable: Bool?) throws {
    let minimum = try #require(SemanticVersion("4.17.0-0"))
    switch NetworkOperator.capability(Self.clusterOperator(version), minimum: minimum) {
    case .capable: #expect(isCapable == true)
    case .tooOld(let text):
      #expect(isCapable == false)
      #expect(text.contains("4.17.0-0"))
    case .unknown: #expect(isCapable == nil)
    }
  }

  @Test func `A network operator that does not say its version is unknown`() throws {
    let minimum = SemanticVersion("4.17.0-0")
    for object in [nil, JSONValue.object([:])] {
      #expect(
        NetworkOperator.capability(object, minimum: minimum)
          == .unknown("ClusterOperator network does not say its version"))
    }
    #expect(NetworkOperator.capability(nil, minimum: nil) == .capable)
  }

  @Test func `The network operator is asked for FRR beside what others asked for`() {
    let path = ["spec", "additionalRoutingCapabilities", "providers"]
    var network: JSONValue = ["metadata": ["resourceVersion": "7"], "spec": [:]]
    #expect(
      NetworkOperator.request(network) == [
        "metadata": ["resourceVersion": "7"],
        "spec": ["additionalRoutingCapabilities": ["providers": ["FRR"]]],
      ])
    network[path: path] = ["Other"]
    #expect(NetworkOperator.request(network)?[path: path] == ["Other", "FRR"])
    network[path: path] = ["FRR"]
    #expect(NetworkOperator.request(network) == nil)
  }

  /// semver.org 2.0.0 §11, from low to high.
  @Test func `Versions are ordered as semantic versions are`() throws {
    let texts = [
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0",
    ]
    let versions = try texts.map { try #require(SemanticVersion($0)) }
    #expect(versions.reversed().sorted() == versions)
    #expect(SemanticVersion("1.0.0+a") == SemanticVersion("1.0.0+b"))
    for text in ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-", "1.0.0-a..b", "1.-1.0", "a.b.c"] {
      #expect(SemanticVersion(text) == nil, "\(text)")
    }
  }

  @Test func `The manifest for OpenShift keeps out of the way of what its nodes run`() throws {
    let installation = Installation(
      platform: .openshift, image: try ImageReference("example.org/metallb:1"))
    let deployment = try #require(
      try installation.objects().first {
        $0.name.name == "metallb-operator-controller-manager"
      }
    ).value.decode(Deployment.self)
    let variables = Dictionary(
      (deployment.spec?.template.spec.containers?.first?.env ?? []).map {
        ($0.name, $0.value ?? "-")
      },
      uniquingKeysWith: { $1 })
    let environment = try OperatorEnvironment(variables: variables)
    #expect(environment.ports.metrics == 29150)
    #expect(environment.ports.frrMetrics == 29151)
    #expect(environment.ports.memberlist == 9122)
    #expect(environment.ports.liveness == 7472)
    #expect(environment.monitors == .services)
    #expect(environment.externalFRRK8sNamespace == "openshift-frr-k8s")
  }
}
