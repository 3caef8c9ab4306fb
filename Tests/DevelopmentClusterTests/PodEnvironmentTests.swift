import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct PodEnvironmentTests {
  static let facts = PodEnvironment.Facts(
    podIP: "10.0.1.2", hostIP: "172.29.0.11", apiHost: "10.96.0.1", apiPort: 443)

  let environment = PodEnvironment(
    pod: {
      var pod = Fixture.pod("p", on: "node-1") { $0.serviceAccountName = "robot" }
      pod.metadata.labels = ["app": "web", "tier": "a\"b"]
      return pod
    }(), facts: facts,
    configMap: { $0 == "map" ? ["key": "value"] : nil },
    secret: { $0 == "keys" ? ["token": Array("s3cret".utf8)] : nil })

  func variables(_ env: [EnvVar]) throws -> [String: String] {
    var container = Container(name: "main")
    container.env = env
    return try environment.variables(of: container)
  }

  @Test func `Pods learn where the API server is`() throws {
    let variables = try variables([])
    #expect(variables["KUBERNETES_SERVICE_HOST"] == "10.96.0.1")
    #expect(variables["KUBERNETES_SERVICE_PORT"] == "443")
    #expect(variables["KUBERNETES_PORT_443_TCP"] == "tcp://10.96.0.1:443")
    #expect(variables["HOSTNAME"] == "p")
  }

  @Test(arguments: [
    ("metadata.name", "p"), ("metadata.namespace", "default"), ("metadata.uid", "uid-p"),
    ("metadata.labels['app']", "web"), ("metadata.annotations['x']", ""),
    ("spec.nodeName", "node-1"), ("spec.serviceAccountName", "robot"),
    ("status.hostIP", "172.29.0.11"), ("status.podIP", "10.0.1.2"),
    ("metadata.labels", "app=\"web\"\ntier=\"a\\\"b\""),
  ])
  func `Fields of the downward API`(_ path: String, _ value: String) throws {
    #expect(try environment.field(path) == value)
  }

  @Test func `Values are taken from ConfigMaps and Secrets`() throws {
    var fromMap = EnvVar.Source()
    fromMap.configMapKeyRef = .init(name: "map", key: "key")
    var fromSecret = EnvVar.Source()
    fromSecret.secretKeyRef = .init(name: "keys", key: "token")
    var optional = EnvVar.Source()
    optional.secretKeyRef = .init(name: "none", key: "x", optional: true)
    var (a, b, c) = (
      EnvVar(name: "A", value: ""), EnvVar(name: "B", value: ""), EnvVar(name: "C", value: "")
    )
    (a.valueFrom, b.valueFrom, c.valueFrom) = (fromMap, fromSecret, optional)
    let variables = try variables([a, b, c])
    #expect(variables["A"] == "value")
    #expect(variables["B"] == "s3cret")
    #expect(variables["C"] == nil)
  }

  @Test func `What is missing is named`() {
    var missing = EnvVar(name: "A", value: "")
    missing.valueFrom = .init()
    missing.valueFrom?.configMapKeyRef = .init(name: "map", key: "other")
    #expect(
      throws: PodEnvironment.Failure.missingKey(kind: "configmap", name: "map", key: "other")
    ) { try variables([missing]) }
    missing.valueFrom?.configMapKeyRef = .init(name: "none", key: "other")
    #expect(throws: PodEnvironment.Failure.missingObject(kind: "configmap", name: "none")) {
      try variables([missing])
    }
    #expect(throws: PodEnvironment.Failure.unknownField("spec.x")) {
      try environment.field("spec.x")
    }
  }

  @Test func `Whole objects become variables with a prefix`() throws {
    var container = Container(name: "main")
    container.envFrom = [["prefix": "P_", "configMapRef": ["name": "map"]]]
    #expect(try environment.variables(of: container)["P_key"] == "value")
  }

  @Test(arguments: [
    ("$(A)-$(B)", "1-2"), ("$$(A)", "$(A)"), ("$(NONE)", "$(NONE)"), ("$(A", "$(A"), ("5$", "5$"),
    ("plain", "plain"), ("$A", "$A"),
  ])
  func `References are expanded`(_ text: String, _ expected: String) {
    #expect(PodEnvironment.expand(text, ["A": "1", "B": "2"]) == expected)
  }

  @Test func `Later variables may refer to earlier ones`() throws {
    let variables = try variables([
      EnvVar(name: "A", fieldPath: "metadata.name"), EnvVar(name: "B", value: "<$(A)>"),
    ])
    #expect(variables["B"] == "<p>")
  }

  @Test func `Commands of the container replace those of the image`() {
    let image = ImageCatalog.Image(entrypoint: ["/run"], arguments: ["x"])
    var container = Container(name: "main")
    func command() -> [String] {
      environment.command(of: container, image: image, variables: ["A": "1"])
    }
    #expect(command() == ["/run", "x"])
    container.args = ["$(A)"]
    #expect(command() == ["/run", "1"])
    container.command = ["/other"]
    #expect(command() == ["/other", "1"])
    container.args = nil
    #expect(command() == ["/other"])
  }

  @Test(arguments: [
    ("echo", "echo"), ("quay.io/example/controller:v0.15", "controller"),
    ("registry:5000/group/name:tag@sha256:aa", "name"), ("name@sha256:aa", "name"), ("", ""),
  ])
  func `Images are known by the last part of their name`(_ reference: String, _ name: String) {
    #expect(ImageCatalog.shortName(reference) == name)
  }
}
