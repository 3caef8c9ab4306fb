import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import Logging
import MetalLBAPI
import OperatorRendering

/// Answers MetalLB objects that do not count: those of another name, and those of another namespace.
struct RefusalReconciler: Sendable {
  let context: OperatorContext

  func reconcile(_ name: NamespacedName) async throws {
    guard name != context.singleton, let object = context.metalLBs.store[name],
      object.metadata.deletionTimestamp == nil
    else { return }
    let problem = problem(with: name)
    let present = object.status?.conditions ?? []
    let reason = present.first { $0.type == "Degraded" }?.reason
    // The namespace may have an operator of its own, whose answers are not ours to overwrite.
    if name.namespace != context.namespace, !present.isEmpty, reason != problem.reason.rawValue {
      return
    }
    let conditions = MetalLBConditions(
      workloads: .unknown, problem: problem, platform: context.platformVerdict(for: object))
    let change = try await context.status.update(object, conditions: present) {
      conditions.conditions(
        generation: object.metadata.generation, previous: $0, now: context.time.wall)
    }
    guard change != nil else { return }
    context.recorder.record(
      .warning, reason: problem.reason.rawValue, problem.message, on: object)
    context.logger.warning(
      "refused MetalLB object",
      metadata: ["object": "\(name)", "reason": "\(problem.reason.rawValue)"])
  }

  private func problem(with name: NamespacedName) -> MetalLBConditions.Problem {
    if name.namespace != context.namespace {
      return .init(
        reason: .incorrectNamespace,
        message: """
          MetalLB objects count in namespace \(context.namespace) only, where the operator runs: \
          create it there, with the name \(MetalLB.singletonName)
          """)
    }
    return .init(
      reason: .incorrectName,
      message: """
        \(name.name) is not a name that counts: there is one MetalLB object, and its name is \
        \(MetalLB.singletonName)
        """)
  }
}
