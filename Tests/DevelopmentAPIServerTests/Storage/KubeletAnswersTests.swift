import KubernetesAPI
import Testing

/// What a real server says of Pods that no node runs, and of containers that a Pod does not have.
@Suite(.timeLimit(.minutes(1))) struct KubeletAnswersTests {
  private static let pods = "/api/v1/namespaces/default/pods"

  private static func pod(_ name: String, _ containers: [String], node: String? = nil) -> JSONValue
  {
    var spec: JSONValue = [
      "containers": .array(containers.map { ["name": .string($0), "image": "x"] })
    ]
    if let node { spec["nodeName"] = .string(node) }
    return [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)], "spec": spec,
    ]
  }

  struct Question: Sendable, CustomTestStringConvertible {
    var path: String
    var status: Int
    var message = ""
    var testDescription: String { path }
  }

  private static let choice =
    "a container name must be specified for pod two, choose one of: [a b]"
  static let questions = [
    Question(path: "one/log", status: 204),
    Question(path: "two/log", status: 400, message: choice),
    Question(path: "two/log?container=b", status: 204),
    Question(
      path: "one/log?container=z", status: 400, message: "container z is not valid for pod one"),
    Question(
      path: "one/exec?command=ls", status: 400, message: "pod one does not have a host assigned"),
    Question(path: "two/exec?command=ls", status: 400, message: choice),
    Question(path: "two/attach", status: 400, message: choice),
    Question(
      path: "two/portforward", status: 400, message: "pod two does not have a host assigned"),
    Question(path: "one/proxy", status: 400, message: "address not allowed"),
    Question(path: "none/log", status: 404, message: "pods \"none\" not found"),
    Question(
      path: "placed/log", status: 501,
      message: "pods/log is left out of this development server"),
  ]

  @Test func `Pods that no node runs are answered as a real server does`() async throws {
    try await ServedAPI.run { api in
      for pod in [
        Self.pod("one", ["a"]), Self.pod("two", ["a", "b"]), Self.pod("placed", ["a"], node: "n"),
      ] {
        #expect(try await api.send("POST", Self.pods, pod).status == 201)
      }
      for question in Self.questions {
        let answer = try await api.send("GET", "\(Self.pods)/\(question.path)")
        #expect(answer.status == question.status, "\(question)")
        #expect(answer.message == question.message, "\(question)")
      }
    }
  }
}
