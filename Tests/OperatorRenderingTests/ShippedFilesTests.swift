import Foundation
import KubernetesAPI
import OperatorRendering
import Testing

/// `bundle/` is the output of `metallb render`.
@Suite struct ShippedFilesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../bundle").standardized

  /// Everything that belongs into the folder: texts by path.
  static func files() throws -> [String: String] {
    let image = try ImageReference(Installation.defaultImage)
    var files: [String: String] = [:]
    for platform in Platform.allCases {
      for file in try OperatorBundle.files(Installation(platform: platform, image: image)) {
        // Where upstream has its bundle is the one that fits most clusters.
        let folder = platform == .kubernetes ? "" : "\(platform.rawValue)/"
        files[folder + file.path] = file.text
      }
    }
    files["metallb-operator.yaml"] = try Installation(platform: .kubernetes, image: image)
      .manifest()
    files["metallb-operator-openshift.yaml"] =
      try Installation(platform: .openshift, image: image).manifest()
    return files
  }

  @Test func `Every shipped file is what the code renders`() throws {
    for (path, text) in try Self.files() {
      let url = Self.folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try expectFile(text, at: url, sourceLocation: #_sourceLocation)
    }
  }

  @Test func `No other file is shipped`() throws {
    let names = try #require(
      FileManager.default.enumerator(atPath: Self.folder.path)?.allObjects as? [String])
    let present = names.filter { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: Self.folder.appending(path: name).path, isDirectory: &isFolder)
      return !isFolder.boolValue
    }
    #expect(Set(present) == Set(try Self.files().keys))
  }
}
