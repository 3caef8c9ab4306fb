import Glibc
import NetworkLab

/// How a user who is not root comes to networks: in a user namespace (user_namespaces(7)), whose
/// root may make them.
enum LabPrivileges {
  /// Marks the command that runs inside, so that it does not try once more.
  private static let mark = "METALLB_LAB_USER_NAMESPACE"

  /// The command that runs this one again in a user namespace of its own; `nil` where the machine
  /// allows none, and inside of it.
  static func userNamespaceCommand() async -> [String]? {
    guard getenv(mark) == nil, let program = LabFiles.target(ofLink: "/proc/self/exe") else {
      return nil
    }
    let namespaces = [
      "unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork",
      "--kill-child", "--mount-proc",
    ]
    // A range of users, where the machine has given this one any (subuid(5)), else root alone.
    for extra in [["--map-auto"], []] {
      let prefix = namespaces + extra
      guard (try? await Tool.attempt(prefix + ["true"]))?.status.isSuccess == true else { continue }
      let script = "mount -t tmpfs lab /run && ip link set lo up && exec \"$@\""
      return prefix + ["env", "\(mark)=1", "sh", "-c", script, "sh", program]
        + CommandLine.arguments.dropFirst()
    }
    return nil
  }

  /// Returns only when the command could not be started.
  static func replaceProcess(with command: [String]) {
    setenv("PATH", LabRequirements.searchPath.joined(separator: ":"), 1)
    var arguments = command.map { strdup($0) }
    arguments.append(nil)
    execvp(command[0], arguments)
    for argument in arguments { free(argument) }
  }
}
