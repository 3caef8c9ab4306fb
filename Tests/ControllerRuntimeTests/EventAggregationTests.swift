import KubernetesAPI
import Testing

@testable import ControllerRuntime

@Suite struct EventAggregationTests {
  private let start = ContinuousClock.now
  private let wall = Timestamp(seconds: 1_800_000_000)

  private func facts(
    _ message: String = "hello", object: String = "svc", namespace: String? = "ns",
    version: String? = nil, type: EventType = .normal, reason: String = "Greeted"
  ) -> EventFacts {
    EventFacts(
      object: ObjectReference(
        apiVersion: "v1", kind: "Service", namespace: namespace, name: object, uid: "u-\(object)",
        resourceVersion: version), type: type, reason: reason, message: message)
  }

  private func created(_ decision: EventAggregation.Decision) -> Event? {
    if case .create(let event) = decision { event } else { nil }
  }

  @Test func `a first event is whole`() {
    var aggregation = EventAggregation(component: "metallb-controller", host: "node1")
    let event = created(aggregation.decide(facts(type: .warning), now: start, wall: wall))
    #expect(event?.metadata.namespace == "ns")
    #expect(event?.metadata.name.hasPrefix("svc.") == true)
    #expect(event?.involvedObject.name == "svc")
    #expect(event?.involvedObject.uid == "u-svc")
    #expect(event?.type == "Warning")
    #expect(event?.reason == "Greeted")
    #expect(event?.message == "hello")
    #expect(event?.source == Event.Source(component: "metallb-controller", host: "node1"))
    #expect(event?.reportingComponent == "metallb-controller")
    #expect(event?.count == 1)
    #expect(event?.firstTimestamp == wall)
    #expect(event?.lastTimestamp == wall)
  }

  @Test func `the same again counts up, anything else is another event`() {
    var aggregation = EventAggregation(component: "c", host: nil)
    let name = created(aggregation.decide(facts(), now: start, wall: wall))?.metadata.name ?? ""
    let later = wall.advanced(by: .seconds(3))
    #expect(
      aggregation.decide(facts(version: "8"), now: start, wall: later)
        == .count(facts(), namespace: "ns", name: name, count: 2, last: later))
    #expect(
      aggregation.decide(facts(version: "9"), now: start, wall: later)
        == .count(facts(), namespace: "ns", name: name, count: 3, last: later))
    var names: Set<String> = [name]
    for other in [
      facts("other"), facts(object: "svc2"), facts(type: .warning), facts(reason: "Left"),
    ] {
      let event = created(aggregation.decide(other, now: start, wall: wall))
      #expect(event?.count == 1)
      names.insert(event?.metadata.name ?? "")
    }
    #expect(names.count == 5)
  }

  @Test func `after ten minutes a new event begins`() {
    var aggregation = EventAggregation(component: "c", host: nil)
    _ = aggregation.decide(facts(), now: start, wall: wall)
    let late = start.advanced(by: .seconds(600))
    #expect(created(aggregation.decide(facts(), now: late, wall: wall)) != nil)
  }

  @Test func `one object has a budget of its own`() {
    var aggregation = EventAggregation(component: "c", host: nil)
    for index in 0..<25 {
      #expect(aggregation.decide(facts("\(index)"), now: start, wall: wall) != .drop)
    }
    #expect(aggregation.decide(facts("one more"), now: start, wall: wall) == .drop)
    #expect(aggregation.decide(facts("0"), now: start, wall: wall) == .drop)
    #expect(aggregation.decide(facts(object: "b"), now: start, wall: wall) != .drop)
    let later = start.advanced(by: .seconds(300))
    #expect(aggregation.decide(facts("one more"), now: later, wall: wall) != .drop)
    #expect(aggregation.decide(facts("and more"), now: later, wall: wall) == .drop)
  }

  @Test func `memory is bounded`() {
    var aggregation = EventAggregation(component: "c", host: nil)
    for index in 0..<(EventAggregation.capacity * 2 + 10) {
      _ = aggregation.decide(facts(object: "o\(index)"), now: start, wall: wall)
    }
    let mirror = Mirror(reflecting: aggregation)
    for child in mirror.children where child.label == "known" || child.label == "budgets" {
      #expect(Mirror(reflecting: child.value).children.count <= EventAggregation.capacity)
    }
  }

  @Test func `events of cluster-scoped objects go to default, long names are cut`() {
    var aggregation = EventAggregation(component: "c", host: nil)
    let name = String(repeating: "x", count: 253)
    let event = created(
      aggregation.decide(facts(object: name, namespace: nil), now: start, wall: wall))
    #expect(event?.metadata.namespace == "default")
    #expect(event?.metadata.name.count == 253)
  }
}
