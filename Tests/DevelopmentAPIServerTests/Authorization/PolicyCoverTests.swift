import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct PolicyCoverTests {
  let held: [JSONValue] = [
    ["apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create"]],
    [
      "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"],
      "verbs": ["update", "delete"],
    ], ["apiGroups": ["apps"], "resources": ["deployments/scale", "*/status"], "verbs": ["*"]],
    ["nonResourceURLs": ["/logs/*"], "verbs": ["get"]],
  ]

  func missing(_ rules: JSONValue...) -> [String] { PolicyCover.missing(rules, held: held) }

  @Test func `Rights within one's own are covered`() {
    #expect(missing(["apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]]).isEmpty)
    #expect(
      missing([
        "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"],
        "verbs": ["delete", "get"],
      ]).isEmpty)
    #expect(
      missing(["apiGroups": ["apps"], "resources": ["daemonsets/status"], "verbs": ["patch"]])
        .isEmpty)
    #expect(missing(["nonResourceURLs": ["/logs/x"], "verbs": ["get"]]).isEmpty)
  }

  @Test func `What is missing is named by group and resource`() {
    #expect(
      missing(
        [
          "apiGroups": ["", "apps"], "resources": ["secrets", "deployments"],
          "verbs": ["get", "list"],
        ],
        [
          "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["x"],
          "verbs": ["delete", "get"],
        ]) == [
          #"{APIGroups:[""], Resources:["configmaps"], ResourceNames:["x"], Verbs:["delete"]}"#,
          #"{APIGroups:[""], Resources:["deployments"], Verbs:["get" "list"]}"#,
          #"{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}"#,
          #"{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}"#,
          #"{APIGroups:["apps"], Resources:["secrets"], Verbs:["get" "list"]}"#,
        ])
  }

  @Test func `A right by name does not cover all names, nor verbs a wildcard`() {
    #expect(
      missing(["apiGroups": [""], "resources": ["configmaps"], "verbs": ["delete"]]) == [
        #"{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}"#
      ])
    #expect(
      missing(
        ["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]],
        ["nonResourceURLs": ["*"], "verbs": ["*"]])
        == [
          #"{APIGroups:["*"], Resources:["*"], Verbs:["*"]}"#,
          #"{NonResourceURLs:["*"], Verbs:["*"]}"#,
        ])
  }
}
