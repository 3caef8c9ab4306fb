package import KubernetesAPI

/// One request to the API server as a value: what is built here is what goes on the wire, without
/// server address and credentials.
package struct APIRequest: Sendable, Hashable {
  package enum Method: String, Sendable, Hashable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"

    /// Whether the request may be sent again without knowing whether the first one arrived.
    var isIdempotent: Bool {
      switch self {
      case .get, .put, .delete: true
      case .post, .patch: false
      }
    }
  }

  package struct QueryItem: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  package var method: Method
  /// Starts with a slash; its components are percent-encoded.
  package var path: String
  package var query: [QueryItem]
  package var contentType: String?
  package var accept: String
  package var body: [UInt8]?

  package init(
    _ method: Method, _ path: String, query: [QueryItem] = [], contentType: String? = nil,
    accept: String = "application/json", body: [UInt8]? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.contentType = contentType
    self.accept = accept
    self.body = body
  }

  /// With a JSON body.
  package init(
    _ method: Method, _ path: String, query: [QueryItem] = [], json: JSONValue,
    contentType: String = "application/json"
  ) {
    self.init(method, path, query: query, contentType: contentType, body: json.jsonBytes)
  }

  /// Adds `name=value` unless `value` is `nil`.
  package mutating func addQuery(_ name: String, _ value: String?) {
    guard let value else { return }
    query.append(QueryItem(name: name, value: value))
  }

  package mutating func addQuery(_ name: String, _ value: Bool) {
    if value { addQuery(name, "true") }
  }

  /// Path and query as sent.
  package var target: String {
    guard !query.isEmpty else { return path }
    let items = query.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
    return "\(path)?\(items.joined(separator: "&"))"
  }

  /// Method and path, for messages: `GET /api/v1/nodes`. The query is left out.
  package var summary: String { "\(method.rawValue) \(path)" }
}

extension String {
  /// Everything but RFC 3986's unreserved characters as `%XX`.
  package var percentEncoded: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(utf8.count)
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.append(byte)
      default:
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
