import KubernetesAPI
package import MetalLBAPI
import NetworkAddresses

/// One thing in a MetalLB object that cannot be rendered, with the field to mend.
package struct MetalLBProblem: Error, Hashable, CustomStringConvertible {
  /// `spec.speakerTolerations[0].tolerationSeconds`
  package var field: String
  package var message: String

  package var description: String { "\(field): \(message)" }
}

/// The rules of a MetalLB object that its schema cannot say. Asked on admission, and again before
/// each rendering, because an object may be older than its webhook.
package enum MetalLBValidation {
  /// Everything that is wrong, in the order of the fields.
  package static func problems(
    in spec: MetalLB.Spec, environment: OperatorEnvironment
  ) -> [MetalLBProblem] {
    tolerationProblems(spec.controllerTolerations, field: "spec.controllerTolerations")
      + tolerationProblems(spec.speakerTolerations, field: "spec.speakerTolerations")
      + AffinityCheck.problems(
        spec.controllerConfig?.affinity, field: "spec.controllerConfig.affinity")
      + AffinityCheck.problems(spec.speakerConfig?.affinity, field: "spec.speakerConfig.affinity")
      + backendProblems(spec, environment) + blockProblems(spec)
  }

  /// core/v1 Toleration: only `NoExecute` evicts, so only there a delay has a meaning.
  private static func tolerationProblems(
    _ tolerations: [Toleration]?, field: String
  ) -> [MetalLBProblem] {
    (tolerations ?? []).enumerated().compactMap { index, toleration in
      guard let seconds = toleration.tolerationSeconds, seconds > 0,
        toleration.effect != "NoExecute"
      else { return nil }
      return MetalLBProblem(
        field: "\(field)[\(index)].tolerationSeconds",
        message: "needs the effect NoExecute, which is \"\(toleration.effect ?? "")\"")
    }
  }

  private static func backendProblems(
    _ spec: MetalLB.Spec, _ environment: OperatorEnvironment
  ) -> [MetalLBProblem] {
    guard let name = spec.bgpBackend, !name.isEmpty else { return [] }
    guard let backend = BGPBackend(rawValue: name) else {
      let names = BGPBackend.allCases.map(\.rawValue).joined(separator: ", ")
      return [
        MetalLBProblem(
          field: "spec.bgpBackend", message: "\"\(name)\" is not a backend: write one of \(names)")
      ]
    }
    guard backend == .frrK8sExternal,
      environment.frrK8sNamespace(of: spec, backend: backend) == nil
    else { return [] }
    return [
      MetalLBProblem(
        field: "spec.frrk8sConfig.namespace",
        message: "is needed with the backend frr-k8s-external: write where frr-k8s runs")
    ]
  }

  private static func blockProblems(_ spec: MetalLB.Spec) -> [MetalLBProblem] {
    (spec.frrk8sConfig?.alwaysBlock ?? []).enumerated().compactMap { index, text in
      do throws(AddressNotationError) {
        _ = try CIDRBlock(notation: text.trimmingSpaces)
        return nil
      } catch {
        return MetalLBProblem(field: "spec.frrk8sConfig.alwaysBlock[\(index)]", message: "\(error)")
      }
    }
  }
}
