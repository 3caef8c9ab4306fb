internal import KubernetesAPI

/// One event of a watch, read as far as the machine needs it.
enum WatchDelivery<R: KubernetesResource>: Sendable, Equatable {
  case upsert(R, version: String)
  case remove(NamespacedName, version: String)
  /// An object that does not have the shape of its Swift type. The copy keeps the version of it
  /// that could be read last.
  case unreadable(NamespacedName, version: String)
  case bookmark(version: String, isEndOfInitialEvents: Bool)
  case error(APIStatus)
}

/// The contents of a collection at one version.
struct WatchSnapshot<R: KubernetesResource>: Sendable, Equatable {
  var version = ""
  var objects: [NamespacedName: R] = [:]
  /// Objects that exist and do not decode.
  var unreadable: Set<NamespacedName> = []
}
