package import KubernetesAPI
import KubernetesYAML
package import MetalLBAPI

/// What a file of Helm values asks for, in the words of the operator: a `MetalLB` object, objects of configuration,
/// and options of the operator's own installation.
///
/// Three shapes of files are read, told apart by their first keys: values of upstream's chart, also under the key
/// `metallb` of a chart around it; and both flavours of a vendor's pack, `manifests.metallb` (a list of addresses)
/// and `charts.metallb-full` (objects by name, with chart values beside them).
///
/// Every value is either read, or known to have no counterpart, or unknown; of the last two ``problems`` tells the
/// path, unless the value is the chart's own default and so asks for nothing. Values that Helm takes for absent
/// (null) are absent.
package struct ChartValues: Sendable, Hashable {
  package var metalLB: MetalLB
  /// IPAddressPools, L2Advertisements and whatever else the values hold, ready to be applied.
  package var objects: [JSONValue] = []
  package var options = InstallOptions()
  package var problems: [ChartProblem] = []

  /// What concerns the installation of the operator, not the MetalLB object.
  package struct InstallOptions: Sendable, Hashable {
    /// Where the pack installs; `nil` leaves it to the caller.
    package var namespace: String?
    /// Labels for that namespace.
    package var namespaceLabels: [String: String] = [:]
    package var controllerImage: String?
    package var speakerImage: String?
    package var frrImage: String?
    package var frrK8sImage: String?
    /// Variables of the operator's container (`METRICS_PORT` …).
    package var environment: [String: String] = [:]
    /// Whether all traffic of the namespace is denied that no policy allows; `nil` leaves it to the installation.
    package var hasDenyPolicy: Bool?

    package init() {}
  }

  /// - Parameter namespace: of the objects, unless the file names another one.
  /// - Throws: `YAMLReadingError`, or `ChartProblem` when the text is no mapping. Everything else that is wrong is in
  ///   ``problems``.
  package init(yaml text: String, namespace: String) throws {
    let document = try JSONValue(yaml: text)
    guard document.isNull || document.objectValue != nil else {
      throw ChartProblem(.invalid, path: "", "values are keys and values, not a list or a text")
    }
    metalLB = MetalLB(
      metadata: ObjectMeta(name: MetalLB.singletonName), spec: MetalLB.Spec())
    var reading = ChartReading()
    reading.read(document)
    finish(reading, namespace: namespace)
  }

  private mutating func finish(_ reading: ChartReading, namespace: String) {
    metalLB.spec = reading.finishedSpec()
    options = reading.finishedOptions()
    let namespace = options.namespace ?? namespace
    metalLB.metadata.namespace = namespace
    objects = reading.objects.map { object in
      var object = object
      object[path: ["metadata", "namespace"]] = .string(namespace)
      return object
    }
    problems = reading.problems + reading.contradictions()
  }

  /// Whether nothing stands against installing what was read: values without effect do not.
  package var isUsable: Bool { problems.allSatisfy { !$0.isError } }
}
