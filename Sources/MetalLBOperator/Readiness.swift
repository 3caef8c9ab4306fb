import KubernetesAPI

/// Whether the workloads run as they were last applied.
enum Readiness: Sendable, Hashable {
  case ready
  /// What is awaited, for people.
  case waiting(String)

  /// A workload and what the API has of it; `nil` is an object that does not exist yet.
  enum Workload: Sendable, Hashable {
    case deployment(String, Deployment?)
    case daemonSet(String, DaemonSet?)
  }

  /// All of them have to be ready.
  init(_ workloads: [Workload]) {
    let waiting = workloads.compactMap(\.awaited)
    self = waiting.isEmpty ? .ready : .waiting(waiting.joined(separator: "; "))
  }
}

extension Readiness.Workload {
  /// What is awaited of it, for people; `nil` once it is ready.
  fileprivate var awaited: String? {
    let (what, reason) =
      switch self {
      case .deployment(let name, let object): ("Deployment \(name)", Self.reason(object))
      case .daemonSet(let name, let object): ("DaemonSet \(name)", Self.reason(object))
      }
    return reason.map { what + $0 }
  }

  private static let absent = " does not exist yet"
  private static let outdated = ": its newest version is not acted upon yet"

  private static func reason(_ deployment: Deployment?) -> String? {
    guard let deployment else { return absent }
    guard let status = deployment.status,
      status.observedGeneration == deployment.metadata.generation
    else { return outdated }
    let wanted = deployment.spec?.replicas ?? 1
    let (ready, updated) = (status.readyReplicas ?? 0, status.updatedReplicas ?? 0)
    if ready == wanted, updated == wanted { return nil }
    return ": of \(wanted) Pods \(ready) ready, \(updated) of the newest version"
  }

  /// No node to run on counts as ready.
  private static func reason(_ daemonSet: DaemonSet?) -> String? {
    guard let daemonSet else { return absent }
    guard let status = daemonSet.status,
      status.observedGeneration == daemonSet.metadata.generation
    else { return outdated }
    let wanted = status.desiredNumberScheduled
    let updated = status.updatedNumberScheduled ?? 0
    if status.currentNumberScheduled == wanted, status.numberReady == wanted, updated == wanted {
      return nil
    }
    return """
      : of \(wanted) Pods \(status.currentNumberScheduled) scheduled, \(status.numberReady) ready, \
      \(updated) of the newest version
      """
  }
}
