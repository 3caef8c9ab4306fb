import FoundationEssentials
import Subprocess

/// The binary under test, and a folder for what it reads and prints.
struct Program: Sendable {
  var binary: String
  var folder: String

  /// Runs the program beside `body`, which gets its process id, and ends it with SIGTERM afterwards.
  ///
  /// - Parameter name: of the log below the folder.
  func running<Result: Sendable>(
    _ arguments: [String], log name: String, _ body: (Int32) async throws -> Result
  ) async throws -> Result {
    // `exec` keeps the process id.
    let script = "exec \"$0\" \"$@\" >>'\(folder)/\(name).log' 2>&1"
    let outcome = try await Subprocess.run(
      .name("sh"), arguments: .init(["-c", script, binary] + arguments), input: .none,
      output: .discarded, error: .discarded
    ) { execution in
      let result = try await body(execution.processIdentifier.value)
      try execution.send(signal: .terminate)
      return result
    }
    return outcome.closureResult
  }
}

/// What /proc says about a process (proc(5)).
struct ProcessFigures: Sendable {
  /// Bytes in memory at this moment, and at most so far. Parts of the program itself count, which the kernel can drop.
  var resident = 0
  var peak = 0
  /// Of ``resident``, what is not a file's.
  var anonymous = 0
  /// User and system time.
  var processorTime = Duration.zero

  init(process: Int32) throws {
    for line in try Self.read("/proc/\(process)/status").split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count == 3, let kilobytes = Int(words[1]) else { continue }
      if words[0] == "VmRSS:" { resident = kilobytes * 1024 }
      if words[0] == "VmHWM:" { peak = kilobytes * 1024 }
      if words[0] == "RssAnon:" { anonymous = kilobytes * 1024 }
    }
    let stat = try Self.read("/proc/\(process)/stat")
    // Behind the program's name, which may have spaces: field 3. `utime` and `stime` are 14 and 15, in ticks of 10 ms.
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    if fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) {
      processorTime = .milliseconds((user + system) * 10)
    }
  }

  private static func read(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
