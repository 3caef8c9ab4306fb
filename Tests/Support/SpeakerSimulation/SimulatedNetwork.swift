/// What is wrong with the networks between the nodes. Gossip and the API have paths of their own, apart from the link on which
/// addresses are announced.
package struct SimulatedNetwork: Sendable {
  package struct Pair: Hashable, Sendable {
    var from: Int
    var to: Int
  }

  package var delay: ClosedRange<Duration> = .microseconds(100)...(.milliseconds(1))
  /// The share of datagrams and frames that get lost.
  package var loss = 0.0
  /// Pairs between which no gossip passes, in this direction.
  package var cutGossip: Set<Pair> = []
  /// Nodes whose port of the switch is down.
  package var downLinks: Set<Int> = []
  /// Nodes that do not hear from the API server.
  package var cutAPI: Set<Int> = []

  /// Cuts two groups off from each other's gossip.
  package mutating func part(_ left: Set<Int>, from right: Set<Int>) {
    for one in left {
      for other in right where one != other {
        cutGossip.insert(Pair(from: one, to: other))
        cutGossip.insert(Pair(from: other, to: one))
      }
    }
  }

  /// Lets a node speak and not hear.
  package mutating func cutGossip(to node: Int) {
    for other in 0..<64 where other != node { cutGossip.insert(Pair(from: other, to: node)) }
  }

  package mutating func heal() { self = SimulatedNetwork() }
}
