import NIOCore
import Testing

@testable import KubernetesClient

@Suite struct LineFramerTests {
  private func lines(_ framer: inout LineFramer) throws -> [String] {
    var lines: [String] = []
    while let line = try framer.next() { lines.append(String(buffer: line)) }
    return lines
  }

  @Test func `lines come out whole, whatever the pieces`() throws {
    let bytes = Array("one\n\ntwo\nthree\n".utf8)
    for size in 1...bytes.count {
      var framer = LineFramer(limit: 100)
      var seen: [String] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        framer.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
        seen += try lines(&framer)
      }
      #expect(seen == ["one", "two", "three"])
    }
  }

  @Test func `an unfinished line waits`() throws {
    var framer = LineFramer(limit: 100)
    framer.append(ByteBuffer(string: "on"))
    #expect(try framer.next() == nil)
    framer.append(ByteBuffer(string: "e\ntw"))
    #expect(try lines(&framer) == ["one"])
    framer.append(ByteBuffer(string: "o\n"))
    #expect(try lines(&framer) == ["two"])
  }

  @Test func `a line of the limit passes, a longer one does not`() throws {
    var framer = LineFramer(limit: 3)
    framer.append(ByteBuffer(string: "abc\n"))
    #expect(try lines(&framer) == ["abc"])
    framer.append(ByteBuffer(string: "abcd\n"))
    #expect(throws: LineFramer.LineTooLong(limit: 3)) { try framer.next() }
    // It is noticed before its end has arrived.
    var endless = LineFramer(limit: 3)
    endless.append(ByteBuffer(string: "abcd"))
    #expect(throws: LineFramer.LineTooLong(limit: 3)) { try endless.next() }
  }
}
