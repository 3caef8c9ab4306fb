import KubernetesAPI
import NetworkAddresses

/// What a Node must satisfy, and what of it stays as it is once it is set.
enum NodeRules {
  /// One internal list is behind both fields: the single one is its first element, and wins where both are given.
  static func joinPodCIDRs(_ node: inout JSONValue) {
    let first = node.text("spec", "podCIDR")
    var all = node.texts("spec", "podCIDRs")
    if !first.isEmpty, all.first != first { all = [first] }
    guard let first = all.first else { return }
    node[path: ["spec", "podCIDR"]] = .string(first)
    node[path: ["spec", "podCIDRs"]] = .array(all.map(JSONValue.string))
  }

  /// `TaintNodesByCondition`: nothing runs on a Node before it reported ready.
  static func addNotReadyTaint(_ node: inout JSONValue) {
    let taint: JSONValue = ["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]
    let taints = node.list("spec", "taints")
    if !taints.contains(where: { $0["key"] == taint["key"] && $0["effect"] == taint["effect"] }) {
      node[path: ["spec", "taints"]] = .array(taints + [taint])
    }
  }

  static func validate(_ node: JSONValue) -> [FieldError] {
    validateTaints(node) + validateResources(node) + validatePodCIDRs(node)
  }

  static func validateUpdate(_ node: JSONValue, old: JSONValue) -> [FieldError] {
    var errors = validate(node) + validateAddresses(node)
    let before = old.texts("spec", "podCIDRs")
    if !before.isEmpty, node.texts("spec", "podCIDRs") != before {
      errors.append(
        .forbidden(
          "spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid"))
    }
    let provider = old.text("spec", "providerID")
    if !provider.isEmpty, node.text("spec", "providerID") != provider {
      errors.append(
        .forbidden(
          "spec.providerID", "node updates may not change providerID except from \"\" to valid"))
    }
    // A real server looks at them twice.
    errors += validateTaints(node)
    if node.text("spec", "externalID") != old.text("spec", "externalID") {
      errors.append(.forbidden("spec.externalID", "may not be updated"))
    }
    return errors
  }

  static func validateStatus(_ node: JSONValue) -> [FieldError] {
    validateResources(node) + validateAddresses(node)
  }

  private static func validateTaints(_ node: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    var seen: Set<[String]> = []
    for (index, taint) in node.list("spec", "taints").enumerated() {
      // A real server spells it so.
      let path = "metadata.taints[\(index)]"
      let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"))
      errors += NameRules.qualifiedName(key).map { .invalid("\(path).key", .string(key), $0) }
      errors += NameRules.labelValue(value).map { .invalid("\(path).value", .string(value), $0) }
      if effect.isEmpty {
        errors.append(.required("\(path).effect"))
      } else if !effects.contains(effect) {
        errors.append(.notSupported("\(path).effect", .string(effect), supported: effects))
      }
      if !seen.insert([key, effect]).inserted {
        let quoted: JSONValue = [
          "Key": .string(key), "Value": .string(value), "Effect": .string(effect),
          "TimeAdded": taint["timeAdded"] ?? .null,
        ]
        errors.append(
          FieldError(
            .duplicate, path, value: quoted,
            detail: "taints must be unique by key and effect pair"))
      }
    }
    return errors
  }

  private static let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

  private static func validatePodCIDRs(_ node: JSONValue) -> [FieldError] {
    let texts = node.texts("spec", "podCIDRs")
    var errors: [FieldError] = []
    for (index, text) in texts.enumerated() {
      errors += fault(ofCIDR: text, at: "spec.podCIDRs[\(index)]")
    }
    let families = texts.compactMap { CIDRBlock($0)?.first.family }
    if texts.count > 1, families.count == texts.count, Set(families).count < texts.count {
      errors.append(
        .invalid(
          "spec.podCIDRs", .array(texts.map(JSONValue.string)),
          "may specify no more than one CIDR for each IP family"))
    }
    return errors
  }

  private static func fault(ofCIDR text: String, at path: String) -> [FieldError] {
    guard let block = CIDRBlock(text) else {
      return CIDRBlock(withoutLeadingZeros(text)) == nil
        ? [.invalidCIDR(path, text)]
        : [.invalid(path, .string(text), "must not have leading 0s in IP or prefix length")]
    }
    guard text.split(separator: "/").first.flatMap({ IPAddress($0) }) != block.first else {
      return []
    }
    return [.invalid(path, .string(text), "must not have bits set beyond the prefix length")]
  }

  /// `010.1.0.0/024` as `10.1.0.0/24`
  private static func withoutLeadingZeros(_ text: String) -> String {
    text.split(separator: "/", omittingEmptySubsequences: false).map { part in
      part.split(separator: ".", omittingEmptySubsequences: false).map { number in
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return number }
        let rest = number.drop { $0 == "0" }
        return rest.isEmpty ? number.suffix(1) : rest
      }.joined(separator: ".")
    }.joined(separator: "/")
  }

  private static func validateAddresses(_ node: JSONValue) -> [FieldError] {
    var seen: Set<JSONValue> = []
    return node.list("status", "addresses").enumerated().compactMap { index, address in
      let quoted: JSONValue = [
        "Type": .string(address.text("type")), "Address": .string(address.text("address")),
      ]
      guard !seen.insert(quoted).inserted else { return nil }
      return .duplicate("status.addresses[\(index)]", quoted)
    }
  }

  private static func validateResources(_ node: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    for list in ["capacity", "allocatable"] {
      for (name, value) in node[path: ["status", list]]?.objectValue ?? [:] {
        guard let quantity = Quantity(value.stringValue ?? "") else { continue }
        let path = "status.\(list).\(name)"
        if quantity.nanos < 0 {
          errors.append(.invalid(path, value, "must be greater than or equal to 0"))
        }
        if isCounted(name), quantity.nanos % 1_000_000_000 != 0 {
          errors.append(.invalid(path, value, "must be an integer"))
        }
      }
    }
    return errors
  }

  /// Pods and devices; of the others a node may have fractions.
  private static func isCounted(_ resource: String) -> Bool {
    guard let slash = resource.firstIndex(of: "/") else { return resource == "pods" }
    return !resource[..<slash].hasSuffix("kubernetes.io") && !resource.hasPrefix("requests.")
  }
}
