import KubernetesAPI

/// What the status of a MetalLB object says.
struct MetalLBConditions: Sendable, Hashable {
  enum ConditionType: String, Sendable, CaseIterable {
    case available = "Available"
    case upgradeable = "Upgradeable"
    case progressing = "Progressing"
    case degraded = "Degraded"
    case platformSupported = "PlatformSupported"
  }

  /// How far the workloads are.
  enum Workloads: Sendable, Hashable {
    case running(Readiness)
    /// Nothing can be said about them: they could not be brought in line, or are none of this object's.
    case unknown
  }

  struct Problem: Sendable, Hashable {
    var reason: MetalLBReason
    var message: String
  }

  var workloads: Workloads
  /// Makes the object degraded.
  var problem: Problem?
  var platform = PlatformVerdict.supported

  /// The conditions in their fixed order. A transition time stays while its status does.
  func conditions(
    generation: Int64?, previous: [Condition], now: Timestamp
  ) -> [Condition] {
    ConditionType.allCases.map { type in
      let (status, reason, message) = state(of: type)
      let old = previous.first { $0.type == type.rawValue }
      return Condition(
        type: type.rawValue, status: status, observedGeneration: generation,
        lastTransitionTime: old?.status == status ? old?.lastTransitionTime ?? now : now,
        reason: reason?.rawValue ?? type.rawValue, message: Self.limited(message))
    }
  }

  private func state(of type: ConditionType) -> (status: String, MetalLBReason?, String) {
    switch type {
    case .available: return (Self.text(workloads == .running(.ready)), nil, "")
    case .upgradeable:
      return (Self.text(workloads == .running(.ready) && problem == nil), nil, "")
    case .progressing:
      guard case .running(.waiting(let what)) = workloads else {
        return (Self.text(false), nil, "")
      }
      return (Self.text(true), .resourcesNotReady, what)
    case .degraded:
      guard let problem else { return (Self.text(false), nil, "") }
      return (Self.text(true), problem.reason, problem.message)
    case .platformSupported: return (platform.status.rawValue, platform.reason, platform.message)
    }
  }

  private static func text(_ isTrue: Bool) -> String { isTrue ? "True" : "False" }

  /// The schema takes 32768 characters.
  private static func limited(_ message: String) -> String {
    message.count <= 32768 ? message : message.prefix(32767) + "…"
  }
}
