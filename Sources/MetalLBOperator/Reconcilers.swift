import ControllerRuntime
import KubernetesAPI
import MetalLBAPI
import ServiceLifecycle

/// Sends each key to its reconciler.
struct Reconcilers: Sendable {
  private let installation: InstallationReconciler
  private let addressPools: AddressPoolReconciler
  private let refusals: RefusalReconciler

  init(_ context: OperatorContext) {
    installation = InstallationReconciler(context)
    addressPools = AddressPoolReconciler(context: context)
    refusals = RefusalReconciler(context: context)
  }

  func reconcile(_ key: OperatorKey) async throws -> ReconcileResult {
    switch key {
    case .installation: return try await installation.reconcile()
    case .refusal(let name): try await refusals.reconcile(name)
    case .addressPools:
      do {
        try await addressPools.reconcile()
        installation.note(configFailure: nil)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        installation.note(configFailure: "AddressPools: \(error)")
        throw error
      }
    }
    return .done
  }
}

/// What an informer is to the operator, whatever kind it reads.
protocol OperatorInformer: ServiceLifecycle.Service {
  func waitForSync() async throws
}

extension Informer: OperatorInformer {}

extension OperatorContext {
  var allInformers: [any OperatorInformer] {
    [metalLBs, addressPools, configMaps] + currentObjects.informers + objects.informers
      + (openShift?.informers ?? [])
  }

  /// Which change makes which key worth a look.
  func enqueueChanges() {
    let singleton = singleton
    metalLBs.onChange { [queue] change in
      guard change.key == singleton else {
        queue.add(.refusal(change.key))
        return
      }
      queue.add(.installation)
      // Its appearance and its end decide whether there is a ConfigMap.
      if change.old == nil || change.new?.metadata.deletionTimestamp != nil || change.new == nil {
        queue.add(.addressPools)
      }
    }
    addressPools.enqueue(into: queue) { _ in .addressPools }
    currentObjects.enqueue(into: queue, .addressPools)
    configMaps.enqueue(into: queue) { _ in .addressPools }
    for informer in openShift?.informers ?? [] {
      informer.enqueue(into: queue) { _ in .installation }
    }
    let configKey = configKey
    for informer in objects.informers {
      let kind = informer.kind
      informer.enqueue(into: queue) { change in
        ObjectKey(kind, change.key) == configKey ? .addressPools : .installation
      }
    }
  }
}
