/// Types that all kinds share (`k8s.io/apimachinery/pkg/apis/meta/v1` and parts of `core/v1`), in the
/// notation of `SchemaTable`.
enum MetaTable {
  static let text = """
    OwnerReference atomic
      apiVersion string!
      kind string!
      name string!
      uid string!
      controller bool?
      blockOwnerDeletion bool?
    ManagedFieldsEntry
      manager string
      operation string
      apiVersion string
      time time?
      fieldsType string
      fieldsV1 any?
      subresource string
    ObjectMeta
      name string
      generateName string
      namespace string
      selfLink string
      uid string
      resourceVersion string
      generation int64
      creationTimestamp time
      deletionTimestamp time?
      deletionGracePeriodSeconds int64?
      labels {string}
      annotations {string}
      ownerReferences [OwnerReference] map(uid) merge(uid)
      finalizers [string] set merge
      managedFields [ManagedFieldsEntry]?
    LabelSelectorRequirement
      key string!
      operator string!
      values [string]
    LabelSelector atomic
      matchLabels {string}
      matchExpressions [LabelSelectorRequirement]
    Condition
      type string!
      status string!
      observedGeneration int64
      lastTransitionTime time!
      reason string!
      message string!
    LocalObjectReference atomic
      name string
    ObjectReference atomic
      kind string
      namespace string
      name string
      uid string
      apiVersion string
      resourceVersion string
      fieldPath string
    SecretReference atomic
      name string
      namespace string
    TypedLocalObjectReference atomic
      apiGroup string?
      kind string!
      name string!

    """
}
