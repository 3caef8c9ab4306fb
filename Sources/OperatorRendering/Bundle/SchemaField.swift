import KubernetesAPI

/// One field of a custom resource as its schema describes it.
struct SchemaField: Sendable, Hashable {
  /// Below `spec` or `status`; an item of a list is written `peers[0]`.
  var path: String
  var description: String?
  /// `string`, `object` …; `nil` where the schema takes several.
  var type: String?
  /// Values of an enumeration.
  var values: [String]

  /// All fields of one part, `spec` or `status`, of a version's schema, each before those inside it.
  static func all(in part: String, ofSchema schema: JSONValue) -> [SchemaField] {
    guard let properties = schema[path: ["properties", part, "properties"]] else { return [] }
    return fields(properties, prefix: "")
  }

  private static func fields(_ properties: JSONValue, prefix: String) -> [SchemaField] {
    (properties.objectValue ?? [:]).flatMap { name, schema in
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      let field = SchemaField(
        path: path, description: schema["description"]?.stringValue,
        type: schema["type"]?.stringValue,
        values: schema["enum"]?.arrayValue?.compactMap(\.stringValue) ?? [])
      var inner: [SchemaField] = []
      if let members = schema["properties"] { inner = fields(members, prefix: path) }
      if let members = schema[path: ["items", "properties"]] {
        inner = fields(members, prefix: "\(path)[0]")
      }
      return [field] + inner
    }
  }

  /// `bgpBackend` as people read it: `BGP Backend`.
  var displayName: String {
    let name = path.split(separator: ".").last.map(String.init) ?? path
    return Self.words(name).map { word in
      Self.spellings[word.lowercased()] ?? word.prefix(1).uppercased() + word.dropFirst()
    }.joined(separator: " ")
  }

  /// What a console makes of the field.
  var controls: [String] {
    if path == "conditions" { return ["urn:alm:descriptor:io.kubernetes.conditions"] }
    let ui = "urn:alm:descriptor:com.tectonic.ui:"
    let name = path.split(separator: ".").last ?? ""
    switch (name, type) {
    case ("resources", "object"): return ["\(ui)resourceRequirements"]
    case (_, "boolean"): return ["\(ui)booleanSwitch"]
    case (_, "integer"): return ["\(ui)number"]
    case (_, "string"): return values.isEmpty ? ["\(ui)text"] : values.map { "\(ui)select:\($0)" }
    default: return []
    }
  }

  /// Splits where a small letter or digit is followed by a capital one, and before the last of several capitals.
  static func words(_ name: String) -> [String] {
    var words: [String] = []
    let letters = Array(name)
    for (index, letter) in letters.enumerated() {
      let isStart =
        index == 0
        || letter.isUppercase
          && (!letters[index - 1].isUppercase
            || index + 1 < letters.count && letters[index + 1].isLowercase
              && letters[index + 1] != "s")
      if isStart { words.append("") }
      words[words.count - 1].append(letter)
    }
    return words
  }

  private static let spellings = [
    "asn": "ASN", "bfd": "BFD", "bgp": "BGP", "ebgp": "EBGP", "frr": "FRR", "frrk8s": "FRR-K8s",
    "id": "ID", "ip": "IP", "ips": "IPs", "ipv4": "IPv4", "ipv6": "IPv6", "l2": "L2", "mp": "MP",
    "ttl": "TTL", "v4": "V4", "v6": "V6", "vrf": "VRF", "vrfs": "VRFs",
  ]
}
