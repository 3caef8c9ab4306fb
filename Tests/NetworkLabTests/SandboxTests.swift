import Testing

@testable import NetworkLab

struct SandboxTests {
  @Test func `A container without capabilities drops all of them`() {
    var sandbox = Sandbox(root: "/x")
    sandbox.capabilities = []
    sandbox.user = 65534
    sandbox.group = 65534
    sandbox.noNewPrivileges = true
    #expect(
      sandbox.setpriv == [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
        "--inh-caps=-all", "--no-new-privs",
      ])
  }

  @Test func `Added capabilities and groups are passed on`() {
    var sandbox = Sandbox(root: "/x")
    sandbox.capabilities = ["NET_RAW", "NET_ADMIN"]
    sandbox.supplementalGroups = [7, 8]
    #expect(
      sandbox.setpriv == [
        "setpriv", "--reuid=0", "--regid=0", "--groups=7,8",
        "--bounding-set=-all,+net_raw,+net_admin", "--inh-caps=-all",
      ])
  }

  @Test func `A privileged container keeps what the machine gives`() {
    #expect(
      Sandbox(root: "/x").setpriv == ["setpriv", "--reuid=0", "--regid=0", "--clear-groups"])
  }

  @Test(arguments: [("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("", "''"), ("$x", "'$x'")])
  func `Words are quoted for the shell`(_ text: String, _ quoted: String) {
    #expect(Sandbox.quoted(text) == quoted)
  }
}
