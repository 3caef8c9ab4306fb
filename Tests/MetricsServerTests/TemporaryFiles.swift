import Glibc

@testable import MetricsServer

/// A directory that goes away with the value.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/metallb-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileFailure(number: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["tls.crt", "tls.key"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

struct FileFailure: Error {
  var number: Int32
}

extension String {
  func write(toPath path: String) throws {
    guard let file = fopen(path, "w") else { throw FileFailure(number: errno) }
    defer { fclose(file) }
    guard fputs(self, file) >= 0 else { throw FileFailure(number: errno) }
  }
}

/// A certificate and its key as a Secret would hold them.
struct PEMPair {
  var certificate: String
  var key: String

  init(name: String) throws {
    (certificate, key) = try ServingCertificate.selfSignedPEM(names: [name], at: now())
  }

  func write(to directory: String) throws {
    try certificate.write(toPath: directory + "/tls.crt")
    try key.write(toPath: directory + "/tls.key")
  }
}
