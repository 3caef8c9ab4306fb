import ArgumentParser
import DevelopmentCluster
import Glibc
import LabJourney
import Logging
import NetworkLab
import UnixSignals

/// A whole cluster on this machine (design 3 and 6).
struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: """
      Run a whole cluster on this machine, in network namespaces: as root, or in a user namespace where the machine \
      allows that.
      """,
    subcommands: [
      LabUpCommand.self, LabDemoCommand.self, LabFailoverCommand.self, LabDownCommand.self,
    ])
}

/// What `up` and `demo` have in common.
struct LabOptions: ParsableArguments {
  @Option(help: "How many nodes the cluster has.")
  var nodes = 3

  @Option(help: "Where to write an administrator's kubeconfig.")
  var kubeconfig: String?

  @Option(name: .customLong("log"), help: "A file for the log of the lab itself.")
  var logPath: String?

  func validate() throws {
    guard 1...ClusterTopology.nodeLimit ~= nodes else {
      throw ValidationError("A cluster has 1 to \(ClusterTopology.nodeLimit) nodes.")
    }
  }

  func sessionOptions() throws -> LabSession.Options {
    var options = LabSession.Options()
    options.nodes = nodes
    options.kubeconfig = kubeconfig
    options.images = try ProgramImage.catalog()
    return options
  }

  func logger() -> Logger {
    guard let logPath else { return Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() } }
    return Logger(label: "lab") { _ in FileLogHandler(path: logPath) }
  }
}

/// Makes sure that a lab can run: as a user who may not make namespaces, this goes on in a user
/// namespace, where everything of the lab is its own and ends with it.
func requireLab() async throws {
  guard let unmet = LabSession.unmet() else { return }
  if case .notPrivileged = unmet, let command = await LabPrivileges.userNamespaceCommand() {
    standardError("running in a user namespace of its own, as this user may not make networks")
    LabPrivileges.replaceProcess(with: command)
  }
  standardError("Error: \(unmet)")
  throw ExitCode.failure
}

/// Runs `body` until it ends, or until SIGINT or SIGTERM cancels it: then everything is put away
/// before this throws the exit status that shells expect.
func untilSignalled(_ body: @escaping @Sendable () async throws -> Void) async throws {
  try await withThrowingTaskGroup(of: UnixSignal?.self) { group in
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    group.addTask {
      try await body()
      return nil
    }
    group.addTask {
      for await signal in signals { return signal }
      return nil
    }
    guard let signal = try await group.next() ?? nil else {
      group.cancelAll()
      return
    }
    standardError("\n\(signal): cleaning up")
    group.cancelAll()
    // What the body throws when it is cancelled says no more than that.
    while await group.nextResult() != nil {}
    throw ExitCode(signal == .sigint ? 130 : 143)
  }
}

func standardOutput(_ text: String) { write(text, to: STDOUT_FILENO) }

func standardError(_ line: String) { write("\(line)\n", to: STDERR_FILENO) }

/// What cannot be written, because nobody reads any more, is dropped.
private func write(_ text: String, to descriptor: Int32) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 || errno == EINTR else { return }
    rest = rest.dropFirst(max(0, count))
  }
}

/// Appends lines to a file.
struct FileLogHandler: LogHandler {
  let path: String
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel: Logger.Level = .debug

  init(path: String) { self.path = path }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    // A log that cannot be written must not end what it tells about.
    try? LabFiles.append("\(event.level) \(event.message)\(facts)\n", to: path)
  }
}
