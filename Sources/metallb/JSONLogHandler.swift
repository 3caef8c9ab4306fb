import Glibc
import KubernetesAPI
import Logging
import Synchronization

/// Writes one JSON object a line to standard output, unless told otherwise: `ts` (RFC 3339, milliseconds), `level`, `caller`,
/// `msg`, then the metadata (spec/controller 4.12, spec/speaker 1.4).
struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel: Logger.Level

  /// Keeps lines whole when several threads log at once.
  private static let output = Mutex(())

  private let descriptor: Int32

  init(level: Logger.Level, descriptor: Int32 = STDOUT_FILENO) {
    logLevel = level
    self.descriptor = descriptor
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line: JSONObject = [
      "ts": .string(Self.timestamp()),
      "level": .string(Self.name(of: event.level)),
      "caller": .string("\(Self.lastComponent(event.file)):\(event.line)"),
      "msg": .string(event.message.description),
    ]
    for values in [metadata, metadataProvider?.get() ?? [:], event.metadata ?? [:]] {
      for (key, value) in values.sorted(by: { $0.key < $1.key }) { line[key] = Self.json(value) }
    }
    var bytes = JSONValue.object(line).jsonBytes
    bytes.append(UInt8(ascii: "\n"))
    Self.output.withLock { _ in
      bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
          let written = write(
            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          guard written > 0 || errno == EINTR else { return }
          rest = rest.dropFirst(max(0, written))
        }
      }
    }
  }

  private static func json(_ value: Logger.MetadataValue) -> JSONValue {
    switch value {
    case .string(let text): .string(text)
    case .stringConvertible(let value): .string(value.description)
    case .array(let values): .array(values.map(json))
    case .dictionary(let values):
      .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) }))
    }
  }

  private static func name(of level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warn"
    case .error, .critical: "error"
    }
  }

  private static func lastComponent(_ path: String) -> Substring {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] }
      ?? Substring(path)
  }

  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let text = Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    return text.rfc3339Micro.dropLast(4) + "Z"
  }
}
