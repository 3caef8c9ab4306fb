import CLinuxNetwork

/// A system call that the kernel refused.
package struct LinuxError: Error, Hashable, Sendable {
  /// What was attempted, such as `bind packet socket`.
  package let operation: String
  /// A positive errno.
  package let code: Int32

  package init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// The privilege for this is missing.
  package var isPermissionDenied: Bool { code == EPERM || code == EACCES }
  /// Nothing to read, or no room to write, right now.
  package var isWouldBlock: Bool { code == EAGAIN }
  /// The kernel ran out of buffer space, or dropped messages for this socket.
  package var isNoBufferSpace: Bool { code == ENOBUFS }
  /// The kernel has no memory left for this, or the socket's quota is used up.
  package var isOutOfMemory: Bool { code == ENOMEM || code == ENOBUFS }
  /// The interface is gone or down.
  package var isInterfaceUnavailable: Bool {
    code == ENXIO || code == ENODEV || code == ENETDOWN
  }
  /// The file or directory does not exist.
  package var isNotFound: Bool { code == ENOENT }

  /// Passes on what a function of CLinuxNetwork returned, or throws the errno that it carries.
  static func check(
    _ result: Int32, _ operation: @autoclosure () -> String
  ) throws(LinuxError) -> Int32 {
    guard result >= 0 else { throw LinuxError(operation(), code: 0 &- result) }
    return result
  }
}

extension LinuxError: CustomStringConvertible {
  package var description: String {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      cln_error_text(code, buffer.baseAddress, 128)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    return "\(operation): \(text)"
  }
}
