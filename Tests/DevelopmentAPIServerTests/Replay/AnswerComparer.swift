import KubernetesAPI

/// Compares answers with recorded ones, up to what another server chooses differently: UIDs, times,
/// resource versions, generated names, addresses and ports. What stands for something once stands for
/// it always.
struct AnswerComparer {
  private var forward: [String: String] = [:]
  private var backward: [String: String] = [:]
  private var words: [String: String] = [:]

  /// What differs, a line each; empty when nothing does.
  mutating func differences(_ want: JSONValue, _ have: JSONValue, mode: String) -> [String] {
    var found: [String] = []
    walk(want, have, "", mode, &found, nil)
    return found
  }

  /// A name that the server made must be known before it is met elsewhere.
  mutating func bindGeneratedName(_ want: JSONValue?, _ have: JSONValue?) {
    let path = ["metadata", "name"]
    guard want?[path: ["metadata", "generateName"]] != nil,
      let a = want?[path: path]?.stringValue, let b = have?[path: path]?.stringValue
    else { return }
    _ = bind("name", a, b)
  }

  private mutating func bind(_ kind: String, _ want: String, _ have: String) -> Bool {
    let there = forward["\(kind) \(want)"] ?? have
    let back = backward["\(kind) \(have)"] ?? want
    forward["\(kind) \(want)"] = there
    backward["\(kind) \(have)"] = back
    let isKnown = there == have && back == want
    if isKnown, kind != "rv", want.count > 4 { words[want] = have }
    return isKnown
  }

  private func text(_ text: String) -> String {
    words.keys.sorted { $0.count > $1.count }.reduce(text) {
      $0.replacing($1, with: words[$1] ?? $1)
    }
  }

  // MARK: Walking

  private static let unordered: Set<String> = [
    "managedFields", "causes", "resourceRules", "nonResourceRules", "ownerReferences",
    "conditions", "verbs",
  ]

  private mutating func walk(
    _ want: JSONValue, _ have: JSONValue, _ place: String, _ mode: String,
    _ found: inout [String], _ parent: JSONObject?
  ) {
    let key = String(place.split(separator: "/").last ?? "")
    let mode = place.hasSuffix("/userInfo") ? "shape" : mode
    switch (want, have) {
    case (.object(let want), .object(let have)):
      walk(want, have, place, mode, &found)
    case (.array(let want), .array(let have)):
      walk(want, have, place, key, mode, &found, parent)
    case (.integer(let a), .integer(let b))
    where ["nodePort", "healthCheckNodePort"].contains(key) && 30000...32767 ~= a
      && 30000...32767 ~= b:
      if mode != "shape", !bind(key, String(a), String(b)) { found.append("\(place): port \(b)") }
    case (.string(let a), .string(let b)):
      if mode != "shape" { compare(a, b, place, key, &found, parent) }
    default:
      let sameType = Self.type(of: want) == Self.type(of: have)
      if !sameType || mode != "shape" && want != have {
        found.append("\(place): \(short(have)), want \(short(want))")
      }
    }
  }

  private mutating func walk(
    _ want: JSONObject, _ have: JSONObject, _ place: String, _ mode: String,
    _ found: inout [String]
  ) {
    var want = want
    if want.keys.contains(where: { $0.contains(Self.uuid) }) {
      want = JSONObject(want.map { (text($0.key), $0.value) })
    }
    for (key, value) in want where have[key] == nil {
      found.append("\(place)/\(key): missing (want \(short(value)))")
    }
    if mode == "exact" {
      for (key, value) in have where want[key] == nil {
        found.append("\(place)/\(key): not expected (\(short(value)))")
      }
    }
    if let base = want["generateName"]?.stringValue, let a = want["name"]?.stringValue,
      let b = have["name"]?.stringValue
    {
      if b.hasPrefix(base), a.count == b.count {
        _ = bind("name", a, b)
      } else {
        found.append("\(place)/name: \(b) does not fit generateName")
      }
    }
    for (key, value) in want {
      if let other = have[key] { walk(value, other, "\(place)/\(key)", mode, &found, want) }
    }
  }

  private mutating func walk(
    _ want: [JSONValue], _ have: [JSONValue], _ place: String, _ key: String, _ mode: String,
    _ found: inout [String], _ parent: JSONObject?
  ) {
    if mode == "subset" {
      subset(want, have, place, mode, &found, parent)
      return
    }
    if mode == "shape" {
      if let a = want.first, let b = have.first { walk(a, b, "\(place)/0", mode, &found, parent) }
      return
    }
    guard want.count == have.count else {
      found.append(
        "\(place): \(have.count) entries, want \(want.count): \(short(.array(have))), "
          + "want \(short(.array(want)))")
      return
    }
    var (want, have) = (want, have)
    if Self.unordered.contains(key) {
      want = sorted(want)
      have = sorted(have)
    }
    for (index, (a, b)) in zip(want, have).enumerated() {
      walk(a, b, "\(place)/\(index)", mode, &found, parent)
    }
  }

  private mutating func subset(
    _ want: [JSONValue], _ have: [JSONValue], _ place: String, _ mode: String,
    _ found: inout [String], _ parent: JSONObject?
  ) {
    for element in want {
      guard element.objectValue != nil else {
        if !have.contains(element) { found.append("\(place): no \(short(element))") }
        continue
      }
      let identity = Self.identity(element)
      if let same = have.first(where: { Self.identity($0) == identity }) {
        walk(element, same, "\(place)/\(identity)", mode, &found, parent)
      } else {
        found.append("\(place): no \(identity)")
      }
    }
  }

  private func sorted(_ values: [JSONValue]) -> [JSONValue] {
    func order(_ value: JSONValue) -> String {
      var value = value
      for key in ["time", "lastTransitionTime", "uid"] where value.objectValue != nil {
        value[key] = nil
      }
      return plain(text(Self.canonical(value)))
    }
    return values.map { (order($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private static func type(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "bool"
    case .integer, .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  private static func canonical(_ value: JSONValue) -> String {
    switch value {
    case .object(let members):
      let texts = members.sorted { $0.key < $1.key }.map { "\($0.key):\(canonical($0.value))" }
      return "{\(texts.joined(separator: ","))}"
    case .array(let elements): return "[\(elements.map(canonical).joined(separator: ","))]"
    case .null, .bool, .integer, .double, .string: return value.jsonText
    }
  }

  private static func identity(_ value: JSONValue) -> String {
    for keys in [
      ["subresource"], ["name"], ["metadata"], ["groupVersion"], ["resource"], ["kind"],
      ["version"], ["type"],
    ] where keys.allSatisfy({ value[$0] != nil }) {
      return keys.map { key in
        key == "metadata"
          ? value[path: ["metadata", "name"]]?.stringValue ?? "" : value[key]?.jsonText ?? ""
      }.joined(separator: ",")
    }
    return ""
  }

  // MARK: Texts

  private mutating func compare(
    _ want: String, _ have: String, _ place: String, _ key: String, _ found: inout [String],
    _ parent: JSONObject?
  ) {
    if want == have, key != "uid", key != "resourceVersion" { return }
    func differs() {
      found.append("\(place): \(short(.string(have))), want \(short(.string(want)))")
    }
    if key == "uid" || want.wholeMatch(of: Self.uuid) != nil {
      if !bind("uid", want, have) { found.append("\(place): \(have) does not stand for \(want)") }
      return
    }
    if key == "resourceVersion" {
      if !have.allSatisfy(\.isNumber) || want.isEmpty != have.isEmpty {
        differs()
      } else if let parent, parent["name"] != nil || parent["uid"] != nil,
        parent["creationTimestamp"] != nil, !bind("rv", want, have)
      {
        found.append("\(place): \(have): the object changed, or did not, unlike the recording")
      }
      return
    }
    if key == "continue", !want.isEmpty, !have.isEmpty { return }
    if want.wholeMatch(of: Self.time) != nil, have.wholeMatch(of: Self.time) != nil,
      want.count == have.count
    {
      return
    }
    let isAddress =
      want.wholeMatch(of: Self.address) != nil
      && have.wholeMatch(of: Self.address) != nil
    if key == "clusterIP" || place.contains("/clusterIPs/"), isAddress {
      _ = bind("ip", want, have)
      return
    }
    if place.contains("/cells/") {
      let isAge = want.wholeMatch(of: Self.age) != nil && have.wholeMatch(of: Self.age) != nil
      if isAge || isAddress { return }
    }
    let (a, b) = (plain(text(want)), plain(have))
    if a == b { return }
    if key == "message" || place.hasPrefix("/headers"), Self.loose(a) == Self.loose(b) { return }
    differs()
  }

  /// Lists of errors come in no fixed order.
  private static func loose(_ text: String) -> [Substring] {
    text.split { " ,[]\n".contains($0) }.sorted()
  }

  private func plain(_ text: String) -> String {
    var text = text.replacing(Self.uuid, with: "<uid>").replacing(Self.anyTime, with: "<time>")
    let lower = text.lowercased()
    if lower.contains("resource version") || lower.contains("resourceversion in the precondition") {
      text = text.replacing(/\d+/, with: "<n>")
    }
    text = text.replacing(/\bkube-api-access-\w{5}\b/, with: "kube-api-access-<x>")
    text = text.replacing(/(resourceVersion\W+)\d+/) { "\($0.1)<n>" }
    return text.replacing(/(127\.0\.0\.1|localhost):\d+/) { "\($0.1):<port>" }
  }

  private static var uuid: Regex<Substring> {
    /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/
  }
  private static var time: Regex<Substring> { /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z/ }
  private static var anyTime: Regex<Substring> {
    /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+-]\d{4} UTC)?(?: m=\+[\d.]+)?/
  }
  private static var age: Regex<Substring> { /<unknown>|<invalid>|(?:\d+[smhdy])+/ }
  private static var address: Regex<Substring> { /\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]+/ }

  private func short(_ value: JSONValue) -> String {
    let text = value.jsonText
    return text.count > 300 ? text.prefix(300) + "…" : text
  }
}
