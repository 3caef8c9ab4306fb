/// Which users and groups exist in this process's user namespace (user_namespaces(7)): all of them
/// on a machine, often root alone in a namespace that an unprivileged user has made.
package struct UserMap: Sendable, Hashable {
  private let ranges: [Range<UInt64>]

  /// Reads the text of `/proc/self/uid_map` or `gid_map`: lines of first number inside, first
  /// number outside, and count.
  package init(_ text: String) {
    ranges = text.split(separator: "\n").compactMap { line in
      let numbers = line.split { $0 == " " }.compactMap { UInt64($0) }
      guard numbers.count == 3 else { return nil }
      return numbers[0]..<(numbers[0] + numbers[2])
    }
  }

  /// Whether processes may change their supplementary groups: not where an unprivileged user made
  /// the namespace alone.
  package static func maySetGroups() -> Bool {
    (try? LabFiles.read("/proc/self/setgroups")).map { !$0.hasPrefix("deny") } ?? true
  }

  package func contains(_ id: UInt32) -> Bool { ranges.contains { $0.contains(UInt64(id)) } }

  package static func users() throws(LabError) -> UserMap {
    UserMap(try LabFiles.read("/proc/self/uid_map"))
  }

  package static func groups() throws(LabError) -> UserMap {
    UserMap(try LabFiles.read("/proc/self/gid_map"))
  }
}

extension Sandbox {
  /// The sandbox as it can be had where some users do not exist: a user that is missing becomes
  /// user 0 without any capability, which may do as little; groups that are missing are left out.
  package func adapted(users: UserMap, groups: UserMap, maySetGroups: Bool) -> Sandbox {
    var sandbox = self
    if !users.contains(user) {
      sandbox.user = 0
      sandbox.capabilities = []
      sandbox.noNewPrivileges = true
    }
    if !groups.contains(group) { sandbox.group = 0 }
    sandbox.supplementalGroups =
      maySetGroups ? supplementalGroups?.filter(groups.contains) : nil
    return sandbox
  }
}
