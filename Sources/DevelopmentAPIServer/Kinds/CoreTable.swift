/// The rest of `core/v1`, in the notation of `SchemaTable`.
enum CoreTable {
  static let text = """
    NamespaceCondition
      type string!
      status string!
      lastTransitionTime time
      reason string
      message string
    NamespaceSpec
      finalizers [string]
    NamespaceStatus
      phase string
      conditions [NamespaceCondition] map(type) merge(type)
    Namespace object
      spec NamespaceSpec
      status NamespaceStatus
    ConfigMap object
      immutable bool?
      data {string}
      binaryData {bytes}
    Secret object
      immutable bool?
      data {bytes}
      stringData {string}
      type string =Opaque
    ServiceAccount object
      secrets [ObjectReference] map(name) merge(name)
      imagePullSecrets [LocalObjectReference]
      automountServiceAccountToken bool?
    Taint
      key string!
      value string
      effect string!
      timeAdded time?
    NodeConfigSource
      configMap any?
    NodeSpec
      podCIDR string
      podCIDRs [string] set merge
      providerID string
      unschedulable bool
      taints [Taint]
      configSource NodeConfigSource?
      externalID string
    NodeCondition
      type string!
      status string!
      lastHeartbeatTime time!
      lastTransitionTime time!
      reason string
      message string
    NodeAddress
      type string!
      address string!
    DaemonEndpoint
      Port int32!
    NodeDaemonEndpoints
      kubeletEndpoint DaemonEndpoint
    NodeSwapStatus
      capacity int64?
    NodeSystemInfo
      machineID string!
      systemUUID string!
      bootID string!
      kernelVersion string!
      osImage string!
      containerRuntimeVersion string!
      kubeletVersion string!
      kubeProxyVersion string!
      operatingSystem string!
      architecture string!
      swap NodeSwapStatus?
    ContainerImage
      names [string]
      sizeBytes int64
    AttachedVolume
      name string!
      devicePath string!
    NodeStatus
      capacity {quantity}
      allocatable {quantity}
      phase string
      conditions [NodeCondition] map(type) merge(type)
      addresses [NodeAddress] map(type) merge(type)
      daemonEndpoints NodeDaemonEndpoints
      nodeInfo NodeSystemInfo
      images [ContainerImage]
      volumesInUse [string]
      volumesAttached [AttachedVolume]
      config any?
      runtimeHandlers [any]
      features any?
      declaredFeatures [string]
    Node object
      spec NodeSpec
      status NodeStatus
    EventSource
      component string
      host string
    CoreEventSeries
      count int32
      lastObservedTime microtime
    CoreEvent object
      involvedObject ObjectReference
      reason string
      message string
      source EventSource
      firstTimestamp time!
      lastTimestamp time!
      count int32
      type string
      eventTime microtime!
      series CoreEventSeries?
      action string
      related ObjectReference?
      reportingComponent string!
      reportingInstance string!
    EndpointAddress atomic
      ip string!
      hostname string
      nodeName string?
      targetRef ObjectReference?
    CoreEndpointPort atomic
      name string
      port int32!
      protocol string =TCP
      appProtocol string?
    EndpointSubset
      addresses [EndpointAddress]
      notReadyAddresses [EndpointAddress]
      ports [CoreEndpointPort]
    Endpoints object
      subsets [EndpointSubset]
    LimitRangeItem
      type string!
      max {quantity}
      min {quantity}
      default {quantity}
      defaultRequest {quantity}
      maxLimitRequestRatio {quantity}
    LimitRangeSpec
      limits [LimitRangeItem]!
    LimitRange object
      spec LimitRangeSpec
    Binding object
      target ObjectReference

    """
}
