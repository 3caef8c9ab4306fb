import KubernetesAPI

/// Whether the workloads run as they were last applied.
enum Readiness: Sendable, Hashable {
  case ready
  /// What is awaited, for people.
  case waiting(String)

  /// Both have to be ready. `nil` is an object that does not exist yet.
  init(controller: Deployment?, speaker: DaemonSet?) {
    let waiting = [Self.waiting(for: controller), Self.waiting(for: speaker)].compactMap(\.self)
    self = waiting.isEmpty ? .ready : .waiting(waiting.joined(separator: "; "))
  }

  private static func waiting(for deployment: Deployment?) -> String? {
    guard let deployment else { return "Deployment controller does not exist yet" }
    guard let status = deployment.status,
      status.observedGeneration == deployment.metadata.generation
    else { return "Deployment controller: its newest version is not acted upon yet" }
    let wanted = deployment.spec?.replicas ?? 1
    let (ready, updated) = (status.readyReplicas ?? 0, status.updatedReplicas ?? 0)
    if ready == wanted, updated == wanted { return nil }
    return
      "Deployment controller: of \(wanted) Pods \(ready) ready, \(updated) of the newest version"
  }

  /// No node to run on counts as ready.
  private static func waiting(for daemonSet: DaemonSet?) -> String? {
    guard let daemonSet else { return "DaemonSet speaker does not exist yet" }
    guard let status = daemonSet.status,
      status.observedGeneration == daemonSet.metadata.generation
    else { return "DaemonSet speaker: its newest version is not acted upon yet" }
    let wanted = status.desiredNumberScheduled
    let updated = status.updatedNumberScheduled ?? 0
    if status.currentNumberScheduled == wanted, status.numberReady == wanted, updated == wanted {
      return nil
    }
    return """
      DaemonSet speaker: of \(wanted) Pods \(status.currentNumberScheduled) scheduled, \
      \(status.numberReady) ready, \(updated) of the newest version
      """
  }
}
