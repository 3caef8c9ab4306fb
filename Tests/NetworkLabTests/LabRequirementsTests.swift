import Testing

@testable import NetworkLab

struct LabRequirementsTests {
  @Test func `A process with all capabilities lacks none`() {
    let status = "Name:\tx\nCapEff:\t000001ffffffffff\nCapBnd:\t0\n"
    #expect(LabRequirements.missingCapabilities(inStatus: status).isEmpty)
  }

  @Test func `Missing capabilities are named`() {
    #expect(
      LabRequirements.missingCapabilities(inStatus: "CapEff:\t0000000000001000\n")
        == ["CAP_SYS_ADMIN"])
    #expect(
      LabRequirements.missingCapabilities(inStatus: "Name:\tx\n")
        == ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"])
  }

  @Test func `The refusal says what to do`() {
    #expect(
      LabError.notPrivileged(missing: ["CAP_SYS_ADMIN"]).description
        == "a lab makes network namespaces, which takes CAP_SYS_ADMIN: run it as root, or in a "
        + "user namespace whose /run you may write")
    #expect(
      LabError.missingTools([
        RequiredTool(name: "ip", package: "iproute2"),
        RequiredTool(name: "nft", package: "nftables"),
      ]).description == "missing ip, nft: install iproute2 nftables with apt-get")
  }

  @Test func `Tools are looked for as executable files`() {
    let sh = RequiredTool(name: "sh", package: "dash")
    let absent = RequiredTool(name: "no-such-program", package: "none")
    #expect(LabRequirements.missingTools([sh, absent], path: ["/none", "/bin"]) == [absent])
  }
}
