import KubernetesAPI
import NIOCore

/// An answer: all of it, or the start of a stream.
struct APIResponse: Sendable {
  var status: Int
  var contentType: String
  var headers: [(name: String, value: String)] = []
  var body: Body

  enum Body: Sendable {
    case bytes(ByteBuffer)
    /// Written until it returns; then the connection closes.
    case stream(OpenStream)
    /// None: the connection is reset.
    case reset
  }

  /// A watch: what it is for, and what writes it.
  struct OpenStream: Sendable {
    var attributes: RequestAttributes
    var user: String
    var write: @Sendable (StreamWriter) async throws -> Void
  }

  init(status: Int, contentType: String, bytes: [UInt8]) {
    self.status = status
    self.contentType = contentType
    body = .bytes(ByteBuffer(bytes: bytes))
  }

  init(status: Int = 200, text: String) {
    self.init(status: status, contentType: "text/plain; charset=utf-8", bytes: Array(text.utf8))
  }

  init(status: Int = 200, json: JSONValue) {
    self.init(status: status, contentType: "application/json", bytes: json.jsonBytes + [0x0A])
  }

  init(contentType: String, stream: OpenStream) {
    status = 200
    self.contentType = contentType
    body = .stream(stream)
  }

  static var reset: APIResponse {
    var response = APIResponse(text: "")
    response.body = .reset
    return response
  }

  static var noSuchPath: APIResponse { APIResponse(status: 404, text: "404 page not found\n") }

  /// A failure as the API tells it, in the encoding that was asked for.
  init(_ error: APIError, encoding: OutputForm.Encoding = .json) {
    self = ResourceCall.encode(
      status: error.code, error.status.json, form: OutputForm(encoding: encoding))
    if let seconds = error.retryAfterSeconds { headers.append(("Retry-After", String(seconds))) }
    add(warnings: error.warnings)
  }

  /// `Warning: 299 - "text"` for each text (RFC 7234 §5.5), as the API sends them.
  mutating func add(warnings: [String]) {
    var seen: Set<String> = []
    for warning in warnings where seen.insert(warning).inserted {
      var text = ""
      for character in warning {
        if character == "\"" || character == "\\" { text.append("\\") }
        text.append(character)
      }
      headers.append(("Warning", "299 - \"\(text)\""))
    }
  }
}

/// The open end of a streamed answer: takes buffers and returns when there is room for more.
typealias StreamWriter = ([ByteBuffer]) async throws -> Void

extension APIStatus {
  /// `metav1.Status` with all that the API prints, also when it is empty.
  var json: JSONValue {
    var metadata = JSONObject()
    if let token = self.metadata?.continue { metadata["continue"] = .string(token) }
    var object: JSONObject = [
      "kind": "Status", "apiVersion": "v1", "metadata": .object(metadata),
      "status": .string(status ?? "Failure"),
    ]
    if let message { object["message"] = .string(message) }
    if let reason { object["reason"] = .string(reason) }
    if let details, let value = try? JSONValue(encoding: details) { object["details"] = value }
    if let code { object["code"] = .integer(Int64(code)) }
    return .object(object)
  }

  /// What a deletion answers when the object is gone.
  static func deleted(_ kind: ResourceKind, name: String, uid: String) -> JSONValue {
    var details: JSONObject = ["name": .string(name)]
    if !kind.group.isEmpty { details["group"] = .string(kind.group) }
    details["kind"] = .string(kind.plural)
    details["uid"] = .string(uid)
    return [
      "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Success",
      "details": .object(details),
    ]
  }
}
