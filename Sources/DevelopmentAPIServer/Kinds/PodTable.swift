/// Pods and their templates (`core/v1`), in the notation of `SchemaTable`.
enum PodTable {
  static let text = """
    ObjectFieldSelector atomic
      apiVersion string =v1
      fieldPath string!
    ResourceFieldSelector atomic
      containerName string
      resource string!
      divisor quantity?
    ConfigMapKeySelector atomic
      name string
      key string!
      optional bool?
    FileKeySelector atomic
      volumeName string!
      path string!
      key string!
      optional bool?
    SecretKeySelector atomic
      name string
      key string!
      optional bool?
    EnvVarSource
      fieldRef ObjectFieldSelector?
      resourceFieldRef ResourceFieldSelector?
      configMapKeyRef ConfigMapKeySelector?
      secretKeyRef SecretKeySelector?
      fileKeyRef FileKeySelector?
    EnvVar
      name string!
      value string
      valueFrom EnvVarSource?
    ConfigMapEnvSource
      name string
      optional bool?
    SecretEnvSource
      name string
      optional bool?
    EnvFromSource
      prefix string
      configMapRef ConfigMapEnvSource?
      secretRef SecretEnvSource?
    ContainerPort
      name string
      hostPort int32
      containerPort int32!
      protocol string =TCP
      hostIP string
    ResourceClaim
      name string!
      request string
    ResourceRequirements
      limits {quantity}
      requests {quantity}
      claims [ResourceClaim] map(name)
    ContainerResizePolicy
      resourceName string!
      restartPolicy string!
    ContainerRestartRuleOnExitCodes
      operator string
      values [int32] set
    ContainerRestartRule
      action string
      exitCodes ContainerRestartRuleOnExitCodes?
    VolumeMount
      name string!
      readOnly bool
      recursiveReadOnly string?
      mountPath string!
      subPath string
      mountPropagation string?
      subPathExpr string
    VolumeDevice
      name string!
      devicePath string!
    ExecAction
      command [string]
    HTTPHeader
      name string!
      value string!
    HTTPGetAction
      path string =/
      port intOrString!
      host string
      scheme string =HTTP
      httpHeaders [HTTPHeader]
    TCPSocketAction
      port intOrString!
      host string
    GRPCAction
      port int32!
      service string? =""
    SleepAction
      seconds int64!
    LifecycleHandler
      exec ExecAction?
      httpGet HTTPGetAction?
      tcpSocket TCPSocketAction?
      sleep SleepAction?
    Lifecycle
      postStart LifecycleHandler?
      preStop LifecycleHandler?
      stopSignal string?
    Probe
      exec ExecAction?
      httpGet HTTPGetAction?
      tcpSocket TCPSocketAction?
      grpc GRPCAction?
      initialDelaySeconds int32
      timeoutSeconds int32 =1
      periodSeconds int32 =10
      successThreshold int32 =1
      failureThreshold int32 =3
      terminationGracePeriodSeconds int64?
    Capabilities
      add [string]
      drop [string]
    SELinuxOptions
      user string
      role string
      type string
      level string
    WindowsSecurityContextOptions
      gmsaCredentialSpecName string?
      gmsaCredentialSpec string?
      runAsUserName string?
      hostProcess bool?
    SeccompProfile
      type string!
      localhostProfile string?
    AppArmorProfile
      type string!
      localhostProfile string?
    SecurityContext
      capabilities Capabilities?
      privileged bool?
      seLinuxOptions SELinuxOptions?
      windowsOptions WindowsSecurityContextOptions?
      runAsUser int64?
      runAsGroup int64?
      runAsNonRoot bool?
      readOnlyRootFilesystem bool?
      allowPrivilegeEscalation bool?
      procMount string?
      seccompProfile SeccompProfile?
      appArmorProfile AppArmorProfile?
    Container
      name string!
      image string
      command [string]
      args [string]
      workingDir string
      ports [ContainerPort] map(containerPort,protocol) merge(containerPort)
      envFrom [EnvFromSource]
      env [EnvVar] map(name) merge(name)
      resources ResourceRequirements
      resizePolicy [ContainerResizePolicy]
      restartPolicy string?
      restartPolicyRules [ContainerRestartRule]
      volumeMounts [VolumeMount] map(mountPath) merge(mountPath)
      volumeDevices [VolumeDevice] map(devicePath) merge(devicePath)
      livenessProbe Probe?
      readinessProbe Probe?
      startupProbe Probe?
      lifecycle Lifecycle?
      terminationMessagePath string =/dev/termination-log
      terminationMessagePolicy string =File
      imagePullPolicy string
      securityContext SecurityContext?
      stdin bool
      stdinOnce bool
      tty bool
    EphemeralContainer
      name string!
      image string
      command [string]
      args [string]
      workingDir string
      ports [ContainerPort] map(containerPort,protocol) merge(containerPort)
      envFrom [EnvFromSource]
      env [EnvVar] map(name) merge(name)
      resources ResourceRequirements
      resizePolicy [ContainerResizePolicy]
      restartPolicy string?
      restartPolicyRules [ContainerRestartRule]
      volumeMounts [VolumeMount] map(mountPath) merge(mountPath)
      volumeDevices [VolumeDevice] map(devicePath) merge(devicePath)
      livenessProbe Probe?
      readinessProbe Probe?
      startupProbe Probe?
      lifecycle Lifecycle?
      terminationMessagePath string =/dev/termination-log
      terminationMessagePolicy string =File
      imagePullPolicy string
      securityContext SecurityContext?
      stdin bool
      stdinOnce bool
      tty bool
      targetContainerName string
    KeyToPath
      key string!
      path string!
      mode int32?
    HostPathVolumeSource
      path string!
      type string? =""
    EmptyDirVolumeSource
      medium string
      sizeLimit quantity?
    SecretVolumeSource
      secretName string
      items [KeyToPath]
      defaultMode int32? =420
      optional bool?
    ConfigMapVolumeSource
      name string
      items [KeyToPath]
      defaultMode int32? =420
      optional bool?
    DownwardAPIVolumeFile
      path string!
      fieldRef ObjectFieldSelector?
      resourceFieldRef ResourceFieldSelector?
      mode int32?
    DownwardAPIVolumeSource
      items [DownwardAPIVolumeFile]
      defaultMode int32? =420
    SecretProjection
      name string
      items [KeyToPath]
      optional bool?
    DownwardAPIProjection
      items [DownwardAPIVolumeFile]
    ConfigMapProjection
      name string
      items [KeyToPath]
      optional bool?
    ServiceAccountTokenProjection
      audience string
      expirationSeconds int64? =3600
      path string!
    ClusterTrustBundleProjection
      name string?
      signerName string?
      labelSelector LabelSelector?
      optional bool?
      path string!
    VolumeProjection
      secret SecretProjection?
      downwardAPI DownwardAPIProjection?
      configMap ConfigMapProjection?
      serviceAccountToken ServiceAccountTokenProjection?
      clusterTrustBundle ClusterTrustBundleProjection?
    ProjectedVolumeSource
      sources [VolumeProjection]!
      defaultMode int32? =420
    PersistentVolumeClaimVolumeSource
      claimName string!
      readOnly bool
    NFSVolumeSource
      server string!
      path string!
      readOnly bool
    CSIVolumeSource
      driver string!
      readOnly bool?
      fsType string?
      volumeAttributes {string}
      nodePublishSecretRef LocalObjectReference?
    ImageVolumeSource
      reference string
      pullPolicy string
    VolumeResourceRequirements
      limits {quantity}
      requests {quantity}
    TypedObjectReference
      apiGroup string?
      kind string!
      name string!
      namespace string?
    PersistentVolumeClaimSpec
      accessModes [string]
      selector LabelSelector?
      resources VolumeResourceRequirements
      volumeName string
      storageClassName string?
      volumeMode string? =Filesystem
      dataSource TypedLocalObjectReference?
      dataSourceRef TypedObjectReference?
      volumeAttributesClassName string?
    PersistentVolumeClaimTemplate
      metadata ObjectMeta
      spec PersistentVolumeClaimSpec
    EphemeralVolumeSource
      volumeClaimTemplate PersistentVolumeClaimTemplate?
    Volume
      name string!
      hostPath HostPathVolumeSource?
      emptyDir EmptyDirVolumeSource?
      secret SecretVolumeSource?
      nfs NFSVolumeSource?
      persistentVolumeClaim PersistentVolumeClaimVolumeSource?
      downwardAPI DownwardAPIVolumeSource?
      configMap ConfigMapVolumeSource?
      projected ProjectedVolumeSource?
      csi CSIVolumeSource?
      ephemeral EphemeralVolumeSource?
      image ImageVolumeSource?
    Sysctl
      name string!
      value string!
    PodSecurityContext
      seLinuxOptions SELinuxOptions?
      windowsOptions WindowsSecurityContextOptions?
      runAsUser int64?
      runAsGroup int64?
      runAsNonRoot bool?
      supplementalGroups [int64]
      supplementalGroupsPolicy string?
      fsGroup int64?
      sysctls [Sysctl]
      fsGroupChangePolicy string?
      seccompProfile SeccompProfile?
      appArmorProfile AppArmorProfile?
      seLinuxChangePolicy string?
    NodeSelectorRequirement
      key string!
      operator string!
      values [string]
    NodeSelectorTerm atomic
      matchExpressions [NodeSelectorRequirement]
      matchFields [NodeSelectorRequirement]
    NodeSelector atomic
      nodeSelectorTerms [NodeSelectorTerm]!
    PreferredSchedulingTerm
      weight int32!
      preference NodeSelectorTerm
    NodeAffinity
      requiredDuringSchedulingIgnoredDuringExecution NodeSelector?
      preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm]
    PodAffinityTerm
      labelSelector LabelSelector?
      namespaces [string]
      topologyKey string!
      namespaceSelector LabelSelector?
      matchLabelKeys [string]
      mismatchLabelKeys [string]
    WeightedPodAffinityTerm
      weight int32!
      podAffinityTerm PodAffinityTerm
    PodAffinity
      requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
      preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
    PodAntiAffinity
      requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
      preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
    Affinity
      nodeAffinity NodeAffinity?
      podAffinity PodAffinity?
      podAntiAffinity PodAntiAffinity?
    Toleration
      key string
      operator string
      value string
      effect string
      tolerationSeconds int64?
    HostAlias
      ip string!
      hostnames [string]
    PodDNSConfigOption
      name string
      value string?
    PodDNSConfig
      nameservers [string]
      searches [string]
      options [PodDNSConfigOption]
    PodReadinessGate
      conditionType string!
    TopologySpreadConstraint
      maxSkew int32!
      topologyKey string!
      whenUnsatisfiable string!
      labelSelector LabelSelector?
      minDomains int32?
      nodeAffinityPolicy string?
      nodeTaintsPolicy string?
      matchLabelKeys [string]
    PodOS
      name string!
    PodSchedulingGate
      name string!
    PodResourceClaim
      name string!
      resourceClaimName string?
      resourceClaimTemplateName string?
    PodSpec
      volumes [Volume] map(name) merge(name) retainKeys
      initContainers [Container] map(name) merge(name)
      containers [Container]! map(name) merge(name)
      ephemeralContainers [EphemeralContainer] map(name) merge(name)
      restartPolicy string =Always
      terminationGracePeriodSeconds int64? =30
      activeDeadlineSeconds int64?
      dnsPolicy string =ClusterFirst
      nodeSelector {string} atomic
      serviceAccountName string
      serviceAccount string
      automountServiceAccountToken bool?
      nodeName string
      hostNetwork bool
      hostPID bool
      hostIPC bool
      shareProcessNamespace bool?
      securityContext PodSecurityContext? ={}
      imagePullSecrets [LocalObjectReference] map(name) merge(name)
      hostname string
      subdomain string
      affinity Affinity?
      schedulerName string =default-scheduler
      tolerations [Toleration]
      hostAliases [HostAlias] map(ip) merge(ip)
      priorityClassName string
      priority int32?
      dnsConfig PodDNSConfig?
      readinessGates [PodReadinessGate]
      runtimeClassName string?
      enableServiceLinks bool?
      preemptionPolicy string?
      overhead {quantity}
      topologySpreadConstraints [TopologySpreadConstraint] map(topologyKey,whenUnsatisfiable) merge(topologyKey)
      setHostnameAsFQDN bool?
      os PodOS?
      hostUsers bool?
      schedulingGates [PodSchedulingGate] map(name) merge(name)
      resourceClaims [PodResourceClaim] map(name) merge(name) retainKeys
      resources ResourceRequirements?
      hostnameOverride string?
    PodTemplateSpec
      metadata ObjectMeta
      spec PodSpec
    PodCondition
      type string!
      observedGeneration int64
      status string!
      lastProbeTime time!
      lastTransitionTime time!
      reason string
      message string
    HostIP
      ip string!
    PodIP
      ip string!
    ContainerStateWaiting
      reason string
      message string
    ContainerStateRunning
      startedAt time
    ContainerStateTerminated
      exitCode int32!
      signal int32
      reason string
      message string
      startedAt time!
      finishedAt time!
      containerID string
    ContainerState
      waiting ContainerStateWaiting?
      running ContainerStateRunning?
      terminated ContainerStateTerminated?
    VolumeMountStatus
      name string!
      mountPath string!
      readOnly bool
      recursiveReadOnly string?
    ContainerStatus
      name string!
      state ContainerState
      lastState ContainerState
      ready bool!
      restartCount int32!
      image string!
      imageID string!
      containerID string
      started bool?
      allocatedResources {quantity}
      resources ResourceRequirements?
      volumeMounts [VolumeMountStatus] map(mountPath) merge(mountPath)
      user any?
      allocatedResourcesStatus [any]
      stopSignal string?
    PodStatus
      observedGeneration int64
      phase string
      conditions [PodCondition] map(type) merge(type)
      message string
      reason string
      nominatedNodeName string
      hostIP string
      hostIPs [HostIP] merge(ip)
      podIP string
      podIPs [PodIP] map(ip) merge(ip)
      startTime time?
      initContainerStatuses [ContainerStatus]
      containerStatuses [ContainerStatus]
      qosClass string
      ephemeralContainerStatuses [ContainerStatus]
      resize string
      resourceClaimStatuses [any]
      extendedResourceClaimStatus any?
      allocatedResources {quantity}
      resources ResourceRequirements?
    Pod object
      spec PodSpec
      status PodStatus
    PodTemplate object
      template PodTemplateSpec

    """
}
