/// `apps/v1`, `batch/v1`, `policy/v1` and `autoscaling/v1`, in the notation of `SchemaTable`.
enum WorkloadTable {
  static let text = """
    RollingUpdateDeployment
      maxUnavailable intOrString?
      maxSurge intOrString?
    DeploymentStrategy
      type string
      rollingUpdate RollingUpdateDeployment?
    DeploymentSpec
      replicas int32? =1
      selector LabelSelector?!
      template PodTemplateSpec
      strategy DeploymentStrategy
      minReadySeconds int32
      revisionHistoryLimit int32? =10
      paused bool
      progressDeadlineSeconds int32? =600
    DeploymentCondition
      type string!
      status string!
      lastUpdateTime time
      lastTransitionTime time
      reason string
      message string
    DeploymentStatus
      observedGeneration int64
      replicas int32
      updatedReplicas int32
      readyReplicas int32
      availableReplicas int32
      unavailableReplicas int32
      terminatingReplicas int32?
      conditions [DeploymentCondition] map(type) merge(type)
      collisionCount int32?
    Deployment object
      spec DeploymentSpec
      status DeploymentStatus
    RollingUpdateDaemonSet
      maxUnavailable intOrString? =1
      maxSurge intOrString? =0
    DaemonSetUpdateStrategy
      type string
      rollingUpdate RollingUpdateDaemonSet?
    DaemonSetSpec
      selector LabelSelector?!
      template PodTemplateSpec
      updateStrategy DaemonSetUpdateStrategy
      minReadySeconds int32
      revisionHistoryLimit int32? =10
    DaemonSetCondition
      type string!
      status string!
      lastTransitionTime time
      reason string
      message string
    DaemonSetStatus
      currentNumberScheduled int32!
      numberMisscheduled int32!
      desiredNumberScheduled int32!
      numberReady int32!
      observedGeneration int64
      updatedNumberScheduled int32
      numberAvailable int32
      numberUnavailable int32
      collisionCount int32?
      conditions [DaemonSetCondition] map(type) merge(type)
    DaemonSet object
      spec DaemonSetSpec
      status DaemonSetStatus
    ReplicaSetSpec
      replicas int32? =1
      minReadySeconds int32
      selector LabelSelector?!
      template PodTemplateSpec
    ReplicaSetCondition
      type string!
      status string!
      lastTransitionTime time
      reason string
      message string
    ReplicaSetStatus
      replicas int32!
      fullyLabeledReplicas int32
      readyReplicas int32
      availableReplicas int32
      terminatingReplicas int32?
      observedGeneration int64
      conditions [ReplicaSetCondition] map(type) merge(type)
    ReplicaSet object
      spec ReplicaSetSpec
      status ReplicaSetStatus
    RollingUpdateStatefulSetStrategy
      partition int32? =0
      maxUnavailable intOrString?
    StatefulSetUpdateStrategy
      type string
      rollingUpdate RollingUpdateStatefulSetStrategy?
    StatefulSetPersistentVolumeClaimRetentionPolicy
      whenDeleted string =Retain
      whenScaled string =Retain
    StatefulSetOrdinals
      start int32!
    PersistentVolumeClaim object
      spec PersistentVolumeClaimSpec
      status any?
    StatefulSetSpec
      replicas int32? =1
      selector LabelSelector?!
      template PodTemplateSpec
      volumeClaimTemplates [PersistentVolumeClaim]
      serviceName string!
      podManagementPolicy string =OrderedReady
      updateStrategy StatefulSetUpdateStrategy
      revisionHistoryLimit int32? =10
      minReadySeconds int32
      persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy? ={}
      ordinals StatefulSetOrdinals?
    StatefulSetStatus
      observedGeneration int64
      replicas int32!
      readyReplicas int32
      currentReplicas int32
      updatedReplicas int32
      currentRevision string
      updateRevision string
      collisionCount int32?
      conditions [ReplicaSetCondition] map(type) merge(type)
      availableReplicas int32!
    StatefulSet object
      spec StatefulSetSpec
      status StatefulSetStatus
    ControllerRevision object
      data any?
      revision int64!
    JobSpec
      parallelism int32?
      completions int32?
      activeDeadlineSeconds int64?
      podFailurePolicy any?
      successPolicy any?
      backoffLimit int32?
      backoffLimitPerIndex int32?
      maxFailedIndexes int32?
      selector LabelSelector?
      manualSelector bool?
      template PodTemplateSpec
      ttlSecondsAfterFinished int32?
      completionMode string?
      suspend bool?
      podReplacementPolicy string?
      managedBy string?
    JobCondition
      type string!
      status string!
      lastProbeTime time
      lastTransitionTime time
      reason string
      message string
    JobStatus
      conditions [JobCondition] merge(type)
      startTime time?
      completionTime time?
      active int32
      succeeded int32
      failed int32
      terminating int32?
      completedIndexes string
      failedIndexes string?
      uncountedTerminatedPods any?
      ready int32?
    Job object
      spec JobSpec
      status JobStatus
    JobTemplateSpec
      metadata ObjectMeta
      spec JobSpec
    CronJobSpec
      schedule string!
      timeZone string?
      startingDeadlineSeconds int64?
      concurrencyPolicy string =Allow
      suspend bool? =false
      jobTemplate JobTemplateSpec
      successfulJobsHistoryLimit int32? =3
      failedJobsHistoryLimit int32? =1
    CronJobStatus
      active [ObjectReference]
      lastScheduleTime time?
      lastSuccessfulTime time?
    CronJob object
      spec CronJobSpec
      status CronJobStatus
    PodDisruptionBudgetSpec
      minAvailable intOrString?
      selector LabelSelector?
      maxUnavailable intOrString?
      unhealthyPodEvictionPolicy string?
    PodDisruptionBudgetStatus
      observedGeneration int64
      disruptedPods {time}
      disruptionsAllowed int32!
      currentHealthy int32!
      desiredHealthy int32!
      expectedPods int32!
      conditions [Condition] map(type) merge(type)
    PodDisruptionBudget object
      spec PodDisruptionBudgetSpec
      status PodDisruptionBudgetStatus
    Preconditions
      uid string?
      resourceVersion string?
    DeleteOptions
      kind string
      apiVersion string
      gracePeriodSeconds int64?
      preconditions Preconditions?
      orphanDependents bool?
      propagationPolicy string?
      dryRun [string]
      ignoreStoreReadErrorWithClusterBreakingPotential bool?
    Eviction object
      deleteOptions DeleteOptions?
    ScaleSpec
      replicas int32
    ScaleStatus
      replicas int32!
      selector string
    Scale object
      spec ScaleSpec
      status ScaleStatus

    """
}
