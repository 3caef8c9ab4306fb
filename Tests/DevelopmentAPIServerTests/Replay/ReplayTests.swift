import DevelopmentAPIServer
import KubernetesAPI
import Testing

/// The conformance suite: what a real server answered, request by request.
@Suite(.timeLimit(.minutes(5))) struct ReplayTests {
  /// One file of recordings, and the steps that are not expected to match, with the reason.
  struct Topic: Sendable, CustomTestStringConvertible {
    var name: String
    var leftOut: [Int: String] = [:]
    var testDescription: String { name }
  }

  static let topics = [
    Topic(
      name: "01-discovery",
      leftOut: [
        40: "documents have no descriptions and no old watch paths",
        42: "documents have no descriptions",
      ]),
    Topic(name: "02-crud"),
    Topic(name: "02-services"),
    Topic(name: "03-lists-watch"),
    Topic(name: "04-patches"),
    Topic(name: "05-apply"),
    Topic(name: "06-crds"),
    Topic(name: "07-tables"),
    Topic(name: "08-ownership"),
    Topic(name: "09-auth", leftOut: [58: "the recorded fork has a rule of its own"]),
    Topic(name: "10-admission"),
    Topic(
      name: "11-workloads",
      leftOut: [
        13: "the recorded fork mounts a certificate of its own",
        15: "the recorded fork mounts a certificate of its own",
        16: "the text is a difference in the words of a Go library",
        19: "the recorded fork mounts a certificate of its own",
      ]),
  ]

  @Test(arguments: topics)
  func `Recorded requests get the recorded answers`(_ topic: Topic) async throws {
    let server = try APIServer()
    try await server.start()
    let webhooks = topic.name == "10-admission" ? try WebhookStub() : nil
    try await webhooks?.start()
    let outcome = try await Replayer(server: server, webhooks: webhooks)
      .run(try RecordedStep.read(topic.name))
    await webhooks?.stop()
    await server.stop()

    print("Replayed \(topic.name): \(outcome.matched)/\(outcome.total) steps match")
    for (step, differences) in outcome.differing {
      if let reason = topic.leftOut[step.number] {
        print("  step \(step.number) left out: \(reason)")
        continue
      }
      Issue.record(
        """
        step \(step.number) (\(step.note)): \(step.method) \(step.path)
        \(differences.prefix(6).joined(separator: "\n"))
        """)
    }
    let differing = Set(outcome.differing.map(\.step.number))
    for step in topic.leftOut.keys where !differing.contains(step) {
      Issue.record("step \(step) matches: it is left out no longer")
    }
  }
}
