private import Glibc

/// The list of what a lab has made outside of its own memory, so that it can be removed by anyone:
/// by the lab itself, by its guardian when the lab dies, or later by hand.
///
/// One file per lab, one line per thing, written before the thing is made:
///
///     process 1234 5678901        the lab's process: id and start time in clock ticks
///     directory /run/metallb-lab/mlab-3f2a    a folder, or a reservation beside it
///     interface mlab-3f2a-0       in the namespace of the lab's process
///     namespace mlab-3f2a-node-1
package struct LabJournal: Sendable, Hashable {
  package let path: String

  /// Where labs keep their journals and folders.
  package static let defaultFolder = "/run/metallb-lab"
  static let suffix = ".journal"

  package enum Entry: Sendable, Hashable {
    case process(id: Int32, startTime: UInt64)
    case directory(String)
    case interface(String)
    case namespace(String)
  }

  package func append(_ entry: Entry) throws(LabError) {
    try LabFiles.append(Self.line(entry) + "\n", to: path)
  }

  package func entries() throws(LabError) -> [Entry] {
    let text = try LabFiles.read(path)
    return text.split(separator: "\n").compactMap { Self.entry($0) }
  }

  /// The process that wrote the journal, if it still runs.
  package func owner() throws(LabError) -> Int32? {
    for case .process(let id, let startTime) in try entries()
    where Self.startTime(ofProcess: id) == startTime {
      return id
    }
    return nil
  }

  /// The journals in a folder: of labs that run and of labs that were interrupted.
  package static func all(in folder: String = defaultFolder) -> [LabJournal] {
    LabFiles.list(folder).filter { $0.hasSuffix(suffix) }.map {
      LabJournal(path: "\(folder)/\($0)")
    }
  }

  static func line(_ entry: Entry) -> String {
    switch entry {
    case .process(let id, let startTime): "process \(id) \(startTime)"
    case .directory(let path): "directory \(path)"
    case .interface(let name): "interface \(name)"
    case .namespace(let name): "namespace \(name)"
    }
  }

  static func entry(_ line: Substring) -> Entry? {
    let words = line.split { $0 == " " }.map(String.init)
    switch (words.first, words.count) {
    case ("process", 3):
      guard let id = Int32(words[1]), let startTime = UInt64(words[2]) else { return nil }
      return .process(id: id, startTime: startTime)
    case ("directory", 2): return .directory(words[1])
    case ("interface", 2): return .interface(words[1])
    case ("namespace", 2): return .namespace(words[1])
    default: return nil
    }
  }

  /// When a process started, in clock ticks since boot (field 22 of proc(5) `stat`): with the id it
  /// names one process for ever. `nil` when there is no such process.
  package static func startTime(ofProcess id: Int32) -> UInt64? {
    guard let stat = try? LabFiles.read("/proc/\(id)/stat"),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    // After the name, which may hold spaces, comes field 3.
    let fields = stat[end...].dropFirst().split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}

extension LabJournal {
  /// Removes everything that a journal names: processes in its namespaces, the namespaces,
  /// interfaces, folders, and at last the journal. Its only argument is the journal's path.
  ///
  /// One script, so that the guardian of a lab needs nothing but a shell. Processes are found
  /// through the namespaces that they are in, so none but the lab's can be hit.
  static let cleanUpScript = #"""
    export PATH="$PATH:/usr/sbin:/sbin:/usr/bin:/bin"
    journal=$1
    [ -e "$journal" ] || exit 0
    processes() {
      while read -r kind name _; do
        [ "$kind" = namespace ] && ip netns pids "$name" 2>/dev/null
      done < "$journal"
    }
    tries=0
    while pids=$(processes) && [ -n "$pids" ] && [ $tries -lt 200 ]; do
      kill -KILL $pids 2>/dev/null
      tries=$((tries + 1))
      [ $tries -lt 3 ] || sleep 0.02
    done
    status=0
    while read -r kind name _; do
      case $kind in
        interface)
          [ ! -e "/sys/class/net/$name" ] || ip link delete "$name" 2>/dev/null ||
            [ ! -e "/sys/class/net/$name" ] || status=1 ;;
        namespace)
          [ ! -e "/run/netns/$name" ] || ip netns delete "$name" || status=1 ;;
        directory)
          case $name in /*/*) rm -rf "$name" || status=1 ;; esac ;;
      esac
    done < "$journal"
    [ $status -ne 0 ] || rm -f "$journal"
    exit $status
    """#

  /// Waits for the end of its input and then cleans up, unless it was told that this is done.
  static let guardianScript =
    "trap '' INT TERM HUP; read -r word; [ \"$word\" = done ] && exit 0\n" + cleanUpScript

  /// Removes what the journal names. Does not ask whether its owner still runs.
  package func cleanUp() async throws {
    try await Tool.run(["sh", "-c", Self.cleanUpScript, "sh", path])
  }

  /// Ends the lab: asks the process that runs it, if any, and removes what is left by then.
  ///
  /// - Parameter limit: how long the process may take before it is killed.
  /// - Returns: whether a process was running it.
  @discardableResult
  package func end(within limit: Duration) async throws -> Bool {
    guard let owner = try? owner(), owner != getpid() else {
      try await cleanUp()
      return false
    }
    kill(owner, SIGTERM)
    let deadline = ContinuousClock.now.advanced(by: limit)
    while LabFiles.exists(path), (try? self.owner()) == owner {
      if ContinuousClock.now >= deadline { kill(owner, SIGKILL) }
      try await Task.sleep(for: .milliseconds(50))
    }
    // Its guardian may be at work on the same list; both only remove what is still there.
    try await cleanUp()
    return true
  }
}
