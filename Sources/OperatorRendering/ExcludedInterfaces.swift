import KubernetesAPI
import KubernetesYAML

/// The ConfigMap `metallb-excludel2`: interfaces that no speaker announces on.
enum ExcludedInterfaces {
  /// Regular expressions for interfaces that lead to Pods, containers and virtual machines of the
  /// node itself.
  private static let patterns = [
    "^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$", "^cali.*",
    "^tunl.*", "^flannel.*", "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*",
  ]

  static func configMap(_ input: RenderingInput) throws -> ConfigMap {
    let document: JSONValue = ["announcedInterfacesToExclude": .strings(patterns)]
    return ConfigMap(
      metadata: input.metadata(ObjectName.excludedInterfaces, component: ComponentName.speaker),
      data: ["excludel2.yaml": try document.yamlText()])
  }
}
