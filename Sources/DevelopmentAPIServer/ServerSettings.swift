import KubernetesAPI

/// What handlers know about the server that they run in.
struct ServerSettings: Sendable {
  var host: String
  var port: Int
  var caCertificatePEM: String
  /// How long a watch lasts that names no `timeoutSeconds`.
  var watchTimeout: Duration = .seconds(1800)

  /// `HOST:PORT` as discovery tells it.
  var advertised: String { "\(host):\(port)" }

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
