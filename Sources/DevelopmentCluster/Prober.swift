internal import NetworkLab

/// Performs one check of a probe, from the node, as a kubelet does.
struct Prober: Sendable {
  let node: LabNamespace
  /// The programs to put before a command so that it runs in the container.
  let enterContainer: @Sendable () -> [String]?

  /// Whether the check succeeds in time. Everything that goes wrong counts as failure.
  func check(_ plan: ProbePlan) async -> Bool {
    let seconds = String(plan.timeout.components.seconds)
    switch plan.check {
    case .http(let url):
      let result = try? await node.attempt([
        "curl", "--silent", "--insecure", "--noproxy", "*", "--output", "/dev/null",
        "--max-time", seconds, "--user-agent", "kube-probe/lab", "--write-out", "%{http_code}", url,
      ])
      guard let result, result.status.isSuccess, let code = Int(result.output) else { return false }
      // Redirects are not followed and count as success.
      return 200..<400 ~= code
    case .tcp(let host, let port):
      return await succeeds(
        node.enter + [
          "timeout", seconds, "bash", "-c", "exec 3<>\"/dev/tcp/$0/$1\"", host, String(port),
        ])
    case .command(let command):
      guard let enter = enterContainer() else { return false }
      return await succeeds(["timeout", seconds] + enter + command)
    }
  }

  private func succeeds(_ command: [String]) async -> Bool {
    (try? await Tool.attempt(command))?.status.isSuccess ?? false
  }
}
