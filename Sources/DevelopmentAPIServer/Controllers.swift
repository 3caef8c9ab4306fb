import KubernetesAPI
import Logging

/// The controllers that run beside a real API server and that its clients take for granted. All of
/// them look at one object at a time, when the store says that something about it changed:
/// owners that went, terminating objects, namespaces and CRDs.
struct Controllers: Sendable {
  let store: ObjectStore
  let logger: Logger

  /// Runs until the store closes or the task is cancelled.
  func run() async {
    while let work = await store.collectable() {
      // Sorted, so that runs repeat.
      for reference in work.sorted(by: { ($0.table, $0.key) < ($1.table, $1.key) }) {
        let registry = await store.registry()
        await store.transact { state in
          Reconciler(registry: registry).reconcile(reference, in: &state)
        }
      }
    }
  }
}

/// One look at one object, as one transaction.
struct Reconciler {
  typealias Reference = StoreState.ObjectReference

  let registry: ResourceRegistry
  var now = WallClock.now

  func reconcile(_ reference: Reference, in state: inout StoreState) {
    guard let object = state[reference.table, reference.key],
      let definition = registry.definition(storage: reference.table)
    else { return }
    let value = object.value(definition.kind)
    if value.isBeingDeleted {
      if reference.table == BuiltInResources.namespaces {
        NamespaceLifecycle(reconciler: self).finish(value, object, in: &state)
      } else if reference.table == CustomResources.table {
        CustomResourceLifecycle(reconciler: self).finish(value, object, in: &state)
      }
      if value.finalizers.contains(DeleteOptions.orphanFinalizer) {
        orphan(object, value, reference, definition, in: &state)
      } else if value.finalizers.contains(DeleteOptions.foregroundFinalizer) {
        deleteDependents(of: object, value, reference, definition, in: &state)
      }
    }
    if !object.ownerUIDs.isEmpty { judgeOwners(of: reference, value, in: &state) }
  }

  // MARK: Writing

  /// Replaces an object, or removes it when nothing holds it any more.
  func write(
    _ value: JSONValue, over reference: Reference, subresource: String = "",
    manager: String = "kube-controller-manager", in state: inout StoreState
  ) {
    guard let current = state[reference.table, reference.key],
      let definition = registry.definition(storage: reference.table)
    else { return }
    let value = definition.fieldManager(subresource: subresource).update(
      live: current.value(definition.kind), new: value, manager: manager, now: now)
    if Deletion.isComplete(value, definition: definition) {
      definition.allocation?.release(value, in: &state)
      _ = try? state.remove(current, lastly: value, from: reference.table)
    } else {
      _ = try? state.replace(current, with: value, in: reference.table, schema: current.schema)
    }
  }

  /// Deletes an object as a request would.
  func delete(_ reference: Reference, _ options: DeleteOptions, in state: inout StoreState) {
    guard let current = state[reference.table, reference.key],
      let definition = registry.definition(storage: reference.table)
    else { return }
    let value = current.value(definition.kind)
    switch Deletion.decide(value, options, definition: definition, now: now) {
    case .mark(let marked):
      if marked != value {
        _ = try? state.replace(current, with: marked, in: reference.table, schema: current.schema)
      }
    case .remove(let last):
      definition.allocation?.release(value, in: &state)
      _ = try? state.remove(current, lastly: last, from: reference.table)
    }
  }

  func withoutFinalizer(_ name: String, _ value: JSONValue) -> JSONValue {
    var value = value
    let rest = value.finalizers.filter { $0 != name }
    value.metadata["finalizers"] = rest.isEmpty ? nil : .strings(rest)
    return value
  }
}
