import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI

extension ConfigurationState.Status {
  /// What an assessment amounts to; nil stands for none yet. A condition whose status stays keeps its time.
  ///
  /// - Parameter type: of the condition, which names the part of the component that judges.
  init(
    _ assessment: ConfigurationAssessment?, condition type: String, previous: Self?, now: Timestamp
  ) {
    guard let assessment else {
      self.init(result: "Unknown")
      return
    }
    let messages = assessment.problems.map(\.description)
    var condition = Condition(
      type: type, status: assessment.isValid ? "True" : "False",
      lastTransitionTime: now, reason: assessment.isValid ? "Reconciled" : "ConfigurationError",
      message: Self.joined(messages, limit: 32_768))
    if let before = previous?.conditions?.first(where: { $0.type == condition.type }),
      before.status == condition.status
    {
      condition.lastTransitionTime = before.lastTransitionTime
    }
    self.init(
      result: assessment.isValid ? "Valid" : "Invalid",
      errorSummary: assessment.isValid ? nil : condition.message, conditions: [condition])
  }

  /// One message a line, as many as fit the length that the API allows for a condition's message.
  private static func joined(_ messages: [String], limit: Int) -> String {
    var text = ""
    for (index, message) in messages.enumerated() {
      let line = (text.isEmpty ? "" : "\n") + message
      guard text.count + line.count <= limit - 40 else {
        return text + "\n… and \(messages.count - index) more"
      }
      text += line
    }
    return text
  }
}
