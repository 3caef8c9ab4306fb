/// Kinds that are answered and never stored (`authentication.k8s.io`, `authorization.k8s.io`), in the
/// notation of `SchemaTable`.
enum ReviewTable {
  static let text = """
    BoundObjectReference
      kind string
      apiVersion string
      name string
      uid string
    TokenRequestSpec
      audiences [string]!
      expirationSeconds int64? =3600
      boundObjectRef BoundObjectReference?!
    TokenRequestStatus
      token string!
      expirationTimestamp time!
    TokenRequest object
      spec TokenRequestSpec
      status TokenRequestStatus
    UserInfo
      username string
      uid string
      groups [string]
      extra {[string]}
    TokenReviewSpec
      token string
      audiences [string]
    TokenReviewStatus
      authenticated bool
      user UserInfo
      audiences [string]
      error string
    TokenReview object
      spec TokenReviewSpec
      status TokenReviewStatus
    SelfSubjectReviewStatus
      userInfo UserInfo
    SelfSubjectReview object
      status SelfSubjectReviewStatus
    FieldSelectorAttributes
      rawSelector string
      requirements [any]
    LabelSelectorAttributes
      rawSelector string
      requirements [any]
    ResourceAttributes
      namespace string
      verb string
      group string
      version string
      resource string
      subresource string
      name string
      fieldSelector FieldSelectorAttributes?
      labelSelector LabelSelectorAttributes?
    NonResourceAttributes
      path string
      verb string
    SubjectAccessReviewSpec
      resourceAttributes ResourceAttributes?
      nonResourceAttributes NonResourceAttributes?
      user string
      groups [string]
      extra {[string]}
      uid string
    SubjectAccessReviewStatus
      allowed bool!
      denied bool
      reason string
      evaluationError string
    SubjectAccessReview object
      spec SubjectAccessReviewSpec
      status SubjectAccessReviewStatus
    LocalSubjectAccessReview object
      spec SubjectAccessReviewSpec
      status SubjectAccessReviewStatus
    SelfSubjectAccessReviewSpec
      resourceAttributes ResourceAttributes?
      nonResourceAttributes NonResourceAttributes?
    SelfSubjectAccessReview object
      spec SelfSubjectAccessReviewSpec
      status SubjectAccessReviewStatus
    SelfSubjectRulesReviewSpec
      namespace string
    ResourceRule
      verbs [string]!
      apiGroups [string]
      resources [string]
      resourceNames [string]
    NonResourceRule
      verbs [string]!
      nonResourceURLs [string]
    SubjectRulesReviewStatus
      resourceRules [ResourceRule]!
      nonResourceRules [NonResourceRule]!
      incomplete bool!
      evaluationError string
    SelfSubjectRulesReview object
      spec SelfSubjectRulesReviewSpec
      status SubjectRulesReviewStatus

    """
}
