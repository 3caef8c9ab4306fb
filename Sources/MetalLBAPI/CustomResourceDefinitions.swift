/// The CRDs of `crds/`, as they stand in the binary.
package enum CustomResourceDefinitions {
  /// YAML texts, one document each, by the plural of the kind they define, in that order.
  package static let yaml: [(plural: String, text: String)] = [
    ("addresspools", PackageResources.addresspools_yaml),
    ("bfdprofiles", PackageResources.bfdprofiles_yaml),
    ("bgpadvertisements", PackageResources.bgpadvertisements_yaml),
    ("bgppeers", PackageResources.bgppeers_yaml),
    ("bgpsessionstates", PackageResources.bgpsessionstates_yaml),
    ("communities", PackageResources.communities_yaml),
    ("configurationstates", PackageResources.configurationstates_yaml),
    ("frrconfigurations", PackageResources.frrconfigurations_yaml),
    ("frrk8sconfigurations", PackageResources.frrk8sconfigurations_yaml),
    ("frrnodestates", PackageResources.frrnodestates_yaml),
    ("ipaddresspools", PackageResources.ipaddresspools_yaml),
    ("l2advertisements", PackageResources.l2advertisements_yaml),
    ("metallbs", PackageResources.metallbs_yaml),
    ("servicebgpstatuses", PackageResources.servicebgpstatuses_yaml),
    ("servicel2statuses", PackageResources.servicel2statuses_yaml),
  ].map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }

  /// The same texts for an installation in this namespace: the conversion of BGPPeer is asked of a Service there.
  package static func yaml(namespace: String) -> [String] {
    yaml.map { $0.text.replacing("namespace: metallb-system\n", with: "namespace: \(namespace)\n") }
  }
}
