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
/// have written it anew. Without a MetalLB object there is no backend, and the same is done.
final class FRRConfigurationSweep: Sendable {
  private let client: APIClient
  private let logger: Logger
  private let state: Mutex<State>

  private struct State {
    /// Namespaces to look into: where frr-k8s runs.
    var pending: Set<String>
    /// Where it may have run in an earlier life of this process; only without a MetalLB object, which would say.
    var configured: Set<String>
  }

  /// - Parameters:
  ///   - namespace: the operator's own, where an earlier life of this process may have left some.
  ///   - external: where frr-k8s runs when it is not ours.
  init(client: APIClient, namespace: String, external: String?, logger: Logger) {
    self.client = client
    self.logger = logger
    state = Mutex(State(pending: [namespace], configured: Set([external].compactMap(\.self))))
  }

  /// - Parameters:
  ///   - speaker: the speakers that run at present.
  ///   - backend: what they are going to use.
  ///   - target: where they are going to tell frr-k8s what to do, if they are.
  ///   - namespace: the operator's.
  func run(
    leaving speaker: DaemonSet?, for backend: BGPBackend, telling target: String?, namespace: String
  ) async throws {
    note(speaker, namespace)
    if let target { state.withLock { _ = $0.pending.insert(target) } }
    guard backend == .native || backend == .frr else { return }
    try await sweepAll(isLast: false)
  }

  /// To be called when every speaker runs as it was last applied.
  func finish(for backend: BGPBackend) async throws {
    guard backend == .native || backend == .frr else { return }
    try await sweepAll(isLast: true)
  }

  /// To be called where there is no MetalLB object.
  ///
  /// - Parameters:
  ///   - speaker: the speakers that ran until now, as far as is known.
  ///   - namespace: the operator's.
  ///   - isLast: whether the last speaker has ended.
  func runWithoutBackend(leaving speaker: DaemonSet?, namespace: String, isLast: Bool) async throws
  {
    note(speaker, namespace)
    state.withLock { state in
      state.pending.formUnion(state.configured)
      state.configured = []
    }
    try await sweepAll(isLast: isLast)
  }

  /// Remembers where speakers tell frr-k8s what to do.
  private func note(_ speaker: DaemonSet?, _ namespace: String) {
    guard let speaker else { return }
    switch BGPBackend(speaker: speaker) {
    case .native, .frr, nil: return
    case .frrK8s, .frrK8sExternal:
      let named = Self.frrK8sNamespace(of: speaker) ?? namespace
      state.withLock { _ = $0.pending.insert(named) }
    }
  }

  private func sweepAll(isLast: Bool) async throws {
    for namespace in state.withLock({ $0.pending }).sorted() {
      try await sweep(namespace)
      if isLast { state.withLock { _ = $0.pending.remove(namespace) } }
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
