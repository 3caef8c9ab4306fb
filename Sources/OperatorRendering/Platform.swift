/// What kind of cluster this is. The two differ in who chooses the user of a Pod, who may use the
/// host's network, and who issues serving certificates.
package enum Platform: String, Sendable, Hashable, CaseIterable {
  case kubernetes
  case openshift

  /// OpenShift is what serves the API group of its routes.
  package init(apiGroups: some Sequence<String>) {
    self = apiGroups.contains("route.openshift.io") ? .openshift : .kubernetes
  }
}
