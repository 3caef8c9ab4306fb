import KubernetesAPI
import Testing

@testable import DevelopmentCluster

struct RolloutPlanTests {
  typealias Generation = RolloutPlan.Generation

  /// Plans step after step, with every wanted Pod ready at once, and records the totals.
  static func run(
    desired: Int, _ strategy: RolloutPlan.Strategy, current: Int, old: Int
  ) -> [String] {
    var now = (current: current, old: old)
    var steps = ["\(now.current)+\(now.old)"]
    while steps.count < 20 {
      let plan = RolloutPlan(
        desired: desired, strategy: strategy,
        current: Generation(name: "new", replicas: now.current, available: now.current),
        old: [Generation(name: "old", replicas: now.old, available: now.old)])
      if plan.changes.isEmpty { break }
      now = (plan.changes["new"] ?? now.current, plan.changes["old"] ?? now.old)
      steps.append("\(now.current)+\(now.old)")
    }
    return steps
  }

  @Test func `A new Deployment starts all its Pods`() {
    #expect(
      Self.run(desired: 3, .rollingUpdate(surge: 1, unavailable: 0), current: 0, old: 0)
        == ["0+0", "3+0"])
  }

  @Test func `One replica is replaced without a gap`() {
    #expect(
      Self.run(desired: 1, .rollingUpdate(surge: 1, unavailable: 0), current: 0, old: 1)
        == ["0+1", "1+1", "1+0"])
  }

  @Test func `Without surge a Pod has to go first`() {
    #expect(
      Self.run(desired: 2, .rollingUpdate(surge: 0, unavailable: 1), current: 0, old: 2)
        == ["0+2", "0+1", "1+1", "1+0", "2+0"])
  }

  @Test func `Recreate empties the old generation first`() {
    #expect(Self.run(desired: 2, .recreate, current: 0, old: 2) == ["0+2", "0+0", "2+0"])
  }

  @Test func `Scaling down changes the current generation alone`() {
    #expect(
      Self.run(desired: 1, .rollingUpdate(surge: 1, unavailable: 0), current: 3, old: 0)
        == ["3+0", "1+0"])
  }

  @Test func `Ready old Pods stay while new ones are not ready`() {
    let plan = RolloutPlan(
      desired: 2, strategy: .rollingUpdate(surge: 1, unavailable: 0),
      current: Generation(name: "new", replicas: 1, available: 0),
      old: [Generation(name: "old", replicas: 2, available: 2)])
    #expect(plan.changes.isEmpty)
  }

  @Test func `Unready old Pods go at once`() {
    let plan = RolloutPlan(
      desired: 1, strategy: .rollingUpdate(surge: 1, unavailable: 0),
      current: Generation(name: "new", replicas: 1, available: 0),
      old: [Generation(name: "old", replicas: 1, available: 0)])
    #expect(plan.changes == ["old": 0])
  }

  @Test func `Strategies are read with their defaults`() {
    #expect(RolloutPlan.Strategy(nil, desired: 4) == .rollingUpdate(surge: 1, unavailable: 1))
    #expect(RolloutPlan.Strategy(nil, desired: 1) == .rollingUpdate(surge: 1, unavailable: 0))
    #expect(RolloutPlan.Strategy(["type": "Recreate"], desired: 1) == .recreate)
    #expect(
      RolloutPlan.Strategy(
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 0, "maxUnavailable": "0%"]],
        desired: 3) == .rollingUpdate(surge: 0, unavailable: 1))
  }
}
