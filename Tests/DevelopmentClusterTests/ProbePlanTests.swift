import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct ProbePlanTests {
  static let container: Container = {
    var container = Container(name: "main")
    container.ports = [ContainerPort(name: "web", containerPort: 8080)]
    return container
  }()

  static func plan(_ probe: Probe, address: String = "10.0.0.2") -> ProbePlan? {
    ProbePlan(probe, container: container, address: address)
  }

  @Test func `Defaults are those of the API`() throws {
    var probe = Probe()
    probe.httpGet = .init(path: "/healthz", port: 17472)
    let plan = try #require(Self.plan(probe))
    #expect(plan.check == .http(url: "http://10.0.0.2:17472/healthz"))
    #expect(plan.initialDelay == .zero)
    #expect(plan.period == .seconds(10))
    #expect(plan.timeout == .seconds(1))
    #expect(plan.successThreshold == 1)
    #expect(plan.failureThreshold == 3)
  }

  @Test func `Hosts, schemes and named ports are kept`() {
    var probe = Probe()
    probe.httpGet = .init(path: "x", port: "web", host: "127.0.0.1", scheme: "HTTPS")
    #expect(Self.plan(probe)?.check == .http(url: "https://127.0.0.1:8080/x"))
    probe.httpGet = .init(path: "/", port: "web")
    #expect(Self.plan(probe, address: "fd00::1")?.check == .http(url: "http://[fd00::1]:8080/"))
    probe.httpGet = .init(path: "/", port: "none")
    #expect(Self.plan(probe) == nil)
  }

  @Test func `Connections and commands can be probed`() {
    var probe = Probe()
    #expect(Self.plan(probe) == nil)
    probe.tcpSocket = ["port": "web"]
    #expect(Self.plan(probe)?.check == .tcp(host: "10.0.0.2", port: 8080))
    probe.tcpSocket = nil
    probe.exec = .init(command: ["true"])
    #expect(Self.plan(probe)?.check == .command(["true"]))
  }

  @Test func `Thresholds count results in a row`() throws {
    var probe = Probe()
    probe.exec = .init(command: ["true"])
    probe.failureThreshold = 2
    probe.successThreshold = 2
    let plan = try #require(Self.plan(probe))
    var state = ProbeState(plan, isPassing: false)
    let results = [true, false, true, true, false, false, false]
    let reached = results.map { state.record($0) }
    #expect(reached == [false, false, false, true, false, true, true])
    state = ProbeState(plan, isPassing: false)
    let passing = results.map { result in
      _ = state.record(result)
      return state.isPassing
    }
    #expect(passing == [false, false, false, true, true, false, false])
  }
}
