package import IPAllocation
import KubernetesAPI
import NetworkAddresses

extension ConfiguredPool {
  /// The pool as the allocator takes it.
  package var allocationPool: Pool {
    Pool(
      name: name, blocks: ranges.flatMap(\.blocks), autoAssign: autoAssign,
      avoidBuggyIPs: avoidBuggyIPs,
      serviceAllocation: serviceAllocation.map {
        IPAllocation.ServiceAllocation(
          priority: $0.priority, namespaces: $0.namespaces,
          serviceSelectors: $0.serviceSelectors.map { ServiceSelector($0) })
      })
  }
}

extension ServiceSelector {
  /// A selector that passed validation.
  fileprivate init(_ selector: LabelSelector) {
    let labels = (selector.matchLabels ?? [:]).map {
      Requirement.isIn(key: $0.key, values: [$0.value])
    }
    let expressions = (selector.matchExpressions ?? []).map { requirement -> Requirement in
      let values = Set(requirement.values ?? [])
      switch requirement.operator {
      case "NotIn": return .isNotIn(key: requirement.key, values: values)
      case "Exists": return .exists(key: requirement.key)
      case "DoesNotExist": return .doesNotExist(key: requirement.key)
      default: return .isIn(key: requirement.key, values: values)
      }
    }
    self.init(labels + expressions)
  }
}
