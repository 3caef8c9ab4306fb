private import Glibc

/// The few file operations that labs need, with errors that name the path.
package enum LabFiles {
  package static func read(_ path: String) throws(LabError) -> String {
    String(decoding: try readBytes(path), as: UTF8.self)
  }

  package static func readBytes(_ path: String) throws(LabError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "open") }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, "read") }
      if count == 0 { return content }
      content.append(contentsOf: buffer[..<count])
    }
  }

  /// Creates or replaces a file with exactly the given mode, whatever the umask.
  package static func write(_ content: [UInt8], to path: String, mode: UInt32 = 0o644)
    throws(LabError)
  {
    try write(content, to: path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode: mode)
    guard chmod(path, mode) == 0 else { throw failure(path, "change the mode of") }
  }

  package static func write(_ content: String, to path: String, mode: UInt32 = 0o644)
    throws(LabError)
  {
    try write(Array(content.utf8), to: path, mode: mode)
  }

  /// Adds to the end of a file, which is created when it does not exist.
  package static func append(_ content: String, to path: String) throws(LabError) {
    try write(
      Array(content.utf8), to: path, flags: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode: 0o644)
  }

  private static func write(_ content: [UInt8], to path: String, flags: Int32, mode: UInt32)
    throws(LabError)
  {
    let descriptor = open(path, flags, mode)
    guard descriptor >= 0 else { throw failure(path, "open") }
    defer { close(descriptor) }
    var offset = 0
    while offset < content.count {
      let count = content[offset...].withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure(path, "write") }
      offset += count
    }
  }

  /// Makes a folder and those above it.
  package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(LabError) {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      prefix += "/\(part)"
      guard mkdir(prefix, mode) == 0 || errno == EEXIST else {
        throw failure(prefix, "make the folder")
      }
    }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The names in a folder, sorted, without `.` and `..`; none when it does not exist.
  package static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes or replaces a symbolic link in one step, so that no reader ever misses it.
  package static func link(_ path: String, to target: String) throws(LabError) {
    let temporary = "\(path).new"
    unlink(temporary)
    guard symlink(target, temporary) == 0 else { throw failure(temporary, "link") }
    guard rename(temporary, path) == 0 else { throw failure(path, "replace") }
  }

  /// Makes a symbolic link. Returns whether nothing had that name before.
  static func linkUnlessThere(_ path: String, to target: String) throws(LabError) -> Bool {
    if symlink(target, path) == 0 { return true }
    guard errno == EEXIST else { throw failure(path, "link") }
    return false
  }

  /// Where a symbolic link points; `nil` when the path is none.
  package static func target(ofLink path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package static func changeOwner(_ path: String, user: UInt32?, group: UInt32?)
    throws(LabError)
  {
    // A value of all ones leaves the owner or the group as it is (chown(2)).
    guard lchown(path, user ?? .max, group ?? .max) == 0 else {
      throw failure(path, "change the owner of")
    }
  }

  package static func changeMode(_ path: String, _ mode: UInt32) throws(LabError) {
    guard chmod(path, mode) == 0 else { throw failure(path, "change the mode of") }
  }

  /// Removes a file or a whole folder; does nothing when it does not exist. Links are not followed.
  package static func remove(_ path: String) throws(LabError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    guard errno == EISDIR || errno == EPERM else { throw failure(path, "remove") }
    for name in list(path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw failure(path, "remove") }
  }

  private static func failure(_ path: String, _ operation: String) -> LabError {
    .fileFailed(path: path, operation: operation, code: errno)
  }
}
