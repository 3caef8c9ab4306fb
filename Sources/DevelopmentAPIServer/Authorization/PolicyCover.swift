import KubernetesAPI

/// Whether rights cover other rights: nobody may grant what they do not hold.
enum PolicyCover {
  /// One verb on one resource of one group, or on one path.
  private struct Right: Hashable {
    var verb: String
    var group = ""
    var resource = ""
    /// Empty for all names.
    var name = ""
    var path = ""

    init(verb: String, group: String, resource: String, name: String) {
      self.verb = verb
      self.group = group
      self.resource = resource
      self.name = name
    }

    init(verb: String, path: String) {
      self.verb = verb
      self.path = path
    }
  }

  /// What of `wanted` no rule of `held` covers, in the words of a real server, sorted.
  static func missing(_ wanted: [JSONValue], held: [JSONValue]) -> [String] {
    let uncovered = wanted.flatMap(rights).filter { right in
      !held.contains { covers($0, right) }
    }
    // Rights that differ only in the verb are named together.
    var verbs: [Right: [String]] = [:]
    for right in uncovered {
      var key = right
      key.verb = ""
      if !(verbs[key] ?? []).contains(right.verb) { verbs[key, default: []].append(right.verb) }
    }
    return verbs.map { description($0, verbs: $1) }.sorted()
  }

  private static func rights(_ rule: JSONValue) -> [Right] {
    var rights: [Right] = []
    for verb in rule.texts("verbs") {
      for path in rule.texts("nonResourceURLs") { rights.append(Right(verb: verb, path: path)) }
      for group in rule.texts("apiGroups") {
        for resource in rule.texts("resources") {
          let names = rule.texts("resourceNames")
          for name in names.isEmpty ? [""] : names {
            rights.append(Right(verb: verb, group: group, resource: resource, name: name))
          }
        }
      }
    }
    return rights
  }

  private static func covers(_ rule: JSONValue, _ right: Right) -> Bool {
    let verbs = rule.texts("verbs")
    guard verbs.contains("*") || verbs.contains(right.verb) else { return false }
    if !right.path.isEmpty {
      return rule.texts("nonResourceURLs").contains { pattern in
        pattern == "*" || pattern == right.path
          || pattern.hasSuffix("*") && right.path.hasPrefix(pattern.dropLast())
      }
    }
    let groups = rule.texts("apiGroups")
    guard groups.contains("*") || groups.contains(right.group) else { return false }
    let resources = rule.texts("resources")
    let subresource = right.resource.split(separator: "/", maxSplits: 1).dropFirst().first
    guard
      resources.contains("*") || resources.contains(right.resource)
        || subresource.map({ resources.contains("*/\($0)") }) ?? false
    else { return false }
    let names = rule.texts("resourceNames")
    return names.isEmpty || !right.name.isEmpty && names.contains(right.name)
  }

  private static func description(_ right: Right, verbs: [String]) -> String {
    func list(_ texts: [String]) -> String {
      "[\(texts.map { JSONValue.string($0).jsonText }.joined(separator: " "))]"
    }
    if !right.path.isEmpty {
      return "{NonResourceURLs:\(list([right.path])), Verbs:\(list(verbs))}"
    }
    var parts = ["APIGroups:\(list([right.group]))", "Resources:\(list([right.resource]))"]
    if !right.name.isEmpty { parts.append("ResourceNames:\(list([right.name]))") }
    parts.append("Verbs:\(list(verbs))")
    return "{\(parts.joined(separator: ", "))}"
  }
}
