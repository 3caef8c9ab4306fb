import NetworkAddresses
import Testing

@testable import NetworkLab

struct LabAddressTests {
  @Test func `An address keeps its host bits`() throws {
    let address = try #require(LabAddress("192.0.2.7/24"))
    #expect(address.description == "192.0.2.7/24")
    #expect(address.block?.description == "192.0.2.0/24")
    #expect(LabAddress("2001:db8::1")?.prefixLength == 128)
  }

  @Test(arguments: ["", "192.0.2.7/33", "192.0.2.7/-1", "192.0.2.7/", "x/8"])
  func `What is no address is refused`(_ text: String) {
    #expect(LabAddress(text) == nil)
  }

  @Test func `The hardware address is found in what ip prints`() {
    let line =
      #"2: eth0@if5: <BROADCAST> mtu 1500 state UP \    link/ether 02:00:00:00:00:0a brd ff:ff:ff"#
    #expect(LabNamespace.hardwareAddress(inLink: line) == MACAddress("02:00:00:00:00:0a"))
    #expect(LabNamespace.hardwareAddress(inLink: "link/ether") == nil)
  }
}
