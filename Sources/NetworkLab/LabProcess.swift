private import Glibc
private import Subprocess
private import Synchronization

/// A program that runs in a namespace until it ends or is ended.
package struct LabCommand: Sendable, Hashable {
  package var namespace: LabNamespace
  /// The program and its arguments.
  package var command: [String]
  /// The whole environment: nothing is inherited.
  package var environment: [String: String]
  /// Where it starts; `/` when absent.
  package var workingDirectory: String?
  /// `nil` runs the program as root on the machine's own files.
  package var sandbox: Sandbox?
  /// What it prints is appended to this file; absent, it is thrown away.
  package var logPath: String?

  package init(
    in namespace: LabNamespace, _ command: [String], environment: [String: String] = [:],
    sandbox: Sandbox? = nil, logPath: String? = nil
  ) {
    self.namespace = namespace
    self.command = command
    self.environment = environment
    self.sandbox = sandbox
    self.logPath = logPath
  }

  /// The whole chain of programs, each of which replaces the one before.
  var arguments: [String] {
    let redirect = logPath.map { ["sh", "-c", "exec >> \"$0\" 2>&1; exec \"$@\"", $0] } ?? []
    let changeFolder = workingDirectory.map { ["env", "--chdir=\($0)"] } ?? []
    return redirect + namespace.enter + (sandbox?.enter ?? []) + changeFolder + command
  }

  /// What to put before another command so that it runs beside this one, while that has the given
  /// process id: same files, network, user and capabilities.
  package func enterCommand(process: Int32) -> [String] {
    ["nsenter", "--target=\(process)", "--mount", "--net", "--"] + (sandbox?.setpriv ?? [])
  }

  /// Runs the command and returns how it ended.
  ///
  /// - Parameter started: called once the command itself starts, with the means to signal it; not
  ///   when setting up its sandbox fails.
  ///
  /// When the task is cancelled, the process and its group are killed at once. Throws
  /// `LabError.commandFailed` when nothing could be started.
  package func run(started: (LabProcess) -> Void = { _ in }) async throws -> Tool.Status {
    var options = PlatformOptions()
    options.createSession = true
    let process = LabProcess()
    if let sandbox { try LabFiles.remove(sandbox.readyMark) }
    do {
      let outcome = try await Subprocess.run(
        .name(arguments[0]), arguments: .init(Array(arguments.dropFirst())),
        environment: .custom(
          Dictionary(uniqueKeysWithValues: environment.map { (.init(stringLiteral: $0), $1) })
        ), platformOptions: options, input: .none, output: .discarded, error: .discarded
      ) { execution in
        let id = execution.processIdentifier.value
        process.hasStarted(id)
        if try await isSetUp(process: id) { started(process) }
      }
      process.hasEnded()
      return Tool.Status(outcome.terminationStatus)
    } catch let error as SubprocessError {
      process.hasEnded()
      throw LabError.commandFailed(
        command: command.joined(separator: " "), status: "not started",
        message: String(describing: error))
    }
  }
}

extension LabCommand {
  /// Waits for the sandbox to be complete; false when the process ends before. The kernel has no
  /// event for either that would not need a thread, and setting up takes some ten milliseconds.
  private func isSetUp(process: Int32) async throws -> Bool {
    guard let sandbox else { return true }
    while true {
      if let mark = try? LabFiles.read(sandbox.readyMark), !mark.isEmpty { return true }
      if Self.hasEnded(process) { return false }
      try await Task.sleep(for: .milliseconds(4))
    }
  }

  /// Whether a child is a zombie, which it stays until its end is collected (proc(5) `stat`).
  private static func hasEnded(_ process: Int32) -> Bool {
    guard let stat = try? LabFiles.read("/proc/\(process)/stat"),
      let end = stat.lastIndex(of: ")")
    else { return true }
    return stat[end...].dropFirst(2).first == "Z"
  }
}

/// The handle of a running `LabCommand`: signals reach it only while it runs.
package final class LabProcess: Sendable {
  private let processID = Mutex<Int32?>(nil)

  /// The process id on the machine; `nil` once it has ended.
  package var id: Int32? { processID.withLock { $0 } }

  /// Sends a signal to the process, unless it has ended. What kills it kills those that it started
  /// too; of anything else it may tell them itself, as in a container.
  package func send(_ signal: Signal) {
    processID.withLock { id in
      guard let id else { return }
      // It leads its session and so its process group, whose id nobody else can have meanwhile.
      Glibc.kill(signal == .kill ? -id : id, signal.rawValue)
    }
  }

  package enum Signal: Sendable {
    case terminate, kill, hangUp, interrupt

    var rawValue: Int32 {
      switch self {
      case .terminate: SIGTERM
      case .kill: SIGKILL
      case .hangUp: SIGHUP
      case .interrupt: SIGINT
      }
    }
  }

  func hasStarted(_ id: Int32) { processID.withLock { $0 = id } }
  func hasEnded() { processID.withLock { $0 = nil } }
}

extension LabNamespace {
  /// The processes in the namespace, as the machine numbers them.
  package func processes() async throws -> [Int32] {
    try await Tool.run(["ip", "netns", "pids", name]).split(separator: "\n").compactMap {
      Int32($0)
    }
  }

  /// Kills every process in the namespace, and those that they start meanwhile, and returns when
  /// they are gone.
  package func killProcesses() async throws {
    for attempt in 0..<200 {
      let processes = try await processes()
      if processes.isEmpty { return }
      for process in processes where process != getpid() { kill(process, SIGKILL) }
      if attempt > 2 { try await Task.sleep(for: .milliseconds(10)) }
    }
    throw LabError.timedOut("processes in \(name) do not end")
  }
}
