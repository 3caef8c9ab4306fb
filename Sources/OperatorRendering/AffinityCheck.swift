import KubernetesAPI

/// The rules of `core/v1 Affinity` that the schema of a MetalLB object does not say, and for which the API server would
/// refuse the workloads: weights, operators, and topology keys.
enum AffinityCheck {
  private static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
  private static let required = "requiredDuringSchedulingIgnoredDuringExecution"
  private static let labelOperators = ["In", "NotIn", "Exists", "DoesNotExist"]
  private static let nodeOperators = labelOperators + ["Gt", "Lt"]

  /// - Parameter field: `spec.speakerConfig.affinity`
  static func problems(_ affinity: JSONValue?, field: String) -> [MetalLBProblem] {
    let node = Place(affinity, field)["nodeAffinity"]
    let pods = ["podAffinity", "podAntiAffinity"].map { Place(affinity, field)[$0] }
    var problems = node[preferred].items.flatMap { weight($0) + nodeTerm($0["preference"]) }
    problems += node[required]["nodeSelectorTerms"].items.flatMap(nodeTerm)
    for pod in pods {
      problems += pod[preferred].items.flatMap { weight($0) + podTerm($0["podAffinityTerm"]) }
      problems += pod[required].items.flatMap(podTerm)
    }
    return problems
  }

  /// A value, and the field that it stands in.
  private struct Place {
    var value: JSONValue?
    var field: String

    init(_ value: JSONValue?, _ field: String) {
      self.value = value
      self.field = field
    }

    subscript(name: String) -> Place { Place(value?[name], "\(field).\(name)") }

    var items: [Place] {
      (value?.arrayValue ?? []).enumerated().map { Place($1, "\(field)[\($0)]") }
    }

    func problem(_ message: String) -> MetalLBProblem {
      MetalLBProblem(field: field, message: message)
    }
  }

  private static func weight(_ term: Place) -> [MetalLBProblem] {
    let weight = term["weight"].value?.integerValue
    if let weight, 1...100 ~= weight { return [] }
    let text = weight.map(String.init) ?? "not set"
    return [term["weight"].problem("is \(text): write a number from 1 to 100")]
  }

  private static func nodeTerm(_ term: Place) -> [MetalLBProblem] {
    operators(term["matchExpressions"], nodeOperators)
      + operators(term["matchFields"], ["In", "NotIn"])
  }

  private static func podTerm(_ term: Place) -> [MetalLBProblem] {
    guard term.value != nil else { return [] }
    let topology = term["topologyKey"]
    let isMissing = topology.value?.stringValue?.isEmpty ?? true
    return (isMissing ? [topology.problem("is empty: write a label of nodes")] : [])
      + ["labelSelector", "namespaceSelector"].flatMap {
        operators(term[$0]["matchExpressions"], labelOperators)
      }
  }

  private static func operators(
    _ expressions: Place, _ allowed: [String]
  ) -> [MetalLBProblem] {
    expressions.items.compactMap { expression in
      let place = expression["operator"]
      let text = place.value?.stringValue ?? ""
      if allowed.contains(text) { return nil }
      return place.problem(
        "\"\(text)\" is no operator: write one of \(allowed.joined(separator: ", "))")
    }
  }
}
