/// On which interfaces an address is announced.
package enum InterfaceSelection: Hashable, Sendable {
  /// On all that are usable.
  case all
  /// On those with these names.
  case named(Set<String>)

  package func contains(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .named(let names): names.contains(name)
    }
  }

  /// What either selects: several advertisements for one address add up.
  package func union(_ other: InterfaceSelection) -> InterfaceSelection {
    switch (self, other) {
    case (.named(let left), .named(let right)): .named(left.union(right))
    case (.all, _), (_, .all): .all
    }
  }
}
