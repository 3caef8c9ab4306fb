/// The key of a controller that has one thing to reconcile.
package struct SingleKey: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
