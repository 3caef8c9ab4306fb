import NetworkAddresses
import NetworkLab
import Testing

@testable import DevelopmentCluster

struct ClusterTopologyTests {
  @Test func `Every party has its own address on the local network`() throws {
    let topology = try #require(ClusterTopology(number: 3, nodes: 3))
    #expect(topology.network.description == "172.29.3.0/24")
    #expect(topology.machine.description == "172.29.3.1/24")
    #expect(topology.client.description == "172.29.3.2/24")
    #expect(topology.nodes.map(\.name) == ["node-1", "node-2", "node-3"])
    #expect(topology.nodes.map(\.address.description).last == "172.29.3.13/24")
    #expect(topology.nodes[1].pods.description == "10.183.2.0/24")
    #expect(topology.nodes[1].podGateway.description == "10.183.2.1")
    #expect(topology.loadBalancers.description == "172.29.3.200-172.29.3.239")
  }

  @Test(arguments: [(-1, 3), (64, 3), (0, 0), (0, 51)])
  func `Impossible sizes are refused`(_ number: Int, _ nodes: Int) {
    #expect(ClusterTopology(number: number, nodes: nodes) == nil)
  }

  @Test func `Networks in use are passed over`() throws {
    let used = ["172.29.0.0/24", "10.181.7.0/24"].compactMap { CIDRBlock($0) }
    let candidates = ClusterTopology.candidates(nodes: 1, avoiding: used)
    #expect(candidates.count == 62)
    #expect(candidates.first?.network.description == "172.29.2.0/24")
    let all = try #require(CIDRBlock("172.16.0.0/12"))
    #expect(ClusterTopology.candidates(nodes: 1, avoiding: [all]).isEmpty)
  }

  @Test func `Destinations are read from routes of every type`() {
    let routes = """
      default via 10.0.0.1 dev eth0
      10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
      local 127.0.0.0/8 dev lo table local proto kernel scope host
      broadcast 10.0.0.255 dev eth0 table local
      """
    #expect(
      ClusterTopology.destinations(inRoutes: routes).map(\.description)
        == ["10.0.0.0/24", "127.0.0.0/8", "10.0.0.255/32"])
  }

  @Test func `Pods get the lowest free address of their node`() throws {
    let node = try #require(ClusterTopology(number: 0, nodes: 1)?.nodes.first)
    #expect(node.freePodAddress(used: [])?.description == "10.180.1.2")
    let used = Set(["10.180.1.2", "10.180.1.3"].compactMap { IPAddress($0) })
    #expect(node.freePodAddress(used: used)?.description == "10.180.1.4")
    let all = Set((2...254).compactMap { IPAddress("10.180.1.\($0)") })
    #expect(node.freePodAddress(used: all) == nil)
  }
}
