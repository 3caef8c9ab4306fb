/// The messages that kubectl sends as protobuf and in no other form, with the numbers of
/// `k8s.io/api`'s `generated.proto`: a line a field, its number, name and type. Types are `string`,
/// `bool`, `int`, `bytes`, `time`, `quantity`, `intOrString`, `json` (a text of it), `[T]`, `{T}` (a map by string) or the name of a
/// message. A field named `.` has no name in JSON: its members stand in the message itself.
///
/// Fields without a line are refused, so that nothing is lost in silence.
enum ProtobufTable {
  static let text = """
    OwnerReference
      1 kind string
      3 name string
      4 uid string
      5 apiVersion string
      6 controller bool
      7 blockOwnerDeletion bool
    ManagedFieldsEntry
      1 manager string
      2 operation string
      3 apiVersion string
      4 time time
      6 fieldsType string
      7 fieldsV1 json
      8 subresource string
    ObjectMeta
      1 name string
      2 generateName string
      3 namespace string
      4 selfLink string
      5 uid string
      6 resourceVersion string
      7 generation int
      8 creationTimestamp time
      9 deletionTimestamp time
      10 deletionGracePeriodSeconds int
      11 labels {string}
      12 annotations {string}
      13 ownerReferences [OwnerReference]
      14 finalizers [string]
      17 managedFields [ManagedFieldsEntry]
    Preconditions
      1 uid string
      2 resourceVersion string
    DeleteOptions
      1 gracePeriodSeconds int
      2 preconditions Preconditions
      3 orphanDependents bool
      4 propagationPolicy string
      5 dryRun [string]
    LabelSelectorRequirement
      1 key string
      2 operator string
      3 values [string]
    LabelSelector
      1 matchLabels {string}
      2 matchExpressions [LabelSelectorRequirement]
    LocalObjectReference
      1 name string
    ObjectReference
      1 kind string
      2 namespace string
      3 name string
      4 uid string
      5 apiVersion string
      6 resourceVersion string
      7 fieldPath string
    ConfigMap
      1 metadata ObjectMeta
      2 data {string}
      3 binaryData {bytes}
      4 immutable bool
    Secret
      1 metadata ObjectMeta
      2 data {bytes}
      3 type string
      4 stringData {string}
      5 immutable bool
    ServiceAccount
      1 metadata ObjectMeta
      2 secrets [ObjectReference]
      3 imagePullSecrets [LocalObjectReference]
      4 automountServiceAccountToken bool
    NamespaceSpec
      1 finalizers [string]
    NamespaceStatus
      1 phase string
    Namespace
      1 metadata ObjectMeta
      2 spec NamespaceSpec
      3 status NamespaceStatus
    BoundObjectReference
      1 kind string
      2 apiVersion string
      3 name string
      4 uid string
    TokenRequestSpec
      1 audiences [string]
      3 boundObjectRef BoundObjectReference
      4 expirationSeconds int
    TokenRequestStatus
      1 token string
      2 expirationTimestamp time
    TokenRequest
      1 metadata ObjectMeta
      2 spec TokenRequestSpec
      3 status TokenRequestStatus
    TokenReviewSpec
      1 token string
      2 audiences [string]
    TokenReview
      1 metadata ObjectMeta
      2 spec TokenReviewSpec
      3 status any
    SelfSubjectReview
      1 metadata ObjectMeta
      2 status any
    ResourceAttributes
      1 namespace string
      2 verb string
      3 group string
      4 version string
      5 resource string
      6 subresource string
      7 name string
    NonResourceAttributes
      1 path string
      2 verb string
    SelfSubjectAccessReviewSpec
      1 resourceAttributes ResourceAttributes
      2 nonResourceAttributes NonResourceAttributes
    SelfSubjectAccessReview
      1 metadata ObjectMeta
      2 spec SelfSubjectAccessReviewSpec
      3 status any
    SubjectAccessReviewSpec
      1 resourceAttributes ResourceAttributes
      2 nonResourceAttributes NonResourceAttributes
      3 user string
      4 groups [string]
      6 uid string
    SubjectAccessReview
      1 metadata ObjectMeta
      2 spec SubjectAccessReviewSpec
      3 status any
    LocalSubjectAccessReview
      1 metadata ObjectMeta
      2 spec SubjectAccessReviewSpec
      3 status any
    SelfSubjectRulesReviewSpec
      1 namespace string
    SelfSubjectRulesReview
      1 metadata ObjectMeta
      2 spec SelfSubjectRulesReviewSpec
      3 status any
    PolicyRule
      1 verbs [string]
      2 apiGroups [string]
      3 resources [string]
      4 resourceNames [string]
      5 nonResourceURLs [string]
    AggregationRule
      1 clusterRoleSelectors [LabelSelector]
    Role
      1 metadata ObjectMeta
      2 rules [PolicyRule]
    ClusterRole
      1 metadata ObjectMeta
      2 rules [PolicyRule]
      3 aggregationRule AggregationRule
    Subject
      1 kind string
      2 apiGroup string
      3 name string
      4 namespace string
    RoleRef
      1 apiGroup string
      2 kind string
      3 name string
    RoleBinding
      1 metadata ObjectMeta
      2 subjects [Subject]
      3 roleRef RoleRef
    ClusterRoleBinding
      1 metadata ObjectMeta
      2 subjects [Subject]
      3 roleRef RoleRef
    ContainerPort
      1 name string
      2 hostPort int
      3 containerPort int
      4 protocol string
      5 hostIP string
    EnvVar
      1 name string
      2 value string
    VolumeMount
      1 name string
      2 readOnly bool
      3 mountPath string
      4 subPath string
      5 mountPropagation string
      6 subPathExpr string
    ResourceRequirements
      1 limits {quantity}
      2 requests {quantity}
    Container
      1 name string
      2 image string
      3 command [string]
      4 args [string]
      5 workingDir string
      6 ports [ContainerPort]
      7 env [EnvVar]
      8 resources ResourceRequirements
      9 volumeMounts [VolumeMount]
      13 terminationMessagePath string
      14 imagePullPolicy string
      16 stdin bool
      17 stdinOnce bool
      18 tty bool
      20 terminationMessagePolicy string
    Toleration
      1 key string
      2 operator string
      3 value string
      4 effect string
      5 tolerationSeconds int
    PodSpec
      2 containers [Container]
      3 restartPolicy string
      4 terminationGracePeriodSeconds int
      5 activeDeadlineSeconds int
      6 dnsPolicy string
      7 nodeSelector {string}
      8 serviceAccountName string
      9 serviceAccount string
      10 nodeName string
      11 hostNetwork bool
      12 hostPID bool
      13 hostIPC bool
      15 imagePullSecrets [LocalObjectReference]
      16 hostname string
      17 subdomain string
      19 schedulerName string
      20 initContainers [Container]
      21 automountServiceAccountToken bool
      22 tolerations [Toleration]
      24 priorityClassName string
      25 priority int
    PodTemplateSpec
      1 metadata ObjectMeta
      2 spec PodSpec
    RollingUpdateDeployment
      1 maxUnavailable intOrString
      2 maxSurge intOrString
    DeploymentStrategy
      1 type string
      2 rollingUpdate RollingUpdateDeployment
    DeploymentSpec
      1 replicas int
      2 selector LabelSelector
      3 template PodTemplateSpec
      4 strategy DeploymentStrategy
      5 minReadySeconds int
      6 revisionHistoryLimit int
      7 paused bool
      9 progressDeadlineSeconds int
    Deployment
      1 metadata ObjectMeta
      2 spec DeploymentSpec
      3 status any
    JobSpec
      1 parallelism int
      2 completions int
      3 activeDeadlineSeconds int
      4 selector LabelSelector
      5 manualSelector bool
      6 template PodTemplateSpec
      7 backoffLimit int
      8 ttlSecondsAfterFinished int
      9 completionMode string
      10 suspend bool
    Job
      1 metadata ObjectMeta
      2 spec JobSpec
      3 status any
    JobTemplateSpec
      1 metadata ObjectMeta
      2 spec JobSpec
    CronJobSpec
      1 schedule string
      2 startingDeadlineSeconds int
      3 concurrencyPolicy string
      4 suspend bool
      5 jobTemplate JobTemplateSpec
      6 successfulJobsHistoryLimit int
      7 failedJobsHistoryLimit int
      8 timeZone string
    CronJob
      1 metadata ObjectMeta
      2 spec CronJobSpec
      3 status any
    ResourceQuotaSpec
      1 hard {quantity}
      2 scopes [string]
    ResourceQuota
      1 metadata ObjectMeta
      2 spec ResourceQuotaSpec
      3 status any
    ServicePort
      1 name string
      2 protocol string
      3 port int
      4 targetPort intOrString
      5 nodePort int
      6 appProtocol string
    ServiceSpec
      1 ports [ServicePort]
      2 selector {string}
      3 clusterIP string
      4 type string
      5 externalIPs [string]
      7 sessionAffinity string
      8 loadBalancerIP string
      9 loadBalancerSourceRanges [string]
      10 externalName string
      11 externalTrafficPolicy string
      12 healthCheckNodePort int
      13 publishNotReadyAddresses bool
      17 ipFamilyPolicy string
      18 clusterIPs [string]
      19 ipFamilies [string]
      20 allocateLoadBalancerNodePorts bool
      21 loadBalancerClass string
      22 internalTrafficPolicy string
    Service
      1 metadata ObjectMeta
      2 spec ServiceSpec
      3 status any
    ServiceBackendPort
      1 name string
      2 number int
    IngressServiceBackend
      1 name string
      2 port ServiceBackendPort
    TypedLocalObjectReference
      1 apiGroup string
      2 kind string
      3 name string
    IngressBackend
      3 resource TypedLocalObjectReference
      4 service IngressServiceBackend
    HTTPIngressPath
      1 path string
      2 backend IngressBackend
      3 pathType string
    HTTPIngressRuleValue
      1 paths [HTTPIngressPath]
    IngressRule
      1 host string
      2 . IngressRuleValue
    IngressRuleValue
      1 http HTTPIngressRuleValue
    IngressTLS
      1 hosts [string]
      2 secretName string
    IngressSpec
      1 defaultBackend IngressBackend
      2 tls [IngressTLS]
      3 rules [IngressRule]
      4 ingressClassName string
    Ingress
      1 metadata ObjectMeta
      2 spec IngressSpec
      3 status any
    Eviction
      1 metadata ObjectMeta
      2 deleteOptions DeleteOptions
    PriorityClass
      1 metadata ObjectMeta
      2 value int
      3 globalDefault bool
      4 description string
      5 preemptionPolicy string
    PodDisruptionBudgetSpec
      1 minAvailable intOrString
      2 selector LabelSelector
      3 maxUnavailable intOrString
    PodDisruptionBudget
      1 metadata ObjectMeta
      2 spec PodDisruptionBudgetSpec
      3 status any

    """
}
