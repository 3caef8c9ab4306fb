import Membership
import Testing

@testable import MetalLBSpeaker

@Suite struct GossipKeyringTests {
  private let start = ContinuousClock.now
  private let a = GossipKey(secret: Array("a".utf8))
  private let b = GossipKey(secret: Array("b".utf8))
  private let c = GossipKey(secret: Array("c".utf8))

  private func after(_ seconds: Int) -> ContinuousClock.Instant {
    start.advanced(by: .seconds(seconds))
  }

  @Test func `A key out of the blue is understood at once and used once all may have it`() {
    var keyring = GossipKeyring([a])
    keyring.update([b], now: start)
    #expect(keyring.keys == [a, b])
    keyring.update([b], now: after(119))
    #expect(keyring.keys == [a, b])
    keyring.update([b], now: after(120))
    #expect(keyring.keys == [b, a])
    keyring.update([b], now: after(299))
    #expect(keyring.keys == [b, a])
    keyring.update([b], now: after(300))
    #expect(keyring.keys == [b])
  }

  /// Two nodes that read a new key at different times understand each other at every moment between.
  @Test(arguments: [10, 60, 110]) func `Nodes that are late are understood and understand`(
    late: Int
  ) {
    var (early, other) = (GossipKeyring([a]), GossipKeyring([a]))
    for second in stride(from: 0, through: 600, by: 10) {
      early.update([b], now: after(second))
      other.update(second < late ? [a] : [b], now: after(second))
      #expect(early.keys.contains(other.keys[0]), "\(second) s")
      #expect(other.keys.contains(early.keys[0]), "\(second) s")
    }
    #expect(early.keys == [b])
    #expect(other.keys == [b])
  }

  @Test func `A key that waited as a further one is used at once`() {
    var keyring = GossipKeyring([a])
    keyring.update([a, b], now: start)
    #expect(keyring.keys == [a, b])
    keyring.update([b, a], now: after(200))
    #expect(keyring.keys == [b, a])
    keyring.update([b], now: after(400))
    #expect(keyring.keys == [b, a])
    keyring.update([b], now: after(700))
    #expect(keyring.keys == [b])
  }

  @Test func `What is taken back before it was used changes nothing`() {
    var keyring = GossipKeyring([a])
    keyring.update([b], now: start)
    keyring.update([a], now: after(60))
    #expect(keyring.keys == [a, b])
    keyring.update([a], now: after(130))
    #expect(keyring.keys == [a, b])
    keyring.update([a], now: after(360))
    #expect(keyring.keys == [a])
  }

  @Test func `The last of several changes counts`() {
    var keyring = GossipKeyring([a])
    keyring.update([b], now: start)
    keyring.update([c], now: after(60))
    #expect(keyring.keys == [a, c, b])
    keyring.update([c], now: after(180))
    #expect(keyring.keys == [c, a, b])
    keyring.update([c], now: after(360))
    #expect(keyring.keys == [c])
  }
}
