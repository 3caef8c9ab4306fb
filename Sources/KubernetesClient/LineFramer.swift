internal import NIOCore

/// Cuts a stream of bytes into lines. Memory is bounded: a line longer than the limit is an error,
/// whether its end has arrived or not.
struct LineFramer {
  struct LineTooLong: Error, Hashable { var limit: Int }

  private let limit: Int
  private var buffer = ByteBuffer()
  /// How many readable bytes are known to hold no line feed.
  private var searched = 0

  init(limit: Int) { self.limit = limit }

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole line without its line feed; `nil` until one has arrived. Empty lines are
  /// skipped.
  mutating func next() throws(LineTooLong) -> ByteBuffer? {
    while true {
      let view = buffer.readableBytesView
      guard let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
        searched = view.count
        guard searched <= limit else { throw LineTooLong(limit: limit) }
        return nil
      }
      let length = end - view.startIndex
      guard length <= limit else { throw LineTooLong(limit: limit) }
      searched = 0
      let line = buffer.readSlice(length: length)
      buffer.moveReaderIndex(forwardBy: 1)
      if let line, line.readableBytes > 0 { return line }
    }
  }
}
