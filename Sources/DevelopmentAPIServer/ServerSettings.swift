import KubernetesAPI
import Synchronization

/// Where the server is reached; the port may only be known once it listens.
final class ServingAddress: Sendable {
  let host: String
  private let boundPort = Mutex<Int?>(nil)

  init(host: String) { self.host = host }

  /// 0 before the server listens.
  var port: Int {
    get { boundPort.withLock { $0 } ?? 0 }
    set { boundPort.withLock { $0 = newValue } }
  }
}

/// What handlers know about the server that they run in.
struct ServerSettings: Sendable {
  let address: ServingAddress
  var caCertificatePEM: String
  /// How long a watch lasts that names no `timeoutSeconds`.
  var watchTimeout: Duration = .seconds(1800)

  /// `HOST:PORT` as discovery tells it.
  var advertised: String { "\(address.host):\(address.port)" }

  /// `GET /version`
  var version: JSONValue {
    [
      "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
      "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
      "gitVersion": "v1.36.2+development", "gitCommit": "", "gitTreeState": "clean",
      "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "swift",
      "platform": "linux/amd64",
    ]
  }
}
