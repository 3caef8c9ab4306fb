import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct EndpointComputationTests {
  @Test func `Selected Pods become endpoints with their node and port`() throws {
    let pods = [
      Fixture.pod("b", on: "n2", ip: "10.0.2.2", ready: false),
      Fixture.pod("a", on: "n1", ip: "10.0.1.2"),
      Fixture.pod("x", labels: ["app": "other"], on: "n1", ip: "10.0.1.3"),
      Fixture.pod("new", on: nil, ip: nil),
    ]
    let slices = EndpointComputation.slices(for: Fixture.service(), pods: pods)
    let slice = try #require(slices.first)
    #expect(slices.count == 1)
    #expect(slice.metadata.name == "web-v4")
    #expect(slice.addressType == "IPv4")
    #expect(slice.metadata.labels[EndpointSlice.serviceNameLabel] == "web")
    #expect(slice.metadata.ownerReferences.first?.uid == "uid-web")
    #expect(slice.ports == [.init(name: "http", port: 8080, protocol: "TCP")])
    #expect(slice.endpoints?.map(\.addresses) == [["10.0.1.2"], ["10.0.2.2"]])
    #expect(slice.endpoints?.map(\.nodeName) == ["n1", "n2"])
    #expect(slice.endpoints?.map(\.conditions?.ready) == [true, false])
    #expect(slice.endpoints?.first?.targetRef?.uid == "uid-a")
  }

  @Test func `A Pod that ends serves and is not ready`() {
    let pods = [Fixture.pod("a", on: "n", ip: "10.0.1.2", terminating: true)]
    let slices = EndpointComputation.slices(for: Fixture.service(), pods: pods)
    #expect(
      slices.first?.endpoints?.first?.conditions
        == .init(ready: false, serving: true, terminating: true))
  }

  @Test func `Unready Pods count as ready where the Service says so`() {
    let pods = [Fixture.pod("a", on: "n", ip: "10.0.1.2", ready: false)]
    let service = Fixture.service { $0.publishNotReadyAddresses = true }
    #expect(
      EndpointComputation.slices(for: service, pods: pods).first?.endpoints?.first?.conditions
        == .init(ready: true, serving: false, terminating: false))
  }

  @Test func `A Service without Pods has an empty slice, one without a selector has none`() {
    #expect(EndpointComputation.slices(for: Fixture.service(), pods: []).first?.endpoints == [])
    let plain = Fixture.service { $0.selector = nil }
    #expect(EndpointComputation.slices(for: plain, pods: []).isEmpty)
  }

  @Test func `Each family has its slice`() {
    var pod = Fixture.pod("a", on: "n", ip: "10.0.1.2")
    pod.status?.podIPs = [.init(ip: "10.0.1.2"), .init(ip: "fd00::2")]
    let service = Fixture.service { $0.ipFamilies = ["IPv6", "IPv4"] }
    let slices = EndpointComputation.slices(for: service, pods: [pod])
    #expect(slices.map(\.addressType) == ["IPv6", "IPv4"])
    #expect(slices.map(\.metadata.name) == ["web-v6", "web-v4"])
    #expect(slices.map { $0.endpoints?.first?.addresses } == [["fd00::2"], ["10.0.1.2"]])
  }

  @Test func `Pods with different named ports are in different slices`() {
    let usual = Fixture.pod("a", on: "n", ip: "10.0.1.2")
    let other = Fixture.pod("b", on: "n", ip: "10.0.1.3") {
      $0.containers?[0].ports = [ContainerPort(name: "http", containerPort: 9090)]
    }
    let slices = EndpointComputation.slices(for: Fixture.service(), pods: [usual, other])
    #expect(slices.map(\.metadata.name) == ["web-v4", "web-v4-1"])
    #expect(slices.map { $0.ports?.first?.port } == [8080, 9090])
  }

  @Test func `Target ports may be numbers, names or the port itself`() {
    let pod = Fixture.pod("a", on: "n", ip: "10.0.1.2")
    let service = Fixture.service(ports: [
      Service.Port(name: "a", port: 80, targetPort: 8081), Service.Port(name: "b", port: 81),
      Service.Port(name: "c", protocol: "UDP", port: 82, targetPort: "dns"),
      Service.Port(name: "d", port: 83, targetPort: "unknown"),
    ])
    let ports = EndpointComputation.slices(for: service, pods: [pod]).first?.ports
    #expect(ports?.map(\.port) == [8081, 81, 53])
    #expect(ports?.map(\.name) == ["a", "b", "c"])
  }
}
