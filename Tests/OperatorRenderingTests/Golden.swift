import Foundation
import Testing

/// Files beside the tests that hold what is rendered; the diff of a change is its review.
/// `METALLB_UPDATE_GOLDEN=1` writes them instead of comparing.
func expectGolden(
  _ text: String, _ name: String, file: String = #filePath,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let url = URL(filePath: file).deletingLastPathComponent()
    .appending(path: "Golden").appending(path: name)
  try expectFile(text, at: url, sourceLocation: sourceLocation)
}

func expectFile(_ text: String, at url: URL, sourceLocation: SourceLocation) throws {
  if ProcessInfo.processInfo.environment["METALLB_UPDATE_GOLDEN"] == "1" {
    try Data(text.utf8).write(to: url)
    return
  }
  let expected = String(decoding: try Data(contentsOf: url), as: UTF8.self)
  let difference = zip(
    text.split(separator: "\n", omittingEmptySubsequences: false),
    expected.split(separator: "\n", omittingEmptySubsequences: false)
  ).first { $0 != $1 }
  #expect(
    text == expected,
    "\(url.lastPathComponent) differs at: \(difference.map { "\($0)" } ?? "its end")",
    sourceLocation: sourceLocation)
}
