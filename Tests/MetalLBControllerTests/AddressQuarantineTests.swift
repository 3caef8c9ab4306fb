import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import MetalLBAPI
import Testing

@testable import MetalLBController

@Suite(.timeLimit(.minutes(2)))
struct AddressQuarantineTests {
  /// What a speaker writes.
  private func report(
    _ address: String, of service: String, announced: Bool, _ harness: ControllerHarness
  ) async throws {
    let namespace = harness.cluster.namespace
    var object = try await harness.client.create(
      ServiceL2Status(metadata: ObjectMeta(generateName: "l2-", namespace: namespace)))
    object.status = ServiceL2Status.Status(
      node: "node1", serviceName: service, serviceNamespace: namespace,
      extensions: .init(conflicts: [
        .init(
          address: address, hardwareAddress: "02:00:00:00:00:99", interface: "eth0",
          announced: announced)
      ]))
    _ = try await harness.client.updateStatus(object)
  }

  @Test func `A Service whose address another host has gets the next one`() async throws {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.3"])
      try await harness.running {
        try await harness.createService("first")
        try await harness.service("first", has: ["203.0.113.1"])
        try await report("203.0.113.1", of: "first", announced: false, harness)
        try await harness.service("first", has: ["203.0.113.2"])
        // Nobody else gets it either.
        try await harness.createService("second")
        try await harness.service("second", has: ["203.0.113.3"])
      }
      let events = try await harness.events(on: "first")
      let cleared = events.first { $0.reason == "ClearAssignment" }
      #expect(cleared?.message?.contains("another host on the link") == true)
    }
  }

  @Test
  func `An address that is announced all the same stays, and so does that of another Service`()
    async throws
  {
    try await withHarness { harness in
      try await harness.createPool("gold", ["203.0.113.1-203.0.113.4"])
      try await harness.running {
        try await harness.createService("first")
        try await harness.service("first", has: ["203.0.113.1"])
        try await harness.createService("second")
        try await harness.service("second", has: ["203.0.113.2"])
        try await report("203.0.113.1", of: "first", announced: true, harness)
        // It does not hold this one.
        try await report("203.0.113.1", of: "second", announced: false, harness)
        try await report("203.0.113.2", of: "second", announced: false, harness)
        try await harness.service("second", has: ["203.0.113.3"])
        try await harness.service("first", has: ["203.0.113.1"])
      }
    }
  }
}
