/// What can go wrong while a lab is built or used.
package enum LabError: Error, Sendable, Equatable {
  /// This process may not make network namespaces. `missing` names the capabilities.
  case notPrivileged(missing: [String])
  /// Tools that are not on the PATH, each with the Debian package that holds it.
  case missingTools([RequiredTool])
  /// A tool ended with a failure.
  case commandFailed(command: String, status: String, message: String)
  /// A name that the kernel or a file system would not take.
  case invalidName(String)
  /// A file of the lab could not be read or written; `code` is an errno.
  case fileFailed(path: String, operation: String, code: Int32)
  /// A capture was asked for something that the packet stream does not hold.
  case malformedCapture(String)
  /// Nothing of what was awaited happened in time.
  case timedOut(String)
}

extension LabError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notPrivileged(let missing):
      "a lab makes network namespaces, which takes \(missing.joined(separator: " and ")): "
        + "run it as root, or in a user namespace whose /run you may write"
    case .missingTools(let tools):
      "missing \(tools.map(\.name).joined(separator: ", ")): "
        + "install \(Set(tools.map(\.package)).sorted().joined(separator: " ")) with apt-get"
    case .commandFailed(let command, let status, let message):
      "\(command) failed (\(status))\(message.isEmpty ? "" : ": \(message)")"
    case .invalidName(let name):
      "\"\(name)\" is no name for a namespace or an interface"
    case .fileFailed(let path, let operation, let code):
      "could not \(operation) \(path): errno \(code)"
    case .malformedCapture(let reason):
      "unreadable capture: \(reason)"
    case .timedOut(let what):
      "timed out: \(what)"
    }
  }
}
