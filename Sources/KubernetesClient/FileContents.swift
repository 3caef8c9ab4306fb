internal import Glibc

/// Reads a whole small file, or says why not. Files here are certificates, tokens and kubeconfigs.
func readFile(_ path: String) throws(ConfigurationError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw .unreadable(path: path, reason: String(cString: strerror(errno)))
  }
  defer { close(descriptor) }
  var contents: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16 * 1024)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    if count == 0 { return contents }
    contents += chunk[..<count]
  }
}

func fileExists(_ path: String) -> Bool { access(path, R_OK) == 0 }
