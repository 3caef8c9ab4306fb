import Testing

@testable import NetworkLab

struct UserMapTests {
  static let machine = UserMap("         0          0 4294967295\n")
  static let rootAlone = UserMap("         0       1000          1\n")

  @Test func `A map says who exists`() {
    #expect(Self.machine.contains(0))
    #expect(Self.machine.contains(65534))
    #expect(Self.rootAlone.contains(0))
    #expect(!Self.rootAlone.contains(1))
    let two = UserMap("0 1000 1\n1 100000 65536\n")
    #expect(two.contains(65534))
    #expect(!two.contains(65537))
    #expect(!UserMap("nonsense").contains(0))
  }

  @Test func `Who does not exist becomes a root that may do nothing`() {
    var sandbox = Sandbox(root: "/x")
    sandbox.user = 65534
    sandbox.group = 65534
    sandbox.supplementalGroups = [0, 7]
    sandbox.capabilities = ["NET_RAW"]
    let same = sandbox.adapted(users: Self.machine, groups: Self.machine, maySetGroups: true)
    #expect(same == sandbox)
    let adapted = sandbox.adapted(
      users: Self.rootAlone, groups: Self.rootAlone, maySetGroups: true)
    #expect(adapted.user == 0)
    #expect(adapted.group == 0)
    #expect(adapted.supplementalGroups == [0])
    #expect(adapted.capabilities == [])
    #expect(adapted.noNewPrivileges)
    let kept = sandbox.adapted(
      users: Self.rootAlone, groups: Self.rootAlone, maySetGroups: false)
    #expect(kept.supplementalGroups == nil)
    #expect(kept.setpriv.contains("--keep-groups"))
  }
}
