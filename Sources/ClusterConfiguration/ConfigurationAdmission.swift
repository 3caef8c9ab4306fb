package import KubernetesAPI

/// Decides whether a change of the configuration may be made, beside everything else that configures the cluster.
///
/// A change is refused when afterwards the object itself is at fault, or another object is that was not before. What is
/// missing only as a reference is no reason, because objects are created in any order: it is a warning, like a name that
/// is no pool's.
package struct ConfigurationAdmission: Sendable {
  /// Why the change is refused: one line that names object, field and remedy. Nil when it is not.
  package var denial: String?
  /// What most likely is a mistake and was not there before.
  package var warnings: [String]

  /// - Parameters:
  ///   - before: the sources as they stand.
  ///   - after: the sources as they would be.
  ///   - object: what is created or changed; nil for a deletion.
  package init(
    before: ConfigurationSources, after: ConfigurationSources, object: ConfigurationObject?
  ) {
    var (old, new) = (ConfigurationAssembler(), ConfigurationAssembler())
    let known = old.assemble(before)
    let assessment = new.assemble(after)
    let knownFaults = Set(known.problems.map { Fault($0) })
    let knownWarnings = Set(known.warnings)
    let news = assessment.problems.filter { problem in
      object.map { problem.object.isSame(as: $0) } == true || !knownFaults.contains(Fault(problem))
    }
    let grave = news.filter { !$0.fault.isMissingReference }
    let own = object.flatMap { object in grave.first { $0.object.isSame(as: object) } }
    denial = (own ?? grave.first).map { problem in
      own == nil ? "\(problem.object): \(problem.fault)" : problem.fault.description
    }
    warnings = news.filter(\.fault.isMissingReference).map { "\($0.object): \($0.fault)" }
    warnings += assessment.warnings.filter { !knownWarnings.contains($0) }.map(\.description)
  }

  /// One fault of one object, however it is worded.
  private struct Fault: Hashable {
    var object: ConfigurationObject
    var reason: ConfigurationFault.Reason

    init(_ problem: ConfigurationProblem) {
      object = problem.object
      object.reference.uid = nil
      reason = problem.fault.reason
    }
  }
}

extension ConfigurationSources {
  /// Puts an object in place of the one of its name, or beside the others.
  package mutating func put<R: KubernetesResource>(
    _ object: R, in kind: WritableKeyPath<Self, [R]>
  ) {
    self[keyPath: kind].removeAll { $0.namespacedName == object.namespacedName }
    self[keyPath: kind].append(object)
  }

  package mutating func remove<R: KubernetesResource>(
    _ name: NamespacedName, from kind: WritableKeyPath<Self, [R]>
  ) {
    self[keyPath: kind].removeAll { $0.namespacedName == name }
  }

  /// Puts an object in place of the one of this name, or nothing.
  package mutating func replace<R: KubernetesResource>(
    _ name: NamespacedName, by object: R?, in kind: WritableKeyPath<Self, [R]>
  ) {
    remove(name, from: kind)
    if let object { self[keyPath: kind].append(object) }
  }
}

extension ConfigurationObject {
  /// Any object of the configuration.
  package init(describing object: some KubernetesResource) { self.init(object) }

  /// Whether both are the same object of the API, whichever part of it.
  fileprivate func isSame(as other: Self) -> Bool {
    (reference.kind, reference.namespace, reference.name)
      == (other.reference.kind, other.reference.namespace, other.reference.name)
  }
}
