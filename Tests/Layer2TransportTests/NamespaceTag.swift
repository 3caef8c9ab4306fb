import NamespaceTesting
import Testing

extension Tag {
  /// Needs root and makes network namespaces.
  @Tag static var namespaces: Self
}

extension Trait where Self == ConditionTrait {
  static var needsNamespaces: Self {
    .enabled(
      if: TestNamespace.missingPrivilege == nil, "\(TestNamespace.missingPrivilege ?? "")")
  }
}
