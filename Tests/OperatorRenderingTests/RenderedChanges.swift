import KubernetesAPI
import OperatorRendering

/// Where two renderings differ, one line for each value: `DaemonSet speaker spec…containers.speaker.args: +--lb-class=x`.
/// Items of lists go by their name; lists of texts are compared as sets.
func renderedChanges(
  from before: RenderingInput, to after: RenderingInput
) throws -> Set<String> {
  let old = try values(Workloads.render(before))
  let new = try values(Workloads.render(after))
  var changes: Set<String> = []
  for key in Set(old.keys).union(new.keys) {
    switch (old[key], new[key]) {
    case (let old?, let new?) where old == new: continue
    case (let old?, let new?): changes.formUnion(differences(key, old, new))
    case (nil, _?): changes.insert("+\(key)")
    case (_?, nil): changes.insert("-\(key)")
    case (nil, nil): continue
    }
  }
  return changes
}

private func values(_ objects: [RenderedObject]) -> [String: JSONValue] {
  Dictionary(
    objects.map { ("\($0.resource.kind) \($0.name.name)", $0.value) }, uniquingKeysWith: { $1 })
}

private func differences(_ path: String, _ old: JSONValue, _ new: JSONValue) -> Set<String> {
  if old == new { return [] }
  if let old = members(old), let new = members(new) {
    var result: Set<String> = []
    for key in Set(old.keys).union(new.keys) {
      let below = "\(path).\(key)"
      switch (old[key], new[key]) {
      case (let old?, let new?): result.formUnion(differences(below, old, new))
      case (nil, let new?): result.insert("+\(below)\(text(new))")
      case (let old?, nil): result.insert("-\(below)\(text(old))")
      case (nil, nil): continue
      }
    }
    return result
  }
  if let old = texts(old), let new = texts(new) {
    return Set(new.subtracting(old).map { "\(path): +\($0)" })
      .union(old.subtracting(new).map { "\(path): -\($0)" })
  }
  return ["\(path): \(old.jsonText) > \(new.jsonText)"]
}

private func text(_ value: JSONValue) -> String {
  switch value {
  case .object, .array: ""
  case .null, .bool, .integer, .double, .string: "=\(value.stringValue ?? value.jsonText)"
  }
}

/// The members of an object, or of a list of named objects.
private func members(_ value: JSONValue) -> [String: JSONValue]? {
  if let object = value.objectValue {
    return Dictionary(object.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }
  guard let items = value.arrayValue, !items.isEmpty else { return nil }
  let named = items.compactMap { item in
    (item["name"] ?? item["key"] ?? item["port"])?.stringValue.map { ($0, item) }
  }
  return named.count == items.count ? Dictionary(named, uniquingKeysWith: { $1 }) : nil
}

private func texts(_ value: JSONValue) -> Set<String>? {
  guard let items = value.arrayValue else { return nil }
  let texts = items.compactMap(\.stringValue)
  return texts.count == items.count ? Set(texts) : nil
}
