import Foundation
import KubernetesAPI
import KubernetesClient
import KubernetesTesting
import Subprocess
import Testing

/// The real `kubectl`: an independent client, which shows what our own cannot.
struct Kubectl: Sendable {
  let cluster: TestCluster
  /// Holds the kubeconfig and kubectl's caches.
  let folder: String

  /// What a command wrote and how it ended.
  struct Outcome: Sendable {
    var status: String
    var isSuccess: Bool
    var output: String
    var error: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Runs a command to its end, whatever it is.
  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Outcome {
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments([try Self.program.get().path] + arguments),
      environment: .custom(variables(environment)), input: .string(input),
      output: .string(limit: 1 << 24), error: .string(limit: 1 << 20))
    return Outcome(
      status: "\(result.terminationStatus)", isSuccess: result.terminationStatus.isSuccess,
      output: result.standardOutput, error: result.standardError)
  }

  /// Runs a command that must succeed and returns what it wrote to standard output.
  @discardableResult
  func callAsFunction(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> String {
    let outcome = try await run(arguments, input: input, environment: environment)
    guard outcome.isSuccess else {
      throw Failure(
        description: """
          kubectl \(arguments.joined(separator: " ")): \(outcome.status)
          \(outcome.output)\(outcome.error)
          """)
    }
    return outcome.output
  }

  /// Runs a command that must fail and returns what it wrote to standard error.
  func failure(
    of arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> String {
    let outcome = try await run(arguments, input: input, environment: environment)
    guard !outcome.isSuccess else {
      throw Failure(
        description: "kubectl \(arguments.joined(separator: " ")) succeeded:\n\(outcome.output)")
    }
    return outcome.error
  }

  /// The object that a command prints with `-o json`.
  func json(_ arguments: String...) async throws -> JSONValue {
    let outcome = try await run(arguments + ["-o", "json"])
    guard outcome.isSuccess else { throw Failure(description: outcome.error) }
    return try JSONValue(parsing: outcome.output)
  }

  /// Runs a command that goes on, such as a watch. `body` gets its lines, and ends it by returning.
  func following(
    _ arguments: String..., body: @escaping @Sendable (Lines) async throws -> Void
  ) async throws {
    let outcome = try await Subprocess.run(
      .name("env"), arguments: Arguments([try Self.program.get().path] + arguments),
      environment: .custom(variables()), input: .none, output: .sequence, error: .discarded
    ) { execution in
      let (lines, fed) = AsyncStream.makeStream(of: String.self)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { fed.finish() }
          var partial: [UInt8] = []
          for try await chunk in execution.standardOutput {
            partial += chunk.withUnsafeBytes { Array($0) }
            while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
              fed.yield(String(decoding: partial[..<end], as: UTF8.self))
              partial.removeSubrange(...end)
            }
          }
        }
        let result: Result<Void, any Error>
        do {
          result = .success(try await body(Lines(stream: lines)))
        } catch {
          result = .failure(error)
        }
        try? execution.send(signal: .terminate)
        try await group.waitForAll()
        return result
      }
    }
    try outcome.closureResult.get()
  }

  /// The lines of a command that goes on.
  struct Lines: Sendable {
    fileprivate let stream: AsyncStream<String>

    /// Waits for a line with all of these words, and returns it.
    @discardableResult
    func first(with words: String...) async throws -> String {
      var seen: [String] = []
      for await line in stream {
        if words.allSatisfy(line.contains) { return line }
        seen.append(line)
      }
      throw Failure(
        description: "ended without a line with \(words); seen:\n\(seen.joined(separator: "\n"))")
    }
  }

  /// Writes a file into the folder and returns its path.
  func file(_ name: String, _ text: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  private func variables(_ more: [String: String] = [:]) -> [Environment.Key: String] {
    var variables = [
      "KUBECONFIG": "\(folder)/kubeconfig", "HOME": folder, "KUBECACHEDIR": "\(folder)/cache",
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "TMPDIR": folder,
    ]
    variables.merge(more) { $1 }
    return Dictionary(
      uniqueKeysWithValues: variables.compactMap { name, value in
        Environment.Key(rawValue: name).map { ($0, value) }
      })
  }

  // MARK: Which kubectl

  struct Program: Sendable {
    var path: String
    /// 33 of 1.33.
    var minor: Int
  }

  /// `METALLB_TEST_KUBECTL`, else the first one on the PATH, if it is 1.26 or newer.
  static let program: Result<Program, Failure> = {
    let environment = ProcessInfo.processInfo.environment
    let given = environment["METALLB_TEST_KUBECTL"].map { [$0] } ?? []
    let candidates =
      given.isEmpty
      ? (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/kubectl" } : given
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      return .failure(Failure(description: "there is no kubectl on the PATH"))
    }
    guard let version = version(of: path) else {
      return .failure(Failure(description: "\(path) says no version"))
    }
    guard version >= (1, 26) else {
      return .failure(
        Failure(description: "\(path) is \(version.0).\(version.1), older than 1.26"))
    }
    return .success(Program(path: path, minor: version.1))
  }()

  static var isAvailable: Bool { (try? program.get()) != nil }

  static func isAtLeast(minor: Int) -> Bool { (try? program.get().minor >= minor) ?? false }

  /// Runs before any test does, so it may block.
  private static func version(of path: String) -> (Int, Int)? {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = ["version", "--client", "-o", "json"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let value = try? JSONValue(parsing: String(decoding: data, as: UTF8.self))
    let text = value?[path: ["clientVersion", "gitVersion"]]?.stringValue ?? ""
    let numbers = text.drop { $0 == "v" }.split(separator: ".").prefix(2).compactMap { Int($0) }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }
}

extension Trait where Self == ConditionTrait {
  /// Suites with it are counted as not run where there is no kubectl.
  static var needsKubectl: Self {
    .enabled(if: Kubectl.isAvailable, "needs kubectl 1.26 or newer on the PATH")
  }
}

/// Runs `body` with a kubectl whose context is the test's namespace.
func withKubectl(
  isAlone: Bool = false, _ body: @Sendable (Kubectl) async throws -> Void
) async throws {
  try await withTestCluster(isAlone: isAlone) { cluster in
    let folder = FileManager.default.temporaryDirectory.appending(
      path: cluster.uniqueName("kubectl")
    ).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kubectl = Kubectl(cluster: cluster, folder: folder)
    _ = try kubectl.file("kubeconfig", cluster.kubeconfig)
    try await kubectl(
      "config", "set-context", "--current", "--namespace", cluster.namespace)
    try await body(kubectl)
  }
}
