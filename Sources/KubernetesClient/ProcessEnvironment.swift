/// The environment that this process was started with.
package func processEnvironment() -> [String: String] {
  guard let bytes = try? readFile("/proc/self/environ") else { return [:] }
  var environment: [String: String] = [:]
  for entry in bytes.split(separator: 0) {
    guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
    let name = String(decoding: entry[..<equals], as: UTF8.self)
    environment[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self)
  }
  return environment
}
