import AsyncHTTPClient
import KubernetesAPI
import NIOCore
import NIOHTTP1
import Testing

/// In which form a client wants its answer.
@Suite(.timeLimit(.minutes(1))) struct AcceptTests {
  private static let maps = "/api/v1/namespaces/default/configmaps"

  private func map(_ name: String) -> JSONValue {
    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]]
  }

  @Test func `A form that cannot be is refused before anything happens`() async throws {
    try await ServedAPI.run { api in
      let refused = try await api.send(
        "POST", Self.maps, map("a"), headers: ["Accept": "text/plain"])
      #expect(refused.status == 406)
      #expect(try await api.send("GET", "\(Self.maps)/a").status == 404)
      let missing = try await api.send(
        "GET", "\(Self.maps)/none", headers: ["Accept": "text/plain"])
      #expect(missing.status == 406)
    }
  }

  @Test func `Who reads YAML is refused in YAML`() async throws {
    try await ServedAPI.run { api in
      let request = api.request(
        "GET", "\(Self.maps)/none", headers: ["Accept": "application/yaml"])
      let answer = try await api.client.execute(request, timeout: .seconds(20))
      #expect(answer.status.code == 404)
      #expect(answer.headers.first(name: "Content-Type") == "application/yaml")
      let text = String(buffer: try await answer.body.collect(upTo: 1 << 16))
      #expect(text.contains("reason: NotFound"))
    }
  }
}
