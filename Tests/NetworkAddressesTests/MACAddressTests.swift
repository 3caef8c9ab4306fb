import NetworkAddresses
import Testing

@Suite struct MACAddressTests {
  @Test func `Reads and writes colon notation`() throws {
    let address = try #require(MACAddress("02:00:5E:10:00:0f"))
    #expect(address.bytes == [0x02, 0x00, 0x5e, 0x10, 0x00, 0x0f])
    #expect(address.description == "02:00:5e:10:00:0f")
    #expect(MACAddress(bytes: address.bytes) == address)
    #expect(!address.isGroup)
    #expect(MACAddress.broadcast.description == "ff:ff:ff:ff:ff:ff")
    #expect(MACAddress.broadcast.isGroup)
    #expect(MACAddress("33:33:ff:00:00:01")?.isGroup == true)
  }

  @Test(arguments: [
    "", "02:00:5e:10:00", "02:00:5e:10:00:0f:01", "2:0:5e:10:0:f", "02-00-5e-10-00-0f",
    "02:00:5e:10:00:0g",
    "0200.5e10.000f", ":00:5e:10:00:0f", "02:00:5e:10:00:0f:",
  ])
  func `Refuses everything else`(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test(arguments: [0, 5, 7]) func `Takes six octets only`(count: Int) {
    #expect(MACAddress(bytes: Array(repeating: 1, count: count)) == nil)
  }

  @Test func `Takes numbers of 48 bits`() {
    #expect(MACAddress(number: 0x0200_5e10_000f)?.description == "02:00:5e:10:00:0f")
    #expect(MACAddress(number: 0xffff_ffff_ffff) == .broadcast)
    #expect(MACAddress(number: 1 << 48) == nil)
  }
}
