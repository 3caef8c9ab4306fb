import Announcement
import KubernetesAPI
import Layer2
import MetalLBAPI
import NetworkAddresses
import Testing

@Suite struct ServiceL2StatusContentsTests {
  let service = NamespacedName(namespace: "ns", name: "web")

  func contents(_ interfaces: InterfaceSelection) -> ServiceL2Status.Status {
    ServiceL2Status.contents(
      of: Layer2Announcement(
        pool: "gold", addresses: [], terms: AnnouncementTerms(interfaces: interfaces)),
      for: service, node: "node1", usableInterfaces: ["eth0", "eth1", "eth2"])
  }

  @Test func `Names the interfaces that are used, unless all are`() {
    #expect(contents(.all).interfaces == nil)
    #expect(
      contents(.named(["eth2", "eth0", "gone"])).interfaces?.map(\.name) == ["eth0", "eth2"])
    #expect(contents(.all).node == "node1")
    #expect(contents(.all).serviceName == "web")
    #expect(contents(.all).serviceNamespace == "ns")
  }

  @Test func `Finds its way back from labels`() {
    let labels = ServiceL2Status.labels(service: service, node: "node1")
    #expect(
      labels == [
        "metallb.io/node": "node1", "metallb.io/service-name": "web",
        "metallb.io/service-namespace": "ns",
      ])
    let object = ServiceL2Status(metadata: ObjectMeta(name: "l2-abcde", labels: labels))
    #expect(object.service == service)
    #expect(object.node == "node1")
    #expect(ServiceL2Status(metadata: ObjectMeta(name: "l2-x")).service == nil)
  }
}
