import Announcement
import Layer2
import NetworkAddresses
import Testing

@Suite struct LinkKnowledgeTests {
  private let start = ContinuousClock.now
  private let address = IPAddress("203.0.113.7") ?? .v4(.unspecified)

  @Test func `An address is new for ten minutes, or until somebody announced it`() {
    var link = LinkKnowledge()
    #expect(!link.isFresh(address, now: start))
    link.noteGiven([address], now: start)
    #expect(link.isFresh(address, now: start + .seconds(599)))
    #expect(!link.isFresh(address, now: start + .seconds(600)))
    link.noteKnown([address])
    #expect(!link.isFresh(address, now: start))
  }

  @Test func `A node counts as answering for three seconds after it was heard`() {
    var link = LinkKnowledge()
    _ = link.noteWitness("a", of: address, now: start)
    let before = link.witnesses(of: [address], now: start + .milliseconds(2999))
    #expect(before == ["a"])
    let after = link.witnesses(of: [address], now: start + .seconds(3))
    #expect(after.isEmpty)
    // A pause ends what came before.
    _ = link.noteWitness("b", of: address, now: start)
    let heard = link.noteWitness("b", of: address, now: start + .seconds(2))
    #expect(heard.first == start)
    let late = start + .seconds(6)
    let returned = link.noteWitness("b", of: address, now: late)
    #expect(returned.first == late)
  }

  @Test func `A node that is no member any more does not count for what was heard before`() {
    var link = LinkKnowledge()
    for node in ["a", "b"] { _ = link.noteWitness(node, of: address, now: start) }
    link.forgetWitnesses(["a"])
    let left = link.witnesses(of: [address], now: start)
    #expect(left == ["b"])
    _ = link.noteWitness("a", of: address, now: start)
    let heardAgain = link.witnesses(of: [address], now: start)
    #expect(heardAgain == ["a", "b"])
  }

  @Test func `The same host again is no news, another one is`() {
    var link = LinkKnowledge()
    var claim = AddressClaim(
      address: address, hardwareAddress: .broadcast, interface: "eth0", stage: .announcing)
    let news = [0, 599, 1199].map { link.noteConflict(claim, now: start + .seconds($0)) }
    #expect(news == [true, false, true])
    claim.stage = .probing
    let isNews = link.noteConflict(claim, now: start + .seconds(1200))
    #expect(isNews)
    #expect(link.conflict(of: address, now: start + .seconds(1200))?.isAnnounced == false)
    link.endProbing(address)
    #expect(link.conflict(of: address, now: start + .seconds(1200)) == nil)
  }
}
