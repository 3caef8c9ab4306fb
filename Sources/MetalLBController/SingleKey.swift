/// The key of a controller that has one thing to reconcile.
struct SingleKey: Hashable, Sendable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
