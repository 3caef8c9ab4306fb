import KubernetesAPI
import Testing

@testable import MetalLBController

@Suite struct ServiceAnswerTests {
  private static let sent: KubernetesAPI.Service = {
    var service = KubernetesAPI.Service(
      metadata: ObjectMeta(
        name: "web", namespace: "shop", resourceVersion: "7", labels: ["app": "web"],
        annotations: ["a": "1"]),
      spec: .init(type: "LoadBalancer"))
    service.spec?.ports = [.init(protocol: "TCP", port: 80)]
    service.status = .init(loadBalancer: .init(ingress: [.init(ip: "10.0.0.1")]))
    return service
  }()

  /// What an API server makes of it.
  private static func answer() throws -> JSONValue {
    var answer = try sent.jsonValue()
    answer[path: ["metadata", "resourceVersion"]] = "8"
    answer[path: ["metadata", "managedFields"]] = [["manager": "metallb"]]
    answer[path: ["spec", "ports"]] = [["name": "http", "protocol": "TCP", "port": 80]]
    answer[path: ["spec", "sessionAffinity"]] = "None"
    answer[path: ["status", "loadBalancer", "ingress"]] = [["ip": "10.0.0.1", "ipMode": "VIP"]]
    return answer
  }

  private static func stored(_ answer: JSONValue) throws -> KubernetesAPI.Service {
    try sent.stored(sent: sent.jsonValue(), answer: answer)
  }

  @Test func `What the API server fills in is taken over`() throws {
    let stored = try Self.stored(Self.answer())
    #expect(stored.metadata.resourceVersion == "8")
    #expect(stored.status?.loadBalancer?.ingress?.first?.ipMode == "VIP")
    #expect(stored.metadata.annotations == ["a": "1"])
    #expect(stored.spec == Self.sent.spec)
  }

  @Test func `It is what decoding gives`() throws {
    var decoded = try Self.answer().decode(KubernetesAPI.Service.self)
    decoded.dropUnread()
    #expect(try Self.stored(Self.answer()) == decoded)
  }

  @Test(
    arguments: [
      (["metadata", "annotations", "b"], "2"), (["metadata", "annotations", "a"], "2"),
      (["metadata", "labels"], nil), (["metadata", "finalizers"], ["example.com/x"]),
      (["spec", "type"], "ClusterIP"),
      (["spec", "ports"], [["protocol": "TCP", "port": 81]]), (["spec"], nil), (["status"], nil),
      (["status", "loadBalancer"], nil),
    ] as [([String], JSONValue?)])
  func `What somebody else changed on the way is seen`(path: [String], value: JSONValue?) throws {
    var answer = try Self.answer()
    answer[path: path] = value
    var decoded = try answer.decode(KubernetesAPI.Service.self)
    decoded.dropUnread()
    #expect(try Self.stored(answer) == decoded)
  }

  @Test func `What is no Service is an error`() {
    #expect(throws: DecodingError.self) { try Self.stored(["metadata": 1]) }
  }
}
