import ArgumentParser
import DevelopmentAPIServer
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// The development API server alone (design 3).
struct ApiserverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apiserver", abstract: "Run a Kubernetes API server in memory, for development.",
    discussion: """
      Prints one line to standard output when it serves, and its log, which begins with what it leaves out, to \
      standard error. Stops at once on SIGTERM or SIGINT; open watches end.

      Nothing is kept: every start begins with an empty cluster, a new certificate authority, a new token \
      in the kubeconfig file and resource versions from 1. Clients that ran before have to read the kubeconfig \
      again and to list anew.

      It goes wrong on request, for the administrator and whoever RBAC grants these paths to:

        POST   /debug/faults    {"type": "Conflict", "resources": ["services/status"], "every": 2}
        GET    /debug/faults    what is in force, and how many requests it meant and hit
        DELETE /debug/faults    ends all; /debug/faults/ID ends one
        DELETE /debug/watches   cuts open watches; GET lists them
        POST   /debug/compact   forgets the history: older versions are answered with 410

      Types: Latency (milliseconds), Status (code, retryAfterSeconds), Conflict, Gone, Reset (afterwards), \
      CutWatch (afterEvents), ClockSkew (seconds), SlowWebhooks (milliseconds). A fault means the requests \
      that all of verbs, resources, namespaces, names, users and paths name, and hits them as after, every, \
      count, probability and seed say. With kubectl: kubectl create --raw /debug/faults -f fault.json
      """)

  @Option(help: "Where to listen; port 0 takes any free one.")
  var listen: SocketAddressArgument = SocketAddressArgument(host: "127.0.0.1", port: 6443)

  @Option(help: "Where to write an administrator's kubeconfig.")
  var kubeconfig: String

  @Option(name: .customLong("log-level"), help: "all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  func run() async throws {
    let logger = logLevel.startLogging(label: "apiserver", descriptor: STDERR_FILENO)
    let server = try APIServer(
      configuration: .init(host: listen.host, port: listen.port), logger: logger)
    let group = ServiceGroup(
      services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { [listen] in
        do {
          try await group.run()
        } catch {
          throw Stopped(address: listen.defaultValueDescription, cause: error)
        }
      }
      tasks.addTask { [kubeconfig] in
        // Why it does not serve is told by the other task.
        do { try await server.waitUntilServing() } catch is APIServer.StartError { return }
        try writePrivately(try server.kubeconfig(), to: kubeconfig)
        print("serving \(server.url), kubeconfig in \(kubeconfig)")
        fflush(nil)
      }
      try await tasks.waitForAll()
    }
  }
}

/// Mostly because somebody else listens there.
private struct Stopped: Error, CustomStringConvertible {
  var address: String
  var cause: any Error
  var description: String { "cannot serve on \(address): \(cause)" }
}

/// `ADDRESS:PORT`, an IPv6 address in brackets.
struct SocketAddressArgument: ExpressibleByArgument {
  var host: String
  var port: Int

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), 0...65535 ~= port
    else { return nil }
    let host = argument[..<colon]
    self.host =
      host.hasPrefix("[") && host.hasSuffix("]")
      ? String(host.dropFirst().dropLast()) : String(host)
    self.port = port
  }

  var defaultValueDescription: String { "\(host):\(port)" }
}

/// Writes a file that only its owner can read: a kubeconfig holds credentials.
func writePrivately(_ text: String, to path: String) throws {
  guard
    FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
  else { throw ValidationError("cannot write \(path)") }
}
