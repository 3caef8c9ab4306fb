import IPAllocation
import Testing

@Suite struct ServiceSelectorTests {
  @Test(
    arguments: [
      ([], [:], true),
      ([.isIn(key: "a", values: ["1", "2"])], ["a": "2"], true),
      ([.isIn(key: "a", values: ["1", "2"])], ["a": "3"], false),
      ([.isIn(key: "a", values: ["1"])], [:], false),
      ([.isNotIn(key: "a", values: ["1"])], ["a": "2"], true),
      ([.isNotIn(key: "a", values: ["1"])], ["a": "1"], false),
      ([.isNotIn(key: "a", values: ["1"])], [:], true),
      ([.exists(key: "a")], ["a": ""], true),
      ([.exists(key: "a")], [:], false),
      ([.doesNotExist(key: "a")], [:], true),
      ([.doesNotExist(key: "a")], ["a": ""], false),
      ([.exists(key: "a"), .exists(key: "b")], ["a": ""], false),
    ] as [([ServiceSelector.Requirement], [String: String], Bool)])
  func `Matches labels as Kubernetes does`(
    requirements: [ServiceSelector.Requirement], labels: [String: String], expected: Bool
  ) {
    #expect(ServiceSelector(requirements).matches(labels) == expected)
  }
}
