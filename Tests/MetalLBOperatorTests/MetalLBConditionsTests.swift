import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct MetalLBConditionsTests {
  private static let start = Timestamp(seconds: 1000)
  private static let later = Timestamp(seconds: 2000)

  /// `Available=True/Available …`, without the platform's condition.
  private static func summary(_ conditions: [Condition]) -> String {
    conditions.filter { $0.type != "PlatformSupported" }
      .map { "\($0.type)=\($0.status)/\($0.reason)" }.joined(separator: " ")
  }

  struct Row: CustomTestStringConvertible {
    var testDescription: String
    var conditions: MetalLBConditions
    var summary: String
  }

  @Test(arguments: [
    Row(
      testDescription: "ready", conditions: .init(workloads: .running(.ready)),
      summary: """
        Available=True/Available Upgradeable=True/Upgradeable Progressing=False/Progressing \
        Degraded=False/Degraded
        """),
    Row(
      testDescription: "not ready", conditions: .init(workloads: .running(.waiting("x"))),
      summary: """
        Available=False/Available Upgradeable=False/Upgradeable \
        Progressing=True/MetalLBResourcesNotReady Degraded=False/Degraded
        """),
    Row(
      testDescription: "sync error",
      conditions: .init(
        workloads: .unknown, problem: .init(reason: .failedToSync, message: "x")),
      summary: """
        Available=False/Available Upgradeable=False/Upgradeable Progressing=False/Progressing \
        Degraded=True/FailedToSyncMetalLBResources
        """),
    Row(
      testDescription: "wrong name",
      conditions: .init(
        workloads: .unknown, problem: .init(reason: .incorrectName, message: "x")),
      summary: """
        Available=False/Available Upgradeable=False/Upgradeable Progressing=False/Progressing \
        Degraded=True/IncorrectMetalLBResourceName
        """),
    Row(
      testDescription: "a backend that is missing, layer 2 runs",
      conditions: .init(
        workloads: .running(.ready), problem: .init(reason: .backendUnavailable, message: "x")),
      summary: """
        Available=True/Available Upgradeable=False/Upgradeable Progressing=False/Progressing \
        Degraded=True/BackendUnavailable
        """),
  ])
  func `Says how it is`(row: Row) {
    let conditions = row.conditions.conditions(generation: 3, previous: [], now: Self.start)
    #expect(Self.summary(conditions) == row.summary)
    #expect(conditions.count == 5)
    #expect(conditions.allSatisfy { $0.observedGeneration == 3 })
    #expect(conditions.allSatisfy { $0.lastTransitionTime == Self.start })
  }

  @Test func `A transition time changes with its status only`() {
    let before = MetalLBConditions(workloads: .running(.waiting("x")))
      .conditions(generation: 1, previous: [], now: Self.start)
    let still = MetalLBConditions(workloads: .running(.waiting("y")))
      .conditions(generation: 1, previous: before, now: Self.later)
    #expect(still.allSatisfy { $0.lastTransitionTime == Self.start })
    #expect(still != before)
    let after = MetalLBConditions(workloads: .running(.ready))
      .conditions(generation: 1, previous: still, now: Self.later)
    let changed = after.filter { $0.lastTransitionTime == Self.later }.map(\.type)
    #expect(changed == ["Available", "Upgradeable", "Progressing"])
  }

  @Test func `The same state again is the same value`() {
    let state = MetalLBConditions(workloads: .running(.ready))
    let first = state.conditions(generation: 1, previous: [], now: Self.start)
    #expect(state.conditions(generation: 1, previous: first, now: Self.later) == first)
  }

  @Test func `A platform that is too old is said and blocks nothing`() throws {
    let version = try #require(KubernetesVersion(["major": "1", "minor": "25+"]))
    let conditions = MetalLBConditions(
      workloads: .running(.ready), platform: PlatformVerdict(PlatformFacts(version: version))
    ).conditions(generation: 1, previous: [], now: Self.start)
    #expect(conditions[0].status == "True")
    let platform = try #require(conditions.last)
    #expect(platform.type == "PlatformSupported")
    #expect(platform.status == "False")
    #expect(platform.reason == "KubernetesVersionUnsupported")
    #expect(platform.message.contains("Kubernetes 1.25 is older than 1.26"))
    #expect(KubernetesVersion(["major": "1"]) == nil)
  }

  @Test func `Reasons fit the schema`() throws {
    let pattern = try Regex("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    for reason in MetalLBReason.allCases.map(\.rawValue)
      + AddressPoolReason.allCases.map(\.rawValue)
    {
      #expect(try pattern.wholeMatch(in: reason) != nil)
    }
  }

  @Test func `Messages fit the schema`() {
    let message = String(repeating: "ü", count: 40000)
    let conditions = MetalLBConditions(
      workloads: .unknown, problem: .init(reason: .failedToSync, message: message)
    ).conditions(generation: nil, previous: [], now: Self.start)
    #expect(conditions.allSatisfy { $0.message.count <= 32768 })
  }
}
