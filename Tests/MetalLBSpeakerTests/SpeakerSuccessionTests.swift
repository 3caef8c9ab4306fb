import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import MetalLBSpeaker

/// Objects take the place of a user's ConfigMap: the speaker goes on announcing, at every step.
@Suite(.timeLimit(.minutes(2))) struct SpeakerSuccessionTests {
  private static let address = "198.51.100.7"

  private func createConfigMap(_ scene: Scene) async throws {
    let text = """
      address-pools:
      - name: old
        protocol: layer2
        addresses: [198.51.100.0/24]
      - name: other
        protocol: layer2
        addresses: [192.0.2.0/24]
      """
    _ = try await scene.client.create(
      ConfigMap(
        metadata: ObjectMeta(name: "config", namespace: scene.namespace), data: ["config": text]))
  }

  private func createPool(_ name: String, _ addresses: String, _ scene: Scene) async throws {
    _ = try await scene.client.create(
      IPAddressPool(
        metadata: ObjectMeta(name: name, namespace: scene.namespace),
        spec: .init(addresses: [addresses])))
  }

  private func deleteConfigMap(_ scene: Scene) async throws {
    try await scene.client.delete(ConfigMap.self, "config", namespace: scene.namespace)
  }

  /// A speaker that announces an address of the ConfigMap's pool; afterwards, whether it ever let go of it.
  private func check(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(nodes: 1) { scene in
      let address = try #require(IPAddress(Self.address))
      let service = try await scene.client.get(Service.self, "web", namespace: scene.namespace)
      try await scene.setAddresses([address], of: service)
      try await createConfigMap(scene)
      try await scene.withSpeaker(on: scene.nodes[0]) { speaker in
        try await speaker.isAnnouncing([address])
        try await body(scene)
        let state = speaker.announcer.current
        #expect(Set(state.announced.keys) == [address])
        #expect(state.withdrawals == [:])
        #expect(state.handovers == [:])
      }
    }
  }

  /// Waits until the speaker says this of its configuration.
  private func eventually(
    _ scene: Scene, _ result: String, _ fragment: String? = nil
  ) async throws {
    _ = try await scene.state(of: scene.nodes[0]) { state in
      state?.status?.result == result
        && fragment.map { state?.status?.errorSummary?.contains($0) == true } ?? true
    }
  }

  @Test func `The objects first, then the deletion`() async throws {
    try await check { scene in
      try await eventually(scene, "Valid")
      try await createPool("old", "198.51.100.0-198.51.100.255", scene)
      // Says something else, and so shows when the speaker has seen both, and the deletion.
      try await createPool("other", "192.0.2.0/25", scene)
      try await eventually(scene, "Invalid", "says 192.0.2.0/24")
      try await deleteConfigMap(scene)
      try await eventually(scene, "Valid")
    }
  }

  @Test func `The deletion first, then the objects`() async throws {
    try await check { scene in
      try await deleteConfigMap(scene)
      try await eventually(scene, "Invalid", "the ConfigMap is gone")
      try await createPool("old", "198.51.100.0/24", scene)
      try await createPool("other", "192.0.2.0/24", scene)
      try await eventually(scene, "Valid")
    }
  }
}
