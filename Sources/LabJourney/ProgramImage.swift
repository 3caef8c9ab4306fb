package import DevelopmentCluster
internal import NetworkLab

/// The images of a lab: all of them are this very program, under the names by which containers call
/// it.
package enum ProgramImage {
  /// Paths of commands as upstream's images have them.
  static let commands = ["controller", "speaker", "manager", "metallb-operator"]

  /// The image of the test server, which `metallb lab-echo` is.
  package static let echo = "lab/echo:latest"

  package static func catalog() throws -> ImageCatalog {
    guard let program = LabFiles.target(ofLink: "/proc/self/exe") else {
      throw LabError.fileFailed(path: "/proc/self/exe", operation: "read", code: 0)
    }
    let maps = try LabFiles.read("/proc/self/maps")
    var files = ["/metallb": program]
    for folder in libraryFolders(inMaps: maps) { files[folder] = folder }
    return catalog(files: files)
  }

  static func catalog(files: [String: String]) -> ImageCatalog {
    let links = Dictionary(uniqueKeysWithValues: commands.map { ("/\($0)", "/metallb") })
    func image(_ entrypoint: [String]) -> ImageCatalog.Image {
      ImageCatalog.Image(entrypoint: entrypoint, files: files, links: links)
    }
    return ImageCatalog(
      [
        .init(names: ["metallb"], image: image(["/metallb"])),
        .init(names: ["echo"], image: image(["/metallb", "lab-echo"])),
      ] + commands.map { .init(names: [$0], image: image(["/\($0)"])) })
  }

  /// Folders with shared libraries of this process that containers do not have anyway: where the
  /// toolchain is, for a program that is not linked statically.
  static func libraryFolders(inMaps maps: String) -> [String] {
    var folders: Set<String> = []
    for line in maps.split(separator: "\n") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let path = line[start...]
      guard path.contains(".so"), let end = path.lastIndex(of: "/") else { continue }
      let folder = String(path[..<end])
      let isThere = Sandbox.defaultSystemFolders.contains { folder.hasPrefix("\($0)/") }
      if !isThere { folders.insert(folder) }
    }
    return folders.sorted()
  }
}
