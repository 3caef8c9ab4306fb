internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Keeps the EndpointSlices of Services as `EndpointComputation` says.
struct EndpointSliceController: Sendable {
  let view: ClusterView

  func controller(logger: Logger) -> Controller<NamespacedName> {
    let queue = WorkQueue<NamespacedName>(maximumDelay: .seconds(5))
    view.services.enqueue(into: queue) { $0.key }
    view.endpointSlices.enqueue(into: queue) { change in
      guard let slice = change.new ?? change.old, Self.isOurs(slice),
        let name = slice.metadata.labels[EndpointSlice.serviceNameLabel]
      else { return nil }
      return NamespacedName(namespace: slice.metadata.namespace ?? "", name: name)
    }
    view.pods.onChange { [view] change in
      for (key, service) in view.services.store.snapshot
      where Self.concerns(change.old, service) || Self.concerns(change.new, service) {
        queue.add(key)
      }
    }
    return Controller(name: "endpointslice", queue: queue, logger: logger, ready: view.waitForSync)
    { try await reconcile($0) }
  }

  private static func isOurs(_ slice: EndpointSlice) -> Bool {
    slice.metadata.labels[EndpointComputation.managedByLabel] == EndpointComputation.manager
  }

  private static func concerns(_ pod: Pod?, _ service: Service) -> Bool {
    guard let pod, let selector = service.spec?.selector, !selector.isEmpty,
      pod.metadata.namespace == service.metadata.namespace
    else { return false }
    return selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
  }

  private func reconcile(_ key: NamespacedName) async throws -> ReconcileResult {
    let present = view.endpointSlices.store.values(namespace: key.namespace).filter {
      Self.isOurs($0) && $0.metadata.labels[EndpointSlice.serviceNameLabel] == key.name
    }
    var wanted: [EndpointSlice] = []
    if let service = view.services.store[key], service.metadata.deletionTimestamp == nil {
      wanted = EndpointComputation.slices(
        for: service, pods: view.pods.store.values(namespace: key.namespace))
    }
    for slice in wanted {
      guard let old = present.first(where: { $0.metadata.name == slice.metadata.name }) else {
        _ = try await view.client.create(slice)
        continue
      }
      if Self.isEqual(old, slice) { continue }
      var new = slice
      new.metadata.resourceVersion = old.metadata.resourceVersion
      _ = try await view.client.update(new)
    }
    for slice in present
    where !wanted.contains(where: { $0.metadata.name == slice.metadata.name }) {
      try await view.client.deleteIfPresent(slice)
    }
    return .done
  }

  private static func isEqual(_ old: EndpointSlice, _ new: EndpointSlice) -> Bool {
    old.addressType == new.addressType && (old.endpoints ?? []) == (new.endpoints ?? [])
      && (old.ports ?? []) == (new.ports ?? []) && old.metadata.labels == new.metadata.labels
  }
}
