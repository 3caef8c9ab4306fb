package import KubernetesAPI

/// A probe with the API's defaults filled in.
package struct ProbePlan: Sendable, Hashable {
  package enum Check: Sendable, Hashable {
    case http(url: String)
    case tcp(host: String, port: Int)
    case command([String])
  }

  package var check: Check
  package var initialDelay: Duration
  package var period: Duration
  package var timeout: Duration
  package var successThreshold: Int
  package var failureThreshold: Int

  /// `nil` for a probe without a check, or with a port that the container does not have.
  ///
  /// - Parameter address: the Pod's address, where probes go that name no host.
  package init?(_ probe: Probe, container: Container, address: String) {
    if let http = probe.httpGet {
      guard let port = Self.port(http.port, container) else { return nil }
      let scheme = (http.scheme ?? "HTTP").lowercased()
      let path = http.path ?? "/"
      let host = Self.literal(http.host ?? address)
      check = .http(url: "\(scheme)://\(host):\(port)\(path.hasPrefix("/") ? path : "/\(path)")")
    } else if let tcp = probe.tcpSocket {
      let port: IntOrString =
        tcp["port"]?.integerValue.map { .int(Int($0)) }
        ?? .string(tcp["port"]?.stringValue ?? "")
      guard let number = Self.port(port, container) else { return nil }
      check = .tcp(host: tcp["host"]?.stringValue ?? address, port: number)
    } else if let command = probe.exec?.command, !command.isEmpty {
      check = .command(command)
    } else {
      return nil
    }
    initialDelay = .seconds(probe.initialDelaySeconds ?? 0)
    period = .seconds(max(1, probe.periodSeconds ?? 10))
    timeout = .seconds(max(1, probe.timeoutSeconds ?? 1))
    successThreshold = max(1, probe.successThreshold ?? 1)
    failureThreshold = max(1, probe.failureThreshold ?? 3)
  }

  private static func port(_ port: IntOrString, _ container: Container) -> Int? {
    switch port {
    case .int(let number): number
    case .string(let name): container.ports?.first { $0.name == name }?.containerPort ?? Int(name)
    }
  }

  private static func literal(_ host: String) -> String {
    host.contains(":") ? "[\(host)]" : host
  }
}

/// Counts a probe's results and says when enough of one kind came in a row.
package struct ProbeState: Sendable, Hashable {
  /// The result that counts at the moment.
  package private(set) var isPassing: Bool
  private let successThreshold: Int
  private let failureThreshold: Int
  private var run = 0
  private var lastResult: Bool?

  /// - Parameter isPassing: what counts before the first results: true for liveness alone.
  package init(_ plan: ProbePlan, isPassing: Bool) {
    self.isPassing = isPassing
    successThreshold = plan.successThreshold
    failureThreshold = plan.failureThreshold
  }

  /// Takes in one result. Returns whether a threshold was reached by it: each further result of the
  /// same kind after that counts as reached too.
  package mutating func record(_ success: Bool) -> Bool {
    run = lastResult == success ? run + 1 : 1
    lastResult = success
    guard run >= (success ? successThreshold : failureThreshold) else { return false }
    isPassing = success
    return true
  }
}
