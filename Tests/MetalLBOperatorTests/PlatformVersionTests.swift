import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Logging
import Synchronization
import Testing

@testable import MetalLBOperator

@Suite(.timeLimit(.minutes(1))) struct PlatformVersionTests {
  @Test func `The version is read again, because clusters are upgraded`() async throws {
    let (changes, tell) = AsyncStream.makeStream(of: Void.self)
    let asked = Atomic(0)
    let script: ScriptedServer.Script = { request, response in
      guard request.target == "/version" else {
        return try await response.fail(403, reason: "Forbidden")
      }
      let count = asked.add(1, ordering: .sequentiallyConsistent).newValue
      try await response.send(200, ["major": "1", "minor": count < 3 ? "25" : "26+"])
    }
    try await ScriptedServer.run(script) { server in
      let survey = PlatformSurvey(
        client: APIClient(configuration: server.configuration, userAgent: "test"),
        namespace: "metallb-system", version: KubernetesVersion(major: 1, minor: 25),
        interval: .milliseconds(1), time: .system,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        onChange: { tell.yield() })
      await withTaskGroup(of: Void.self) { group in
        group.addTask { try? await survey.run() }
        for await _ in changes { break }
        #expect(survey.facts.version == KubernetesVersion(major: 1, minor: 26))
        group.cancelAll()
      }
    }
  }
}
