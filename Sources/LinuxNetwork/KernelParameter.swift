import Glibc

/// Settings of the kernel under `/proc/sys`. Those below `net` belong to the network namespace of the calling thread.
package enum KernelParameter {
  /// Reads a whole number, such as `net/ipv4/conf/all/arp_ignore`.
  package static func integer(_ path: String) throws(LinuxError) -> Int {
    let operation = "read /proc/sys/\(path)"
    let descriptor = open("/proc/sys/\(path)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LinuxError(operation, code: errno) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = read(descriptor, &buffer, buffer.count)
    guard count >= 0 else { throw LinuxError(operation, code: errno) }
    let text = String(decoding: buffer.prefix(count), as: UTF8.self)
    guard let number = Int(text.prefix { $0 != "\n" }) else {
      throw LinuxError(operation, code: EINVAL)
    }
    return number
  }
}
