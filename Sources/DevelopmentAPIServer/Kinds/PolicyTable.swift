/// Access, leases, events, admission and CRDs, in the notation of `SchemaTable`.
enum PolicyTable {
  static let text = """
    PolicyRule
      verbs [string]!
      apiGroups [string]
      resources [string]
      resourceNames [string]
      nonResourceURLs [string]
    AggregationRule
      clusterRoleSelectors [LabelSelector]
    Subject atomic
      kind string!
      apiGroup string
      name string!
      namespace string
    RoleRef atomic
      apiGroup string
      kind string!
      name string!
    Role object
      rules [PolicyRule]!
    ClusterRole object
      rules [PolicyRule]!
      aggregationRule AggregationRule?
    RoleBinding object
      subjects [Subject]
      roleRef RoleRef
    ClusterRoleBinding object
      subjects [Subject]
      roleRef RoleRef
    LeaseSpec
      holderIdentity string?
      leaseDurationSeconds int32?
      acquireTime microtime?
      renewTime microtime?
      leaseTransitions int32?
      strategy string?
      preferredHolder string?
    Lease object
      spec LeaseSpec
    EventSeries
      count int32!
      lastObservedTime microtime!
    Event object
      eventTime microtime!
      series EventSeries?
      reportingController string
      reportingInstance string
      action string
      reason string
      regarding ObjectReference
      related ObjectReference?
      note string
      type string
      deprecatedSource EventSource
      deprecatedFirstTimestamp time!
      deprecatedLastTimestamp time!
      deprecatedCount int32
    PriorityClass object
      value int32!
      globalDefault bool
      description string
      preemptionPolicy string? =PreemptLowerPriority
    WebhookServiceReference
      namespace string!
      name string!
      path string?
      port int32? =443
    WebhookClientConfig
      url string?
      service WebhookServiceReference?
      caBundle bytes
    RuleWithOperations
      operations [string]
      apiGroups [string]
      apiVersions [string]
      resources [string]
      scope string? =*
    MatchCondition
      name string!
      expression string!
    ValidatingWebhook
      name string!
      clientConfig WebhookClientConfig
      rules [RuleWithOperations]
      failurePolicy string? =Fail
      matchPolicy string? =Equivalent
      namespaceSelector LabelSelector? ={}
      objectSelector LabelSelector? ={}
      sideEffects string?
      timeoutSeconds int32? =10
      admissionReviewVersions [string]!
      matchConditions [MatchCondition] map(name) merge(name)
    MutatingWebhook
      name string!
      clientConfig WebhookClientConfig
      rules [RuleWithOperations]
      failurePolicy string? =Fail
      matchPolicy string? =Equivalent
      namespaceSelector LabelSelector? ={}
      objectSelector LabelSelector? ={}
      sideEffects string?
      timeoutSeconds int32? =10
      admissionReviewVersions [string]!
      reinvocationPolicy string? =Never
      matchConditions [MatchCondition] map(name) merge(name)
    ValidatingWebhookConfiguration object
      webhooks [ValidatingWebhook] map(name) merge(name)
    MutatingWebhookConfiguration object
      webhooks [MutatingWebhook] map(name) merge(name)
    CustomResourceDefinitionNames
      plural string!
      singular string
      shortNames [string]
      kind string!
      listKind string
      categories [string]
    CustomResourceValidation
      openAPIV3Schema any?
    CustomResourceSubresourceStatus
    CustomResourceSubresourceScale
      specReplicasPath string!
      statusReplicasPath string!
      labelSelectorPath string?
    CustomResourceSubresources
      status CustomResourceSubresourceStatus?
      scale CustomResourceSubresourceScale?
    CustomResourceColumnDefinition
      name string!
      type string!
      format string
      description string
      priority int32
      jsonPath string!
    SelectableField
      jsonPath string!
    CustomResourceDefinitionVersion
      name string!
      served bool!
      storage bool!
      deprecated bool
      deprecationWarning string?
      schema CustomResourceValidation?
      subresources CustomResourceSubresources?
      additionalPrinterColumns [CustomResourceColumnDefinition]
      selectableFields [SelectableField]
    CRDServiceReference
      namespace string!
      name string!
      path string?
      port int32? =443
    CRDWebhookClientConfig
      url string?
      service CRDServiceReference?
      caBundle bytes
    WebhookConversion
      clientConfig CRDWebhookClientConfig?
      conversionReviewVersions [string]!
    CustomResourceConversion
      strategy string!
      webhook WebhookConversion?
    CustomResourceDefinitionSpec
      group string!
      names CustomResourceDefinitionNames
      scope string!
      versions [CustomResourceDefinitionVersion]!
      conversion CustomResourceConversion?
      preserveUnknownFields bool
    CustomResourceDefinitionCondition
      type string!
      status string!
      lastTransitionTime time
      reason string
      message string
      observedGeneration int64
    CustomResourceDefinitionStatus
      conditions [CustomResourceDefinitionCondition]! map(type)
      acceptedNames CustomResourceDefinitionNames
      storedVersions [string]!
      observedGeneration int64
    CustomResourceDefinition object
      spec CustomResourceDefinitionSpec
      status CustomResourceDefinitionStatus

    """
}
