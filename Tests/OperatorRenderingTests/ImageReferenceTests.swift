import OperatorRendering
import Testing

@Suite struct ImageReferenceTests {
  struct Accepted: CustomTestStringConvertible {
    var text: String
    var repository: String
    var tag: String?
    var digest: String?
    var testDescription: String { text }
  }

  private static let digest =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test(arguments: [
    Accepted(text: "speaker", repository: "speaker"),
    Accepted(text: "speaker:main", repository: "speaker", tag: "main"),
    Accepted(
      text: "quay.io/metallb/speaker:v0.14.9", repository: "quay.io/metallb/speaker", tag: "v0.14.9"
    ),
    Accepted(text: "registry:5000/speaker", repository: "registry:5000/speaker"),
    Accepted(text: "registry:5000/a/b:1", repository: "registry:5000/a/b", tag: "1"),
    Accepted(text: "[fd00::1]:5000/a:1", repository: "[fd00::1]:5000/a", tag: "1"),
    Accepted(text: "a/b@\(digest)", repository: "a/b", digest: digest),
    Accepted(text: "a/b:v1@\(digest)", repository: "a/b", tag: "v1", digest: digest),
    Accepted(
      text: "r:5000/a/b:v1@\(digest)", repository: "r:5000/a/b", tag: "v1", digest: digest),
  ])
  func `Takes references apart and keeps them whole`(fixture: Accepted) throws {
    let reference = try ImageReference(fixture.text)
    #expect(reference.description == fixture.text)
    #expect(reference.repository == fixture.repository)
    #expect(reference.tag == fixture.tag)
    #expect(reference.digest == fixture.digest)
  }

  @Test(
    arguments: [
      ("", .empty),
      ("a:", .malformedTag("")),
      ("a:b c", .malformedTag("b c")),
      ("a:-b", .malformedTag("-b")),
      ("a/B", .malformedRepository("a/B")),
      ("a//b", .malformedRepository("a//b")),
      ("/a", .malformedRepository("/a")),
      ("a b", .malformedRepository("a b")),
      ("a/b@", .malformedDigest("")),
      ("a/b@sha256:xyz", .malformedDigest("sha256:xyz")),
      ("a/b@sha256", .malformedDigest("sha256")),
      (":v1", .malformedRepository("")),
    ] as [(String, ImageReferenceError)])
  func `Says what is wrong with a reference`(text: String, expected: ImageReferenceError) {
    #expect(throws: expected) { try ImageReference(text) }
  }
}
