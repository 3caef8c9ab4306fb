/// How a container's process sees the machine: its own mount namespace with a root of its own, a
/// user, and exactly the given capabilities.
///
/// The root is a tmpfs into which folders of the machine are bound read-only, so that programs
/// find their libraries and nothing else; volumes are bound where the container wants them.
package struct Sandbox: Sendable, Hashable {
  /// A folder of the machine, unused otherwise, over which the root is mounted.
  package var root: String
  /// Folders that appear read-only at their own path. A symbolic link, as `/bin` is where `/usr`
  /// is merged, appears as the same link; what does not exist is left out.
  package var systemFolders: [String]
  package var mounts: [Mount]
  /// Symbolic links by path.
  package var links: [String: String]
  /// Small text files by path, such as `/etc/hosts`.
  package var files: [String: String]
  package var isRootReadOnly: Bool

  package var user: UInt32
  package var group: UInt32
  /// `nil` keeps those of the lab's process.
  package var supplementalGroups: [UInt32]?
  /// Names as Kubernetes writes them, `NET_RAW`; `nil` keeps all, as in a privileged container.
  ///
  /// They bound what the process can ever have. As in a container, user 0 has them at once, and any
  /// other user has none (capabilities(7): a change of user clears the permitted set, and nothing
  /// here is ambient).
  package var capabilities: [String]?
  /// Whether no program that it starts may gain privileges.
  package var noNewPrivileges: Bool

  package struct Mount: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
      /// A file or folder of the machine.
      case bind(String)
      case temporary
    }
    package var source: Source
    /// Where it appears, an absolute path.
    package var path: String
    package var isReadOnly: Bool

    package init(_ source: Source, at path: String, isReadOnly: Bool = false) {
      self.source = source
      self.path = path
      self.isReadOnly = isReadOnly
    }
  }

  package static let defaultSystemFolders = [
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/etc/ssl", "/etc/alternatives",
  ]

  package init(root: String) {
    self.root = root
    systemFolders = Self.defaultSystemFolders
    mounts = []
    links = [:]
    files = [:]
    isRootReadOnly = false
    user = 0
    group = 0
    supplementalGroups = []
    capabilities = nil
    noNewPrivileges = false
  }
}

extension Sandbox {
  /// What to put before a command, as root in the right network namespace, to run it in here. The
  /// process id stays the same from the first program to the command's own.
  package var enter: [String] {
    ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh"]
      + setpriv + ["--"]
  }

  /// A file that gets its content when the root is complete, right before the command starts.
  var readyMark: String { "\(root).ready" }

  var setpriv: [String] {
    var arguments = ["setpriv", "--reuid=\(user)", "--regid=\(group)"]
    switch supplementalGroups {
    case nil: arguments.append("--keep-groups")
    case []: arguments.append("--clear-groups")
    case let groups?:
      arguments.append("--groups=\(groups.map(String.init).joined(separator: ","))")
    }
    if let capabilities {
      let allowed = capabilities.map { ",+\($0.lowercased())" }.joined()
      arguments += ["--bounding-set=-all\(allowed)", "--inh-caps=-all"]
    }
    if noNewPrivileges { arguments.append("--no-new-privs") }
    return arguments
  }

  /// Builds the root, makes it the process's own, and runs the arguments.
  var script: String {
    let root = Self.quoted(self.root)
    var lines = [
      "set -eu", "PATH=\"${PATH:-}:/usr/sbin:/sbin:/usr/bin:/bin\"", "export PATH", "umask 022",
      "mkdir -p \(root)", "exec 9> \(Self.quoted(readyMark))",
      "mount -t tmpfs -o mode=0755 lab \(root)", "cd \(root)",
      "mkdir -p .machine proc sys dev etc tmp run var",
      "ln -s ../run var/run", "chmod 1777 tmp",
      "mount -t proc proc proc",
      // As the namespace is the container's, so are the interfaces in here.
      "mount -t sysfs -o ro sysfs sys",
    ]
    for device in ["null", "zero", "full", "random", "urandom", "tty"] {
      lines.append(": > dev/\(device)")
      lines.append("mount --bind /dev/\(device) dev/\(device)")
    }
    lines += [
      "ln -s /proc/self/fd dev/fd", "ln -s fd/0 dev/stdin", "ln -s fd/1 dev/stdout",
      "ln -s fd/2 dev/stderr",
    ]
    for folder in systemFolders {
      let (source, target) = (Self.quoted(folder), Self.quoted("." + folder))
      lines.append(
        "if [ -L \(source) ]; then cp -P \(source) \(target); elif [ -d \(source) ]; then "
          + "mkdir -p \(target); mount -o bind,ro \(source) \(target); fi")
    }
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      lines.append(Self.makeParent(of: path))
      lines.append("printf %s \(Self.quoted(text)) > \(Self.quoted("." + path))")
    }
    for (path, target) in links.sorted(by: { $0.key < $1.key }) {
      lines.append(Self.makeParent(of: path))
      lines.append("ln -sfn \(Self.quoted(target)) \(Self.quoted("." + path))")
    }
    // Shorter paths first, so that a mount may lie inside another one.
    for mount in mounts.sorted(by: { $0.path < $1.path }) { lines += Self.commands(for: mount) }
    if isRootReadOnly { lines.append("mount -o remount,bind,ro \(root)") }
    lines += [
      "pivot_root . .machine", "cd /", "umount -l /.machine", "echo ready >&9", "exec 9>&-",
      "exec \"$@\"",
    ]
    return lines.joined(separator: "\n")
  }

  private static func commands(for mount: Mount) -> [String] {
    let target = quoted("." + mount.path)
    switch mount.source {
    case .bind(let path):
      let source = quoted(path)
      return [
        "if [ -d \(source) ]; then mkdir -p \(target); "
          + "else \(makeParent(of: mount.path)); : >> \(target); fi",
        "mount -o bind\(mount.isReadOnly ? ",ro" : "") \(source) \(target)",
      ]
    case .temporary:
      return ["mkdir -p \(target)", "mount -t tmpfs -o mode=1777 lab \(target)"]
    }
  }

  private static func makeParent(of path: String) -> String {
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    return "mkdir -p \(quoted("./" + parent))"
  }

  /// One word for a POSIX shell, whatever is in it.
  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}
