private import Glibc
internal import NetworkLab

/// A folder on the machine that holds a volume's files, updated the way a kubelet does: a new
/// version is written beside the old one, then the link `..data` turns to it, so that readers see
/// all of one version or all of the other.
///
///     ..data -> ..version-2        token -> ..data/token        ..version-2/token
struct VolumeFolder: Sendable {
  let path: String
  /// Group and group bits for a Pod with `fsGroup`.
  var group: UInt32?

  private static let current = "..data"

  /// Makes `files` the contents. Returns whether anything changed.
  @discardableResult
  func write(_ files: [VolumeContents.File]) throws(LabError) -> Bool {
    try LabFiles.makeDirectory(path)
    let previous = LabFiles.target(ofLink: "\(path)/\(Self.current)")
    if let previous, isUnchanged(files, in: previous) { return false }
    let number = previous.flatMap { Int($0.drop { !$0.isNumber }) } ?? 0
    let version = "..version-\(number + 1)"
    try LabFiles.makeDirectory("\(path)/\(version)")
    for file in files { try write(file, in: "\(path)/\(version)") }
    try LabFiles.link("\(path)/\(Self.current)", to: version)
    let names = Set(files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
    for name in names { try LabFiles.link("\(path)/\(name)", to: "\(Self.current)/\(name)") }
    for name in LabFiles.list(path) where !name.hasPrefix("..") && !names.contains(name) {
      try LabFiles.remove("\(path)/\(name)")
    }
    if let previous { try LabFiles.remove("\(path)/\(previous)") }
    return true
  }

  private func write(_ file: VolumeContents.File, in folder: String) throws(LabError) {
    let target = "\(folder)/\(file.path)"
    let parent = target.split(separator: "/").dropLast().joined(separator: "/")
    try LabFiles.makeDirectory("/\(parent)")
    let mode = file.mode | (group == nil ? 0 : 0o440)
    try LabFiles.write(file.bytes, to: target, mode: mode)
    if let group { try LabFiles.changeOwner(target, user: nil, group: group) }
  }

  private func isUnchanged(_ files: [VolumeContents.File], in version: String) -> Bool {
    let folder = "\(path)/\(version)"
    guard Self.fileCount(folder) == files.count else { return false }
    return files.allSatisfy { file in
      (try? LabFiles.readBytes("\(folder)/\(file.path)")) == file.bytes
    }
  }

  private static func fileCount(_ folder: String) -> Int {
    LabFiles.list(folder).reduce(0) { count, name in
      let path = "\(folder)/\(name)"
      var information = stat()
      guard lstat(path, &information) == 0 else { return count }
      let isFolder = information.st_mode & S_IFMT == S_IFDIR
      return count + (isFolder ? fileCount(path) : 1)
    }
  }
}
