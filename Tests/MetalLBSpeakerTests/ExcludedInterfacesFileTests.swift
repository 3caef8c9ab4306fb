import Layer2
import Testing

@testable import MetalLBSpeaker

@Suite struct ExcludedInterfacesFileTests {
  @Test(arguments: [
    ("announcedInterfacesToExclude: [\"^docker.*\", \"^lo$\"]", ["^docker.*", "^lo$"]),
    ("announcedInterfacesToExclude:\n- ^veth.*\n", ["^veth.*"]),
    ("announcedInterfacesToExclude: []", []), ("announcedInterfacesToExclude:", []),
  ])
  func `Reads the list`(text: String, expected: [String]) throws {
    #expect(try ExcludedInterfacesFile.patterns(yaml: text) == expected)
  }

  @Test(arguments: [
    "", "other: []", "announcedInterfacesToExclude: ^lo$", "announcedInterfacesToExclude: [[a]]",
    "announcedInterfacesToExclude: [",
  ])
  func `Refuses what it does not understand`(text: String) {
    #expect(throws: (any Error).self) { try ExcludedInterfacesFile.patterns(yaml: text) }
  }

  @Test func `A missing file leaves the defaults in force`() throws {
    #expect(
      try ExcludedInterfacesFile.patterns(path: "/nonexistent/excludel2.yaml")
        == InterfaceExclusion.defaultPatterns)
  }

  @Test func `Names the file that is at fault`() {
    let error = #expect(throws: ExcludedInterfacesFile.Invalid.self) {
      try ExcludedInterfacesFile.patterns(path: "/proc/self/status")
    }
    #expect(error?.description.hasPrefix("/proc/self/status: ") == true)
  }
}
