package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import ServiceLifecycle

/// The kind of an event, `type` in the API.
package enum EventType: String, Sendable, Hashable {
  case normal = "Normal"
  case warning = "Warning"
}

/// Writes core/v1 Events. Recording never waits and never fails: events go through a bounded queue
/// that ``run()`` empties, and what does not fit is counted and dropped.
package final class EventRecorder: ServiceLifecycle.Service {
  /// - Parameters:
  ///   - component: `source.component`, `metallb-controller` for example.
  ///   - host: `source.host`: the node, where that says something.
  ///   - capacity: how many events may wait.
  package init(
    client: KubernetesClient, component: String, host: String? = nil, capacity: Int = 1000,
    time: TimeSource = .system, logger: Logger
  ) {
  }

  /// Records an event on a typed object.
  package func record<R: KubernetesResource>(
    _ type: EventType, reason: String, _ message: String, on object: R
  ) {
    record(type, reason: reason, message, on: ObjectReference(object))
  }

  /// Records an event on an object by reference; it goes to the object's namespace, to `default`
  /// for cluster-scoped ones.
  package func record(
    _ type: EventType, reason: String, _ message: String, on object: ObjectReference
  ) {
  }

  /// Events that were never sent: the queue was full, their object had too many, or the server
  /// refused them.
  package var droppedCount: Int { 0 }

  package func run() async throws {
  }
}

extension ObjectReference {
  /// A reference to this incarnation of an object.
  package init<R: KubernetesResource>(_ object: R) {
    self.init(
      apiVersion: R.resource.apiVersion, kind: R.resource.kind,
      namespace: object.metadata.namespace, name: object.metadata.name, uid: object.metadata.uid,
      resourceVersion: object.metadata.resourceVersion)
  }
}
