/// How much of other people's bytes we take in.
package enum Limits {
  /// Metadata of a member; peers keep to the same limit.
  package static let metadata = 512
  /// Names of members; Kubernetes node names have at most 253 bytes.
  static let nodeName = 512
  /// A stream message, encrypted, compressed or expanded: the table of some 6,000 members with full metadata.
  static let streamMessage = 4 << 20
  /// One row of a table, or a small stream message.
  static let row = 8 << 10
  /// What one datagram may expand to, all of its compressed parts together; peers pack 1,400 bytes.
  static let expandedDatagram = 256 << 10
  /// Compressed and compound messages inside each other; peers send at most one of each.
  static let datagramNesting = 4
  /// Streams that others opened and that are not done yet.
  static let inboundStreams = 64
  /// Peers that we try to join at the same time; the others have their turn after them.
  static let joins = 16
  /// Pings that we relay at the same time.
  static let relays = 1024
  /// How many members a leaving one tells itself; the others hear it from them.
  static let directGoodbyes = 32
  /// How long leaving takes at most.
  static let goodbyeTimeout = Duration.seconds(1)
  /// Rows of our table. Whoever is not in it when it is full does not get in.
  static let members = 10_000
}
