import NetworkAddresses

/// Where an address stands: places compare in the order in which addresses are chosen, by pool, then by block as
/// written, then by number.
struct Place: Hashable, Comparable {
  var block: Int
  var offset: UInt128

  static func < (left: Self, right: Self) -> Bool {
    (left.block, left.offset) < (right.block, right.offset)
  }
}

/// The one or two places of a Service, in the order in which its addresses are written.
struct Placement {
  var first: Place
  var second: Place?
}

/// One family, or both with the one that comes first.
enum FamilyChoice {
  case one(AddressFamily)
  case both(first: AddressFamily)

  /// The families in the order in which addresses are written.
  var families: [AddressFamily] {
    switch self {
    case .one(let family): [family]
    case .both(let first): [first, first.other]
    }
  }
}

extension FamilyDemand {
  /// What satisfies the demand in full.
  var fullChoice: FamilyChoice {
    switch self {
    case .single(let family): .one(family)
    case .preferDual(let first), .requireDual(let first): .both(first: first)
    }
  }

  /// Tries what satisfies the demand, best first, until `attempt` finds something.
  func firstResult<Result>(_ attempt: (FamilyChoice) -> Result?) -> Result? {
    if let result = attempt(fullChoice) { return result }
    guard case .preferDual(let first) = self else { return nil }
    return attempt(.one(first)) ?? attempt(.one(first.other))
  }
}

/// One value per address family.
struct PerFamily<Value> {
  var ipv4: Value
  var ipv6: Value

  subscript(family: AddressFamily) -> Value {
    get { family == .ipv4 ? ipv4 : ipv6 }
    _modify {
      switch family {
      case .ipv4: yield &ipv4
      case .ipv6: yield &ipv6
      }
    }
  }
}

extension PerFamily: Sendable where Value: Sendable {}
