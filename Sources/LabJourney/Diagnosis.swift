internal import DevelopmentCluster
internal import KubernetesAPI
internal import KubernetesClient
internal import NetworkLab

extension LabSession {
  /// What somebody would look at first when a journey fails: Pods, warnings, the end of each log.
  package func diagnosis() async -> String {
    var lines: [String] = []
    let pods = (try? await client.list(Pod.self).items) ?? []
    for pod in pods.sorted(by: { $0.namespacedName < $1.namespacedName }) {
      let states = (pod.status?.containerStatuses ?? []).map { status in
        "\(status.name) restarts=\(status.restartCount) \(status.state?.jsonText ?? "")"
      }
      lines.append(
        "pod \(pod.namespacedName) on \(pod.spec?.nodeName ?? "no node") "
          + "\(pod.status?.phase ?? "?") ready=\(pod.isReady) \(states.joined(separator: "; "))")
    }
    let events = (try? await client.list(Event.self).items) ?? []
    for event in events where event.type == "Warning" {
      lines.append(
        "warning \(event.involvedObject.kind ?? "") \(event.involvedObject.name ?? "") "
          + "\(event.reason ?? ""): \(event.message ?? "")")
    }
    let folder = LabCluster.logFolder(of: lab)
    for file in LabFiles.list(folder) {
      let text = (try? LabFiles.read("\(folder)/\(file)")) ?? ""
      lines.append("--- \(file)")
      lines += text.split(separator: "\n").suffix(15).map(String.init)
    }
    return lines.joined(separator: "\n")
  }
}
