import Layer2
import NetworkAddresses
import Testing

@Suite struct InterfaceRulesTests {
  @Test(arguments: [
    ("docker0", true), ("veth12ab", true), ("lo", true), ("lo0", false), ("cali123", true),
    ("kube-ipvs0", true), ("nodelocaldns", true), ("lxcbr0", true), ("lxc_health", true),
    ("eth0", false), ("bond0.100", false), ("br-lan", false), ("eno1docker", false),
  ])
  func `The default patterns leave the node's own interfaces`(name: String, isExcluded: Bool)
    throws
  {
    #expect(try InterfaceExclusion().excludes(name) == isExcluded)
  }

  @Test func `A pattern is found anywhere unless anchored, and any of them counts`() throws {
    let exclusion = try InterfaceExclusion(["wan", "^eth[0-3]$"])
    #expect(exclusion.excludes("mywan0"))
    #expect(exclusion.excludes("eth2"))
    #expect(!exclusion.excludes("eth4"))
    #expect(!exclusion.excludes("eth22"))
    #expect(try !InterfaceExclusion([]).excludes("lo"))
  }

  @Test func `A pattern that does not compile is named`() {
    do throws(InterfaceExclusion.InvalidPattern) {
      _ = try InterfaceExclusion(["^eth.*", "a(b"])
      Issue.record("compiled")
    } catch {
      #expect(error.pattern == "a(b")
      #expect(error.description.hasPrefix("invalid regular expression \"a(b\""))
    }
  }

  @Test func `Selections contain names and add up`() {
    let some = InterfaceSelection.named(["eth0"])
    #expect(some.contains("eth0"))
    #expect(!some.contains("eth1"))
    #expect(InterfaceSelection.all.contains("eth1"))
    #expect(some.union(.named(["eth1"])) == .named(["eth0", "eth1"]))
    #expect(some.union(.all) == .all)
    #expect(InterfaceSelection.all.union(some) == .all)
    #expect(InterfaceSelection.named([]).union(some) == some)
  }

  private static let usable = LinkFacts(
    index: 2, name: "eth0", hardwareAddress: mac(1), isUp: true, hasCarrier: true,
    hasMaster: false, hasAddressResolution: true, canBroadcast: true, linkLocalAddress: nil)

  struct Rule: CustomTestStringConvertible {
    var testDescription: String
    var reason: UnusableInterface
    var change: @Sendable (inout LinkFacts) -> Void
  }

  @Test(arguments: [
    Rule(testDescription: "down", reason: .isDown) { $0.isUp = false },
    Rule(testDescription: "bridge port", reason: .hasMaster) { $0.hasMaster = true },
    Rule(testDescription: "NOARP", reason: .hasNoAddressResolution) {
      $0.hasAddressResolution = false
    },
    Rule(testDescription: "no MAC", reason: .hasNoHardwareAddress) { $0.hardwareAddress = nil },
    Rule(testDescription: "zero MAC", reason: .hasNoHardwareAddress) { $0.hardwareAddress = .zero },
    Rule(testDescription: "no family", reason: .answersNoFamily) { $0.canBroadcast = false },
  ])
  func `An interface that cannot be used says why`(rule: Rule) {
    var facts = Self.usable
    rule.change(&facts)
    #expect(throws: rule.reason) { try facts.responderInterface() }
  }

  @Test func `ARP needs broadcast, neighbour discovery a link-local address`() throws {
    var facts = Self.usable
    #expect(try facts.responderInterface().answers(.ipv4))
    #expect(try !facts.responderInterface().answers(.ipv6))
    facts.linkLocalAddress = try ipv6("fe80::1")
    #expect(try facts.responderInterface().answers(.ipv6))
    facts.canBroadcast = false
    #expect(try !facts.responderInterface().answers(.ipv4))
    facts.hasCarrier = false
    #expect(try !facts.responderInterface().hasCarrier)
  }
}
