import CLinuxNetwork

/// A network namespace, named by a file that refers to it.
///
/// A namespace belongs to a thread. Entering one on a thread of Swift's pool would move whatever task runs there
/// next, so ``NetworkThread`` alone enters namespaces, on threads that end with their work. A socket stays in the
/// namespace in which it was made, whichever thread uses it later.
package struct NetworkNamespace: Hashable, Sendable {
  package let path: String

  /// The namespace that the file at `path` refers to.
  package init(path: String) {
    self.path = path
  }

  /// The namespace that `ip netns add NAME` made.
  package static func named(_ name: String) -> NetworkNamespace {
    NetworkNamespace(path: "/run/netns/\(name)")
  }

  /// The namespace that a process lives in.
  package static func ofProcess(_ identifier: Int32) -> NetworkNamespace {
    NetworkNamespace(path: "/proc/\(identifier)/ns/net")
  }

  /// The namespace behind an open descriptor, which must stay open until the namespace is entered.
  package static func descriptor(_ descriptor: Int32) -> NetworkNamespace {
    NetworkNamespace(path: "/proc/self/fd/\(descriptor)")
  }

  /// Moves the calling thread into the namespace, for good.
  func enter() throws(LinuxError) {
    let file = try OwnedDescriptor(cln_open_namespace(path), "open namespace \(path)")
    _ = try LinuxError.check(
      cln_set_namespace(file.rawValue, Int32(CLN_NAMESPACE_NETWORK.rawValue)),
      "enter namespace \(path)")
  }
}
