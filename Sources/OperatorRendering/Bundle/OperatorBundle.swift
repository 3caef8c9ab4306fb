import KubernetesAPI
import KubernetesYAML
import MetalLBAPI

/// The bundle for the Operator Lifecycle Manager (format `registry+v1`): the same installation, in the lifecycle
/// manager's words. Its images are those of the installation.
///
/// There is one for each platform, as there are two catalogs: on OpenShift the user of a Pod is the cluster's choice
/// and must not be named, elsewhere it must be named because the image runs as root (speakers need that for NET_RAW);
/// and nodes of OpenShift have other ports free.
package enum OperatorBundle {
  /// One file of the bundle.
  package struct File: Sendable, Hashable {
    /// Below the bundle's folder.
    package var path: String
    package var text: String
  }

  /// All files, by path.
  package static func files(_ installation: Installation) throws -> [File] {
    var installation = installation
    installation.packaging = .lifecycleManager
    let version = ClusterServiceVersion(installation: installation)
    var files = [
      File(
        path: "manifests/\(ClusterServiceVersion.package).clusterserviceversion.yaml",
        text: try version.render().yamlText()),
      File(
        path: "metadata/annotations.yaml",
        text: try annotations(installation.platform).yamlText()),
      File(path: "tests/scorecard/config.yaml", text: try scorecard.yamlText()),
      File(path: "bundle.Dockerfile", text: dockerfile(installation.platform)),
    ]
    let definitions = zip(
      CustomResourceDefinitions.yaml,
      CustomResourceDefinitions.yaml(namespace: installation.namespace))
    files += definitions.map { File(path: "manifests/\($0.plural).yaml", text: $1) }
    let objects = try installation.objects()
    let namespace = installation.namespace
    files += try objects.filter {
      isShippedAlone($0, among: objects, namespace: namespace)
    }.map { object in
      var value = object.value
      // The lifecycle manager puts it into the operator's namespace.
      value[path: ["metadata", "namespace"]] = nil
      return File(
        path: "manifests/\(object.name.name)_\(object.resource.kind.lowercased()).yaml",
        text: try value.yamlText())
    }
    return files.sorted { $0.path < $1.path }
  }

  /// The rest stands in the ClusterServiceVersion, or is made by the lifecycle manager: Services and certificates of
  /// webhooks and their registrations, service accounts that have rights, the namespace.
  private static func isShippedAlone(
    _ object: RenderedObject, among objects: [RenderedObject], namespace: String
  ) -> Bool {
    if object.resource == NetworkPolicy.resource { return true }
    guard isRole(object) else { return isForOthers(object, namespace: namespace) }
    // For people to bind, or for somebody else's account.
    return objects.filter { isBinding($0, of: object) }.allSatisfy {
      isForOthers($0, namespace: namespace)
    }
  }

  private static func isRole(_ object: RenderedObject) -> Bool {
    object.resource == ClusterRole.resource || object.resource == Role.resource
  }

  private static func isBinding(_ object: RenderedObject, of role: RenderedObject) -> Bool {
    let reference = object.value["roleRef"]
    return reference?["kind"]?.stringValue == role.resource.kind
      && reference?["name"]?.stringValue == role.name.name
      && object.name.namespace == role.name.namespace
  }

  /// Whether it binds accounts that do not come with the bundle, which cannot grant them anything otherwise.
  private static func isForOthers(_ object: RenderedObject, namespace: String) -> Bool {
    guard object.resource == RoleBinding.resource else { return false }
    let subjects = object.value["subjects"]?.arrayValue ?? []
    return subjects.allSatisfy { $0["namespace"]?.stringValue != namespace }
  }

  private static let channels = ["alpha", "stable"]

  private static func labels(_ platform: Platform) -> [(String, String)] {
    switch platform {
    case .kubernetes: commonLabels
    case .openshift: commonLabels + [("com.redhat.openshift.versions", "v4.13")]
    }
  }

  private static let commonLabels: [(String, String)] = [
    ("operators.operatorframework.io.bundle.mediatype.v1", "registry+v1"),
    ("operators.operatorframework.io.bundle.manifests.v1", "manifests/"),
    ("operators.operatorframework.io.bundle.metadata.v1", "metadata/"),
    ("operators.operatorframework.io.bundle.package.v1", ClusterServiceVersion.package),
    // The first one is upstream's: its subscriptions go on.
    ("operators.operatorframework.io.bundle.channels.v1", channels.joined(separator: ",")),
    ("operators.operatorframework.io.bundle.channel.default.v1", "stable"),
    ("operators.operatorframework.io.test.mediatype.v1", "scorecard+v1"),
    ("operators.operatorframework.io.test.config.v1", "tests/scorecard/"),
  ]

  private static func annotations(_ platform: Platform) -> JSONValue {
    ["annotations": .object(JSONObject(labels(platform).map { ($0, .string($1)) }))]
  }

  private static func dockerfile(_ platform: Platform) -> String {
    let lines =
      ["FROM scratch", ""] + labels(platform).map { "LABEL \($0)=\($1)" }
      + [
        "", "COPY manifests /manifests/", "COPY metadata /metadata/",
        "COPY tests/scorecard /tests/scorecard/",
      ]
    return lines.map { "\($0)\n" }.joined()
  }

  /// The tests that the lifecycle manager's tool runs against a bundle.
  private static var scorecard: JSONValue {
    let image = "quay.io/operator-framework/scorecard-test:v1.41.0"
    let tests = [
      ("basic", "basic-check-spec"), ("olm", "olm-bundle-validation"),
      ("olm", "olm-crds-have-validation"), ("olm", "olm-crds-have-resources"),
      ("olm", "olm-spec-descriptors"), ("olm", "olm-status-descriptors"),
    ].map { suite, name -> JSONValue in
      [
        "entrypoint": ["scorecard-test", .string(name)],
        "image": .string(image),
        "labels": ["suite": .string(suite), "test": .string("\(name)-test")],
      ]
    }
    return [
      "apiVersion": "scorecard.operatorframework.io/v1alpha3",
      "kind": "Configuration",
      "metadata": ["name": "config"],
      "stages": [["parallel": true, "tests": .array(tests)]],
    ]
  }
}
