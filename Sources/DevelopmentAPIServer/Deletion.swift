import KubernetesAPI

/// What a request to delete does to one object: nothing yet but a mark, or its end.
enum Deletion {
  enum Outcome: Sendable {
    /// The object stays, marked (or as it was, if it was marked before); somebody has to finish.
    case mark(JSONValue)
    /// The object goes; this is how it looks at the end.
    case remove(JSONValue)
  }

  /// Decides from the present object. Grace periods exist for Pods alone; finalizers and
  /// dependents hold every kind.
  static func decide(
    _ object: JSONValue, _ options: DeleteOptions, definition: ResourceDefinition, now: Timestamp
  ) -> Outcome {
    var object = object
    applyPropagation(&object, options)
    let grace = gracePeriod(object, options, definition)
    if object.isBeingDeleted {
      let current = object.metadata["deletionGracePeriodSeconds"]?.integerValue ?? 0
      // A second request can only shorten the time.
      if grace < current { shorten(&object, to: grace, was: current, now: now) }
      return isComplete(object, definition: definition) ? .remove(object) : .mark(object)
    }
    let isHeld = definition.marksDeletion(&object, now: now)
    if isHeld || grace > 0 || !object.finalizers.isEmpty {
      if !isHeld { mark(&object, grace: grace, now: now) }
      return .mark(object)
    }
    if definition.hasGracePeriod { mark(&object, grace: 0, now: now) }
    return .remove(object)
  }

  /// Nothing holds the object any more: an update that leads here removes it.
  static func isComplete(_ object: JSONValue, definition: ResourceDefinition) -> Bool {
    object.isBeingDeleted && object.finalizers.isEmpty && !definition.holdsDeletion(object)
      && object.metadata["deletionGracePeriodSeconds"]?.integerValue ?? 0 == 0
  }

  private static func mark(_ object: inout JSONValue, grace: Int64, now: Timestamp) {
    object.metadata["deletionTimestamp"] = .string(now.advanced(by: .seconds(grace)).rfc3339)
    object.metadata["deletionGracePeriodSeconds"] = .integer(grace)
    if object.generation > 0 {
      object.metadata["generation"] = .integer(object.generation + 1)
    }
  }

  private static func shorten(
    _ object: inout JSONValue, to grace: Int64, was: Int64, now: Timestamp
  ) {
    if grace == 0 {
      object.metadata["deletionTimestamp"] = .string(now.rfc3339)
    } else if let text = object.metadata["deletionTimestamp"]?.stringValue,
      let time = Timestamp(text)
    {
      object.metadata["deletionTimestamp"] = .string(
        time.advanced(by: .seconds(grace - was)).rfc3339)
    }
    object.metadata["deletionGracePeriodSeconds"] = .integer(grace)
  }

  private static func applyPropagation(_ object: inout JSONValue, _ options: DeleteOptions) {
    guard let propagation = options.propagation else { return }
    var finalizers = object.finalizers.filter {
      $0 != DeleteOptions.orphanFinalizer && $0 != DeleteOptions.foregroundFinalizer
    }
    switch propagation {
    case .orphan: finalizers.append(DeleteOptions.orphanFinalizer)
    case .foreground: finalizers.append(DeleteOptions.foregroundFinalizer)
    case .background: break
    }
    if finalizers != object.finalizers {
      object.metadata["finalizers"] = finalizers.isEmpty ? nil : .strings(finalizers)
    }
  }

  private static func gracePeriod(
    _ object: JSONValue, _ options: DeleteOptions, _ definition: ResourceDefinition
  ) -> Int64 {
    guard definition.hasGracePeriod else { return 0 }
    // Nobody runs a Pod that has no node, or that has ended.
    if object[path: ["spec", "nodeName"]]?.stringValue ?? "" == "" { return 0 }
    if ["Succeeded", "Failed"].contains(object[path: ["status", "phase"]]?.stringValue) {
      return 0
    }
    let asked =
      options.gracePeriodSeconds
      ?? object[path: ["spec", "terminationGracePeriodSeconds"]]?.integerValue ?? 30
    return max(0, asked)
  }
}

extension ResourceDefinition {
  var hasGracePeriod: Bool { kind.group.isEmpty && kind.kind == "Pod" }

  /// Namespaces wait for their content, besides finalizers.
  func holdsDeletion(_ object: JSONValue) -> Bool {
    guard kind == BuiltInResources.namespaceKind else { return false }
    return !(object[path: ["spec", "finalizers"]]?.arrayValue ?? []).isEmpty
  }

  /// Namespaces and CRDs are never removed by the request itself: it only says that they shall go.
  fileprivate func marksDeletion(_ object: inout JSONValue, now: Timestamp) -> Bool {
    switch kind {
    case BuiltInResources.namespaceKind:
      object[path: ["status", "phase"]] = "Terminating"
    case CustomResources.kind:
      if !object.finalizers.contains(CustomResourceLifecycle.finalizer) {
        object.metadata["finalizers"] = .strings(
          object.finalizers + [CustomResourceLifecycle.finalizer])
      }
      CustomResourceLifecycle.setTerminating(&object, now: now)
    default: return false
    }
    object.metadata["deletionTimestamp"] = .string(now.rfc3339)
    return true
  }
}
