/// One entry of an `Accept` or `Content-Type` header (RFC 9110 §8.3.1, §12.5.1).
struct MediaType: Sendable, Hashable {
  /// Lower case, as `application/json`.
  var name: String
  var parameters: [String: String]

  init(_ text: some StringProtocol) {
    let parts = text.split(separator: ";").map { Self.trim($0) }
    name = (parts.first ?? "").lowercased()
    parameters = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      if pair.count == 2 {
        parameters[String(pair[0]).lowercased()] = Self.trim(
          pair[1].filter { $0 != "\"" })
      }
    }
  }

  static func list(_ header: String) -> [MediaType] {
    header.split(separator: ",").map { MediaType($0) }
  }

  private static func trim(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

/// How an answer is to be written, from the request's `Accept`.
struct OutputForm: Sendable, Hashable {
  enum Encoding: Sendable, Hashable {
    case json, yaml

    var contentType: String {
      switch self {
      case .json: "application/json"
      case .yaml: "application/yaml"
      }
    }
  }

  enum Shape: Sendable, Hashable {
    case object
    case table
    case partialMetadata
  }

  var encoding: Encoding = .json
  var shape: Shape = .object
  /// Some form that could have been chosen depends on the `Accept` header (sent as `Vary`).
  var pretty = false

  static let available = [
    "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
  ]

  /// The first acceptable form in the order of the header; `nil` when there is none. Protobuf is
  /// not spoken, so clients must name JSON beside it, as kubectl and client-go do.
  static func negotiate(_ accept: String?, allowsTransforms: Bool = true) -> OutputForm? {
    guard let accept, !accept.isEmpty else { return OutputForm() }
    for type in MediaType.list(accept) {
      let encoding: Encoding
      switch type.name {
      case "application/json", "*/*", "application/*": encoding = .json
      case "application/yaml": encoding = .yaml
      default: continue
      }
      switch type.parameters["as"] {
      case nil: return OutputForm(encoding: encoding)
      case "Table"?:
        if allowsTransforms, type.parameters["g"] == "meta.k8s.io",
          ["v1", "v1beta1"].contains(type.parameters["v"])
        {
          return OutputForm(encoding: encoding, shape: .table)
        }
      case "PartialObjectMetadata"?, "PartialObjectMetadataList"?:
        if allowsTransforms, type.parameters["g"] == "meta.k8s.io",
          ["v1", "v1beta1"].contains(type.parameters["v"])
        {
          return OutputForm(encoding: encoding, shape: .partialMetadata)
        }
      case .some: continue
      }
    }
    return nil
  }
}
