/// The CRDs of `crds/`, as they stand in the binary.
package enum CustomResourceDefinitions {
  /// YAML texts, one document each, by the plural of the kind they define, in that order.
  package static let yaml: [(plural: String, text: String)] = [
    ("addresspools", PackageResources.addresspools_yaml),
    ("configurationstates", PackageResources.configurationstates_yaml),
    ("ipaddresspools", PackageResources.ipaddresspools_yaml),
    ("l2advertisements", PackageResources.l2advertisements_yaml),
    ("metallbs", PackageResources.metallbs_yaml),
    ("servicel2statuses", PackageResources.servicel2statuses_yaml),
  ].map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
}
