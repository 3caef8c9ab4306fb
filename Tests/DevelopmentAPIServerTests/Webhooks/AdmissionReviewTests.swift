import FoundationEssentials
import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct AdmissionReviewTests {
  // MARK: Rules

  struct RuleCase: Sendable, CustomTestStringConvertible {
    var rule: AdmissionWebhook.Rule
    var operation = "CREATE"
    var group = ""
    var plural = "pods"
    var subresource = ""
    var isNamespaced = true
    var matches: Bool
    var testDescription: String {
      "\(rule.resources) \(rule.scope): \(operation) \(group)/\(plural)/\(subresource)"
    }
  }

  private static func rule(
    _ resources: [String], scope: String = "*", operations: [String] = ["*"],
    groups: [String] = ["*"]
  ) -> AdmissionWebhook.Rule {
    AdmissionWebhook.Rule(
      operations: operations, groups: groups, versions: ["v1"], resources: resources, scope: scope)
  }

  @Test(arguments: [
    RuleCase(rule: rule(["pods"]), matches: true),
    RuleCase(rule: rule(["pods"]), subresource: "status", matches: false),
    RuleCase(rule: rule(["pods/status"]), subresource: "status", matches: true),
    RuleCase(rule: rule(["pods/status"]), matches: false),
    // `pods/*` means the Pods too.
    RuleCase(rule: rule(["pods/*"]), matches: true),
    RuleCase(rule: rule(["pods/*"]), subresource: "eviction", matches: true),
    RuleCase(rule: rule(["*"]), matches: true),
    RuleCase(rule: rule(["*"]), subresource: "status", matches: false),
    RuleCase(rule: rule(["*/*"]), subresource: "status", matches: true),
    RuleCase(rule: rule(["*/scale"]), plural: "deployments", subresource: "scale", matches: true),
    RuleCase(rule: rule(["pods"], operations: ["UPDATE"]), matches: false),
    RuleCase(rule: rule(["pods"], groups: ["apps"]), matches: false),
    RuleCase(rule: rule(["pods"], scope: "Namespaced"), matches: true),
    RuleCase(rule: rule(["pods"], scope: "Cluster"), matches: false),
    RuleCase(
      rule: rule(["nodes"], scope: "Cluster"), plural: "nodes", isNamespaced: false, matches: true),
    RuleCase(
      rule: rule(["namespaces"], scope: "Namespaced"), plural: "namespaces", isNamespaced: false,
      matches: false),
  ])
  func `A rule matches operation, group, version, resource and scope`(_ row: RuleCase) {
    let kind = ResourceKind(
      group: row.group, version: "v1", kind: "K", plural: row.plural,
      isNamespaced: row.isNamespaced)
    #expect(
      row.rule.matches(row.operation, ResourceDefinition(kind), row.subresource) == row.matches)
  }

  // MARK: Answers

  struct AnswerCase: Sendable, CustomTestStringConvertible {
    var what: String
    var version = "v1"
    var purpose = AdmissionWebhook.Purpose.mutating
    var answer: JSONValue
    var failure: String
    var testDescription: String { what }
  }

  private static func answer(_ response: JSONValue, version: String = "v1") -> JSONValue {
    [
      "apiVersion": .string("admission.k8s.io/\(version)"), "kind": "AdmissionReview",
      "response": response,
    ]
  }

  private static let patch = JSONValue.string(
    Data(#"[{"op":"remove","path":"/a"}]"#.utf8).base64EncodedString())

  @Test(arguments: [
    AnswerCase(
      what: "another version", answer: answer(["uid": "u", "allowed": true], version: "v1beta1"),
      failure: "failed to call webhook: converting (v1beta1.AdmissionReview) to "
        + "(v1.AdmissionReview): unknown conversion"),
    AnswerCase(
      what: "no response", answer: answer(.null),
      failure: "received invalid webhook response: webhook response was absent"),
    AnswerCase(
      what: "another UID", answer: answer(["uid": "v", "allowed": true]),
      failure: "received invalid webhook response: expected response.uid=\"u\", got \"v\""),
    AnswerCase(
      what: "a patch of no type", answer: answer(["uid": "u", "allowed": true, "patch": patch]),
      failure: "received invalid webhook response: webhook returned response.patch but not "
        + "response.patchType"),
    AnswerCase(
      what: "a type and no patch",
      answer: answer(["uid": "u", "allowed": true, "patchType": "JSONPatch"]),
      failure: "received invalid webhook response: webhook returned response.patchType but not "
        + "response.patch"),
    AnswerCase(
      what: "an unknown type",
      answer: answer(["uid": "u", "allowed": true, "patch": patch, "patchType": "Merge"]),
      failure: "unsupported patch type \"Merge\""),
    AnswerCase(
      what: "a type from a validating webhook", purpose: .validating,
      answer: answer(["uid": "u", "allowed": true, "patchType": "JSONPatch"]),
      failure: "received invalid webhook response: validating webhook may not return "
        + "response.patchType"),
  ])
  func `An answer that is no answer fails the call`(_ row: AnswerCase) {
    #expect(throws: WebhookFailure(row.failure)) {
      _ = try AdmissionReview.verdict(
        row.answer, version: row.version, uid: "u", purpose: row.purpose)
    }
  }

  @Test func `The old version needs neither UID nor patch type`() throws {
    let verdict = try AdmissionReview.verdict(
      Self.answer(["allowed": true, "patch": Self.patch], version: "v1beta1"), version: "v1beta1",
      uid: "u", purpose: .mutating)
    #expect(verdict.patch == [["op": "remove", "path": "/a"]])
  }

  @Test(arguments: [
    (0, 400), (-5, 400), (200, 400), (399, 400), (403, 403), (599, 599), (1000, 599),
  ])
  func `A refusal is told with a code of failures`(_ given: Int64, _ code: Int) {
    let verdict = AdmissionReview.Verdict(
      isAllowed: false, status: ["code": .integer(given), "reason": "Because"], warnings: [])
    let error = AdmissionReview.refusal("a.b.c", verdict)
    #expect(error.code == code)
    #expect(error.status.message == "admission webhook \"a.b.c\" denied the request: Because")
  }
}
