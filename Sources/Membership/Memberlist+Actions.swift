/// Names a TCP connection between the core and its shell.
package struct StreamID: Hashable, Sendable {
  let number: UInt64
}

extension Memberlist {
  /// What the shell has to do, in order.
  package enum Action: Hashable, Sendable {
    /// Send a datagram. It may get lost.
    case send([UInt8], to: MemberAddress)
    /// Connect, and send bytes once connected. Every failure, and the end, is told with ``streamClosed(_:now:using:)``.
    case openStream(StreamID, to: MemberAddress, sending: [UInt8])
    /// Send bytes, then close.
    case finishStream(StreamID, sending: [UInt8])
    /// Close at once. Closing that was asked for need not be told.
    case closeStream(StreamID)
    /// Call ``timerFired(_:now:using:)`` after a time; an older setting of the same timer is void.
    case setTimer(Timer, after: Duration)
    case cancelTimer(Timer)
    case report(Event)
  }

  package enum Timer: Hashable, Sendable {
    case probe
    case probeTimeout
    case probeEnd
    case relay(UInt32)
    case suspicion(String)
    case gossip
    case pushPull
    case rejoin
    case leave
    case stream(StreamID)
  }

  /// What happened, for those who use the membership and for the log.
  package enum Event: Hashable, Sendable {
    /// A member is there, new or again.
    case joined(Member)
    /// A member changed its metadata.
    case updated(Member)
    /// A member is gone; its state says whether it died or left.
    case left(Member)
    /// A member did not answer somebody. It may still object.
    case suspected(Member, by: String)
    /// Somebody claims the name of a member at another address.
    case conflict(Member, claimed: MemberAddress)
    /// Somebody thought us suspect or dead, or knew an older self of ours, and we objected.
    case refuted(incarnation: UInt32)
    /// A member answers over TCP and not over UDP.
    case answersOnlyStreams(Member)
    /// This process stood still for so long.
    case paused(Duration)
    /// A peer exchanged tables with us.
    case peerJoined(MemberAddress)
    case peerFailed(MemberAddress, StreamFailure)
    case ignored(IgnoredReason, from: MemberAddress?)
    /// Enough others know that we leave.
    case hasLeft
  }

  package enum StreamFailure: Error, Hashable, Sendable {
    /// Refused, reset, or ended before the answer.
    case closed
    case timedOut
    /// The peer says why it does not want us.
    case refused(String)
    case unreadable(WireError)
    /// The peer answered with something else than asked for.
    case unexpectedMessage
    /// This member uses protocol versions that others do not understand.
    case incompatible(member: String, ProtocolVersions)
  }

  /// Why something from others had no effect.
  package enum IgnoredReason: Hashable, Sendable {
    case unreadable(WireError)
    /// A ping for another member at our address; its sender knows old names.
    case notForUs(String)
    case impossibleVersions(String)
    /// The table is full.
    case tooManyMembers
    /// Others open more streams, or ask for more relayed pings, than we take.
    case tooBusy
    case userMessage
  }
}
