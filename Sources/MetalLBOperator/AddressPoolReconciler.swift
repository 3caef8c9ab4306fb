import ClusterConfiguration
import ControllerRuntime
import KubernetesAPI
import KubernetesClient
import LegacyConfiguration
import Logging
import MetalLBAPI
import OperatorRendering

/// Turns all AddressPools into the ConfigMap `config`, and tells each of them whether it is in there.
struct AddressPoolReconciler: Sendable {
  let context: OperatorContext

  func reconcile() async throws {
    let pools = context.addressPools.store.values
    let own = pools.filter { $0.metadata.namespace == context.namespace && !$0.isBeingDeleted }
    let configMap =
      context.objects.object(context.configKey)
      ?? context.configMaps.store[context.configKey.name]
    let ownership = ConfigMapOwnership(
      configMap, sources: context.currentObjects.sources(addressPools: own))
    let admission = AddressPoolAdmission(
      pools: own, ipAddressPools: context.currentObjects.ipAddressPools.store.values,
      rendered: LegacyDocument.read(configMap?.legacyText ?? "").document.pools)

    if ownership.isOurs {
      try await write(admission.document, isEmpty: own.isEmpty, configMap)
    }
    for verdict in admission.verdicts {
      try await report(Answer(verdict, ownership, context: context), on: verdict.pool)
    }
    for pool in pools where pool.metadata.namespace != context.namespace && !pool.isBeingDeleted {
      try await refuse(pool)
    }
    context.status.forget(
      except: Set(
        pools.compactMap(\.metadata.uid) + context.metalLBs.store.values.compactMap(\.metadata.uid))
    )
  }

  /// Without a MetalLB object nobody reads the ConfigMap. With one, it stays when the last pool goes, and says that
  /// there is none: from its absence controller and speakers conclude nothing (somebody deleted it, and it comes back).
  private func write(
    _ document: LegacyDocument, isEmpty: Bool, _ configMap: LiveObject?
  ) async throws {
    if let metalLB = context.metalLB, !isEmpty || configMap?.isBeingDeleted == false {
      try await context.objects.apply(
        LegacyConfigMap.render(document, for: metalLB, namespace: context.namespace))
    } else if let configMap, configMap.isRenderedConfigMap, !configMap.isBeingDeleted {
      try await context.objects.delete(configMap, context.configKey)
    }
  }

  /// What a pool is told.
  fileprivate struct Answer {
    var isAccepted: Bool
    var reason: String
    var message: String
  }

  private func report(_ answer: Answer, on pool: AddressPool) async throws {
    let type = "Accepted"
    let status = answer.isAccepted ? "True" : "False"
    let change = try await context.status.update(pool, conditions: pool.status?.conditions) {
      previous in
      let old = previous.first { $0.type == type }
      return [
        Condition(
          type: type, status: status, observedGeneration: pool.metadata.generation,
          lastTransitionTime: old?.status == status
            ? old?.lastTransitionTime ?? context.time.wall : context.time.wall,
          reason: answer.reason, message: answer.message)
      ]
    }
    guard let change, change.news(of: type) != nil else { return }
    if !answer.isAccepted {
      context.recorder.record(.warning, reason: answer.reason, answer.message, on: pool)
      context.logger.warning(
        "AddressPool is not used as it stands",
        metadata: [
          "pool": "\(pool.namespacedName)", "reason": "\(answer.reason)",
          "message": "\(answer.message)",
        ])
    } else if !change.previous.isEmpty {
      context.recorder.record(.normal, reason: answer.reason, answer.message, on: pool)
    }
  }

  /// Nothing reads pools of other namespaces.
  private func refuse(_ pool: AddressPool) async throws {
    let reason = AddressPoolReason.incorrectNamespace.rawValue
    // The namespace may have an operator of its own, whose answers are not ours to overwrite.
    if let present = pool.status?.conditions?.first, present.reason != reason { return }
    try await report(
      Answer(
        isAccepted: false, reason: reason,
        message: """
          AddressPools count in namespace \(context.namespace) only, where the operator runs: \
          create it there
          """), on: pool)
  }
}

extension AddressPoolReconciler.Answer {
  fileprivate init(
    _ verdict: AddressPoolAdmission.Verdict, _ ownership: ConfigMapOwnership,
    context: OperatorContext
  ) {
    let configMap = "ConfigMap \(context.configKey.name)"
    switch ownership {
    case .users:
      self.init(
        isAccepted: false, reason: AddressPoolReason.configMapNotOwned.rawValue,
        message: """
          \(configMap) was written by a user and is left alone: delete it, or annotate it with \
          \(LegacyConfigMap.adoptAnnotation): "true" to have it taken over
          """)
    case .adoptionPending(let missing):
      self.init(
        isAccepted: false, reason: AddressPoolReason.configMapNotOwned.rawValue,
        message: """
          \(configMap) was written by somebody else and cannot be taken over yet: no object says what \
          is in it about \(missing.joined(separator: ", "))
          """)
    case .operators, .adopted:
      if let fault = verdict.fault {
        let consequence =
          verdict.entry == nil ? "the pool is left out" : "its last valid version stays in use"
        self.init(
          isAccepted: false, reason: fault.reason.rawValue, message: "\(fault) (\(consequence))")
      } else {
        self.init(
          isAccepted: true, reason: AddressPoolReason.accepted.rawValue,
          message: context.metalLB == nil
            ? "used as soon as there is a MetalLB object named \(MetalLB.singletonName)"
            : "in \(configMap)")
      }
    }
  }
}

extension KubernetesResource {
  fileprivate var isBeingDeleted: Bool { metadata.deletionTimestamp != nil }
}
