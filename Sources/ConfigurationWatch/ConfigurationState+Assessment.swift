import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI

extension ConfigurationState.Status {
  /// What the API allows for a condition's message.
  private static let messageLimit = 32_768

  /// What an assessment amounts to; nil stands for none yet. A condition whose status stays keeps its time.
  ///
  /// - Parameter reconciler: the part of the component that judges; conditions are named after it.
  init(
    _ assessment: ConfigurationAssessment?, by reconciler: String, previous: Self?, now: Timestamp
  ) {
    guard let assessment else {
      self.init(result: "Unknown")
      return
    }
    var validity = Condition(
      type: "\(reconciler)Valid", status: assessment.isValid ? "True" : "False",
      lastTransitionTime: now, reason: assessment.isValid ? "Reconciled" : "ConfigurationError",
      message: Self.joined(assessment.problems.map(\.description)))
    // Likely mistakes make no configuration invalid: a condition of their own.
    let isClean = assessment.warnings.isEmpty
    var warnings = Condition(
      type: "\(reconciler)Warnings", status: isClean ? "False" : "True",
      lastTransitionTime: now, reason: isClean ? "NoWarnings" : "LikelyMistakes",
      message: Self.joined(assessment.warnings.map(\.description)))
    validity.keepTime(of: previous)
    warnings.keepTime(of: previous)
    self.init(
      result: assessment.isValid ? "Valid" : "Invalid",
      errorSummary: assessment.isValid ? nil : validity.message, conditions: [validity, warnings])
  }

  /// One message a line, as many as fit.
  private static func joined(_ messages: [String]) -> String {
    var text = ""
    var length = 0
    for (index, message) in messages.enumerated() {
      length += message.count + 1
      // Room for the last line.
      guard length <= messageLimit - 40 else {
        return text + (text.isEmpty ? "" : "\n") + "… and \(messages.count - index) more"
      }
      text += (text.isEmpty ? "" : "\n") + message
    }
    return text
  }
}

extension Condition {
  fileprivate mutating func keepTime(of status: ConfigurationState.Status?) {
    guard let before = status?.conditions?.first(where: { $0.type == type }),
      before.status == self.status
    else { return }
    lastTransitionTime = before.lastTransitionTime
  }
}
