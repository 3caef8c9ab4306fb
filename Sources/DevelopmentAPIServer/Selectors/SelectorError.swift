/// Why the text of a selector cannot be used, in the words of a real server.
struct SelectorError: Error, Hashable, Sendable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
