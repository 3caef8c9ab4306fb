import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import OperatorRendering
import Synchronization

/// Removes what speakers told frr-k8s, `FRRConfiguration metallb-NODE`, once another backend is in use: otherwise
/// routers would go on peering with FRR beside the speakers.
///
/// Done before the first speaker of the new backend starts, and again once the last one of the old is gone, since that may
/// have written it anew.
final class FRRConfigurationSweep: Sendable {
  private let client: APIClient
  private let logger: Logger
  private let state: Mutex<State>

  private struct State {
    /// Namespaces to look into: where frr-k8s runs.
    var pending: Set<String>
  }

  /// - Parameter namespace: the operator's own, where an earlier life of this process may have left some.
  init(client: APIClient, namespace: String, logger: Logger) {
    self.client = client
    self.logger = logger
    state = Mutex(State(pending: [namespace]))
  }

  /// - Parameters:
  ///   - speaker: the speakers that run at present.
  ///   - backend: what they are going to use.
  ///   - namespace: the operator's.
  func run(leaving speaker: DaemonSet?, for backend: BGPBackend, namespace: String) async throws {
    let old = speaker.flatMap(BGPBackend.init(speaker:))
    if let speaker, old == .frrK8s || old == .frrK8sExternal {
      let named = Self.frrK8sNamespace(of: speaker) ?? namespace
      state.withLock { _ = $0.pending.insert(named) }
    }
    guard backend == .native || backend == .frr else { return }
    for namespace in state.withLock({ $0.pending }).sorted() { try await sweep(namespace) }
  }

  /// To be called when every speaker runs as it was last applied.
  func finish(for backend: BGPBackend) async throws {
    guard backend == .native || backend == .frr else { return }
    for namespace in state.withLock({ $0.pending }).sorted() {
      try await sweep(namespace)
      state.withLock { _ = $0.pending.remove(namespace) }
    }
  }

  private func sweep(_ namespace: String) async throws {
    do {
      let list = try await client.list(FRRConfiguration.self, namespace: namespace)
      for object in list.items where Self.isSpeakers(object) {
        try await delete(object, namespace)
      }
    } catch let error as KubernetesError where error.isNotFound {
      // Nobody ever installed frr-k8s.
    } catch let error as KubernetesError where error.isForbidden {
      logger.warning(
        "may not look for what speakers told frr-k8s",
        metadata: ["namespace": "\(namespace)", "error": "\(error)"])
    }
  }

  private func delete(_ object: FRRConfiguration, _ namespace: String) async throws {
    do {
      try await client.delete(
        FRRConfiguration.resource, object.metadata.name, namespace: namespace,
        options: DeleteOptions(uid: object.metadata.uid))
      logger.info(
        "removed what a speaker told frr-k8s",
        metadata: ["object": "\(namespace)/\(object.metadata.name)"])
    } catch let error as KubernetesError where error.isNotFound || error.isConflict {
      return
    }
  }

  /// A user's own has another name, or is not for the one node that its name says.
  static func isSpeakers(_ object: FRRConfiguration) -> Bool {
    let node = object.spec?.nodeSelector?.matchLabels?["kubernetes.io/hostname"]
    return node.map { object.metadata.name == "metallb-\($0)" } ?? false
  }

  private static func frrK8sNamespace(of speaker: DaemonSet) -> String? {
    let flag = "--frrk8s-namespace="
    let container = speaker.spec?.template.spec.containers?.first {
      $0.name == ComponentName.speaker
    }
    return container?.args?.first { $0.hasPrefix(flag) }.map { String($0.dropFirst(flag.count)) }
  }
}
