import CLinuxNetwork

/// A file descriptor that is closed when its owner goes away.
package struct OwnedDescriptor: ~Copyable, Sendable {
  package let rawValue: Int32

  /// Takes over the descriptor that `result` holds, or throws the negative errno in it.
  init(
    _ result: Int32, _ operation: @autoclosure () -> String
  ) throws(LinuxError) {
    rawValue = try LinuxError.check(result, operation())
  }

  deinit {
    _ = cln_close(rawValue)
  }
}
