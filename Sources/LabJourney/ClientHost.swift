internal import NetworkAddresses
internal import NetworkLab

/// The host outside of the cluster that uses what the cluster offers: it fetches with curl and
/// resolves with its kernel's ARP and with arping, none of which the product has a part in.
struct ClientHost: Sendable {
  let namespace: LabNamespace

  static let tools = [
    RequiredTool(name: "curl", package: "curl"),
    RequiredTool(name: "arping", package: "iputils-arping"),
  ]

  /// How long one attempt to connect may take: enough for a local network, and short enough to
  /// notice when an address answers again.
  static let patience = "0.1"

  /// Runs `body` beside a capture of the ARP packets that the client sees; with `nil` where none can
  /// be made.
  func watchingARP<Value: Sendable>(
    _ body: (PacketCapture?) async throws -> Value
  ) async throws -> Value {
    guard LabNamespace.canCapture else { return try await body(nil) }
    return try await namespace.withCapture(on: "eth0", filter: "arp") { try await body($0) }
  }

  /// How an attempt to fetch ended.
  enum Fetch: Sendable, Hashable {
    case answered(EchoAnswer)
    /// The connection was made, and broke.
    case broken
    /// No connection was made.
    case unanswered
  }

  /// One attempt to fetch; `nil` when it fails.
  func fetch(_ address: String, port: Int = 80) async throws -> EchoAnswer? {
    guard case .answered(let answer) = try await attempt(address, port: port) else { return nil }
    return answer
  }

  /// One attempt to fetch.
  func attempt(_ address: String, port: Int = 80) async throws -> Fetch {
    let host = address.contains(":") ? "[\(address)]" : address
    let result = try await namespace.attempt([
      "curl", "--silent", "--noproxy", "*", "--connect-timeout", Self.patience, "--max-time", "1",
      "--write-out", "%{stderr}%{time_connect}", "http://\(host):\(port)/",
    ])
    try Task.checkCancellation()
    if result.status.isSuccess, let answer = EchoAnswer(result.output) { return .answered(answer) }
    return Self.hasConnected(curl: result.error) ? .broken : .unanswered
  }

  /// Reads `0.000642`, the time until there was a connection; zero is none.
  static func hasConnected(curl text: String) -> Bool {
    (Double(text.split(whereSeparator: \.isWhitespace).last ?? "") ?? 0) > 0
  }

  /// Fetches until it succeeds. Returns the answer, when it came, and how many attempts failed.
  func fetchUntilSuccess(
    _ address: String, port: Int = 80, limit: Duration
  ) async throws -> (answer: EchoAnswer, at: ContinuousClock.Instant, failures: Int) {
    let end = ContinuousClock.now.advanced(by: limit)
    var failures = 0
    while ContinuousClock.now < end {
      if let answer = try await fetch(address, port: port) { return (answer, .now, failures) }
      failures += 1
    }
    throw JourneyError.timedOut(
      what: "http://\(address):\(port)/ answers the client", after: limit,
      last: "\(failures) attempts failed")
  }

  /// Who the client's kernel believes to have an address; `nil` when it does not know.
  func neighbor(_ address: String) async throws -> MACAddress? {
    let output = try await Tool.run(
      ["ip", "-n", namespace.name, "neighbor", "show", "to", address, "dev", "eth0"])
    return Self.hardwareAddress(inNeighbor: output)
  }

  /// Makes the client's kernel forget who has an address, as it does by itself after a while.
  func forget(_ address: String) async throws {
    try await namespace.ip(["neighbor flush to \(address) dev eth0"])
  }

  static func hardwareAddress(inNeighbor line: String) -> MACAddress? {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard let index = words.firstIndex(of: "lladdr"), index + 1 < words.endIndex else {
      return nil
    }
    return MACAddress(words[index + 1])
  }

  /// Asks the network who has an address, up to three times, and returns everybody who says so.
  func resolve(_ address: String) async throws -> Set<MACAddress> {
    let result = try await namespace.attempt([
      "arping", "-c", "3", "-w", "2", "-I", "eth0", address,
    ])
    return Self.repliers(inArping: result.output)
  }

  /// Finds the bracketed addresses in `Unicast reply from 192.0.2.1 [02:00:00:00:00:01]  0.7ms`.
  static func repliers(inArping output: String) -> Set<MACAddress> {
    var result: Set<MACAddress> = []
    for line in output.split(separator: "\n") where line.contains("reply from") {
      guard let open = line.firstIndex(of: "["), let close = line.firstIndex(of: "]"), open < close
      else { continue }
      if let address = MACAddress(line[line.index(after: open)..<close].lowercased()) {
        result.insert(address)
      }
    }
    return result
  }
}
