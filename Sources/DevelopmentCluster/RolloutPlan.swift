package import KubernetesAPI

/// How many replicas each generation of a Deployment should have next: one step of a rollout.
package struct RolloutPlan: Sendable, Hashable {
  /// A ReplicaSet of the Deployment.
  package struct Generation: Sendable, Hashable {
    package var name: String
    /// What it is told to have.
    package var replicas: Int
    /// How many of its Pods are ready.
    package var available: Int

    package init(name: String, replicas: Int, available: Int) {
      self.name = name
      self.replicas = replicas
      self.available = available
    }
  }

  package enum Strategy: Sendable, Hashable {
    case recreate
    /// Pods above the wanted number, and Pods that may be missing from it, at the same time.
    case rollingUpdate(surge: Int, unavailable: Int)
  }

  /// The generations to change and the number for each.
  package var changes: [String: Int]

  /// - Parameters:
  ///   - current: the generation with the Deployment's present template.
  ///   - old: all others, oldest first.
  package init(desired: Int, strategy: Strategy, current: Generation, old: [Generation]) {
    changes = [:]
    switch strategy {
    case .recreate:
      for generation in old where generation.replicas > 0 { changes[generation.name] = 0 }
      if changes.isEmpty, old.allSatisfy({ $0.available == 0 }), current.replicas != desired {
        changes[current.name] = desired
      }
    case .rollingUpdate(let surge, let unavailable):
      roll(desired, surge: surge, unavailable: unavailable, current, old)
    }
  }

  private mutating func roll(
    _ desired: Int, surge: Int, unavailable: Int, _ current: Generation, _ old: [Generation]
  ) {
    let oldReplicas = old.reduce(0) { $0 + $1.replicas }
    var currentReplicas = current.replicas
    if current.replicas > desired {
      currentReplicas = desired
    } else {
      let room = max(0, desired + surge - current.replicas - oldReplicas)
      currentReplicas = min(desired, current.replicas + room)
    }
    if currentReplicas != current.replicas { changes[current.name] = currentReplicas }

    // Unready old Pods serve nobody and go first; ready ones only as far as enough are left.
    let available = current.available + old.reduce(0) { $0 + $1.available }
    var spare = max(0, available - (desired - unavailable))
    for generation in old where generation.replicas > 0 {
      let unready = max(0, generation.replicas - generation.available)
      let ready = min(spare, generation.replicas - unready)
      spare -= ready
      if unready + ready > 0 { changes[generation.name] = generation.replicas - unready - ready }
    }
  }
}

extension RolloutPlan.Strategy {
  /// Reads `spec.strategy` of a Deployment. Percentages count from the wanted number, surge rounded
  /// up and the unavailable ones down; both are 25 % when absent, and not both may become 0.
  package init(_ strategy: JSONValue?, desired: Int) {
    guard strategy?["type"]?.stringValue != "Recreate" else {
      self = .recreate
      return
    }
    let values = strategy?["rollingUpdate"]
    let surge = Self.count(values?["maxSurge"] ?? "25%", of: desired, roundingUp: true)
    let unavailable = Self.count(values?["maxUnavailable"] ?? "25%", of: desired, roundingUp: false)
    self = .rollingUpdate(
      surge: surge, unavailable: surge == 0 && unavailable == 0 ? 1 : unavailable)
  }

  /// A number, or a percentage of one; 0 for what is neither.
  static func count(_ value: JSONValue, of total: Int, roundingUp: Bool) -> Int {
    if let number = value.integerValue { return Int(number) }
    guard let text = value.stringValue, text.hasSuffix("%"), let percent = Int(text.dropLast())
    else { return 0 }
    return (total * percent + (roundingUp ? 99 : 0)) / 100
  }
}
