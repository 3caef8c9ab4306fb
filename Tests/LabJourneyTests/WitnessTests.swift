import DevelopmentCluster
import KubernetesAPI
import NetworkAddresses
import NetworkLab
import Testing

@testable import LabJourney

/// What the client's tools print, and what is read from it.
struct WitnessTests {
  @Test func `Neighbours are read from what ip prints`() {
    #expect(
      ClientHost.hardwareAddress(inNeighbor: "172.29.0.200 lladdr 02:4c:42:00:01:02 REACHABLE\n")
        == MACAddress("02:4c:42:00:01:02"))
    #expect(ClientHost.hardwareAddress(inNeighbor: "172.29.0.200 FAILED\n") == nil)
    #expect(ClientHost.hardwareAddress(inNeighbor: "") == nil)
  }

  @Test func `Everybody who replies is counted once`() {
    let output = """
      ARPING 172.29.0.200 from 172.29.0.2 eth0
      Unicast reply from 172.29.0.200 [02:4C:42:00:01:02]  0.671ms
      Unicast reply from 172.29.0.200 [02:4C:42:00:01:03]  0.700ms
      Unicast reply from 172.29.0.200 [02:4C:42:00:01:02]  0.671ms
      Sent 2 probes (1 broadcast(s))
      """
    #expect(
      ClientHost.repliers(inArping: output)
        == Set(["02:4c:42:00:01:02", "02:4c:42:00:01:03"].compactMap { MACAddress($0) }))
    #expect(ClientHost.repliers(inArping: "Received 0 response(s)").isEmpty)
  }

  @Test func `An answer says who gave it and to whom`() {
    let answer = EchoAnswer(pod: "echo-1", node: "node-2", client: "172.29.0.2")
    #expect(EchoAnswer("\(answer)\n") == answer)
    #expect(EchoAnswer("something else") == nil)
  }

  /// An ARP packet in a frame.
  static func frame(
    _ time: Int, operation: UInt8, sender: UInt8, target: UInt8
  ) -> CapturedFrame {
    CapturedFrame(
      time: .milliseconds(time),
      bytes: [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, sender, 8, 6]
        + [0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, sender, 172, 29, 0, sender]
        + [0, 0, 0, 0, 0, 0, 172, 29, 0, target])
  }

  @Test func `An exchange runs from the first question to the first answer after it`() {
    let frames = [
      Self.frame(1, operation: 2, sender: 200, target: 200),
      Self.frame(10, operation: 1, sender: 2, target: 200),
      Self.frame(11, operation: 2, sender: 7, target: 2),
      Self.frame(13, operation: 2, sender: 200, target: 2),
    ]
    #expect(ARPExchange(frames, address: "172.29.0.200")?.duration == .milliseconds(3))
    #expect(ARPExchange(Array(frames[..<3]), address: "172.29.0.200") == nil)
  }

  @Test func `Kinds that can be listed are read from discovery`() {
    let document: JSONValue = [
      "groupVersion": "metallb.io/v1beta1",
      "resources": [
        ["name": "metallbs", "kind": "MetalLB", "namespaced": true, "verbs": ["get", "list"]],
        ["name": "metallbs/status", "kind": "MetalLB", "namespaced": true, "verbs": ["get"]],
        ["name": "reviews", "kind": "Review", "namespaced": false, "verbs": ["create"]],
      ],
    ]
    #expect(
      ObjectCensus.kinds(inDiscovery: document) == [
        ResourceKind(group: "metallb.io", version: "v1beta1", kind: "MetalLB", plural: "metallbs")
      ])
    #expect(ObjectCensus.kinds(inDiscovery: ["groupVersion": "v1"]).isEmpty)
  }

  @Test func `Libraries outside of system folders are found in the process's map`() {
    let maps = """
      7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6
      7f02-7f03 r-xp 00000000 08:01 2 /home/me/swift/usr/lib/swift/linux/libswiftCore.so
      7f04-7f05 r-xp 00000000 08:01 3 /home/me/project/.build/debug/metallb
      7f06-7f07 rw-p 00000000 00:00 0 [heap]
      """
    #expect(ProgramImage.libraryFolders(inMaps: maps) == ["/home/me/swift/usr/lib/swift/linux"])
  }

  @Test(arguments: [("0.000642", true), ("0.000000", false), ("", false)])
  func `Whether curl had a connection is read from its times`(text: String, expected: Bool) {
    #expect(ClientHost.hasConnected(curl: text) == expected)
  }

  @Test func `Memory is read from what the kernel says of a process`() {
    let status =
      "Name:\tmetallb\nVmPeak:\t  90000 kB\nVmRSS:\t   41016 kB\nRssAnon:\t    8000 kB\n"
    #expect(ProgramMemory.Amount(inStatus: status) == .init(resident: 42_000_384, own: 8_192_000))
    #expect(ProgramMemory.Amount(inStatus: "Name:\tx\n") == nil)
    let memory = ProgramMemory(
      program: "/speaker",
      processes: [.init(resident: 42_000_384, own: 8_192_000), .init(resident: 43_600_000, own: 0)])
    #expect(memory.text == "/speaker 42 MB (8 MB its own), 44 MB (0 MB its own)")
  }

  @Test func `Every command that an image is asked for is this program`() {
    let catalog = ProgramImage.catalog(files: ["/metallb": "/program"])
    #expect(catalog.image(named: "localhost/metallb:latest")?.entrypoint == ["/metallb"])
    #expect(catalog.image(named: "quay.io/metallb/controller:v0.15")?.entrypoint == ["/controller"])
    #expect(catalog.image(named: "quay.io/metallb/speaker:v0.15")?.links["/speaker"] == "/metallb")
    #expect(catalog.image(named: ProgramImage.echo)?.entrypoint == ["/metallb", "lab-echo"])
    #expect(catalog.image(named: "frr") == nil)
  }
}
