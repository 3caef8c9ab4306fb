import Foundation
import Testing

@testable import MetalLBSpeaker

@Suite struct ExcludedInterfacesFileTests {
  @Test(arguments: [
    ("announcedInterfacesToExclude: [\"^docker.*\", \"^lo$\"]", ["^docker.*", "^lo$"]),
    ("announcedInterfacesToExclude:\n- ^veth.*\n", ["^veth.*"]),
    ("announcedInterfacesToExclude: []", []), ("announcedInterfacesToExclude:", []),
  ])
  func `Reads the list`(text: String, expected: [String]) throws {
    let file = try ExcludedInterfacesFile(yaml: text)
    #expect(file.patterns == expected)
    #expect(file.doubt == nil)
  }

  @Test(arguments: [
    "announcedInterfacesToExclude: ^lo$", "announcedInterfacesToExclude: [[a]]",
    "announcedInterfacesToExclude: [", "- ^lo$", "text",
  ])
  func `Refuses what it does not understand`(text: String) {
    #expect(throws: (any Error).self) { try ExcludedInterfacesFile(yaml: text) }
  }

  @Test(arguments: ["", "# nothing\n", "---\n", "other: []", "{}"])
  func `A file without the list excludes nothing and is doubtful`(text: String) throws {
    let place = FileManager.default.temporaryDirectory.appending(
      path: "metallb-excludel2-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    try Data(text.utf8).write(to: place)
    let file = try ExcludedInterfacesFile(path: place.path)
    #expect(file.patterns == [])
    #expect(file.doubt != nil)
  }

  @Test func `A missing file excludes nothing`() throws {
    let file = try ExcludedInterfacesFile(path: "/nonexistent/excludel2.yaml")
    #expect(file.patterns == [])
    #expect(file.doubt == nil)
  }

  @Test func `Names the file that is at fault`() {
    let folder = FileManager.default.temporaryDirectory.path
    let error = #expect(throws: ExcludedInterfacesFile.Invalid.self) {
      try ExcludedInterfacesFile(path: folder)
    }
    #expect(error?.description.hasPrefix("\(folder): ") == true)
  }
}
