import Foundation
import KubernetesAPI
import KubernetesClient
import NetworkAddresses
import Synchronization
import Testing

@testable import MetalLBSpeaker

/// Addresses on the loopback interface, one for each speaker of a test, at which they gossip quickly.
struct GossipHosts {
  private static let counter = Atomic<UInt8>(0)
  private let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue

  func host(_ index: Int) throws -> IPAddress {
    let process = ProcessInfo.processInfo.processIdentifier
    return try #require(
      IPAddress(bytes: [
        127, 128 + UInt8(process >> 8 & 0x3f), UInt8(process & 0xff), number * 8 + UInt8(index) + 1,
      ]))
  }

  func options(_ index: Int) throws -> GossipOptions {
    var options = GossipOptions(bindAddress: try host(index))
    options.profile = .fast
    options.tuningPath = "/does/not/exist"
    return options
  }

  /// Gives the speakers' Pods the addresses at which they gossip.
  func placePods(_ scene: Scene) async throws {
    for (index, node) in scene.nodes.enumerated() {
      var pod = try await scene.client.get(
        Pod.self, "speaker-\(node)", namespace: scene.namespace)
      pod.status?.podIP = "\(try host(index))"
      _ = try await scene.client.updateStatus(pod)
    }
  }
}
