/// What a real server's tables of built-in kinds show: names, types and the descriptions that come
/// from the fields' documentation. Kinds without an entry show their name and age.
enum BuiltInColumns {
  static func columns(of kind: String) -> [TableColumn] {
    switch kind {
    case "Pod": pod
    case "Service": service
    case "Deployment": deployment
    case "ReplicaSet": replicaSet
    case "DaemonSet": daemonSet
    case "Node": node
    case "Namespace": namespace
    case "ConfigMap": configMap
    case "Secret": secret
    case "ServiceAccount": serviceAccount
    case "Event": event
    case "EndpointSlice": endpointSlice
    case "Endpoints": endpoints
    case "Lease": lease
    case "NetworkPolicy": networkPolicy
    case "PodDisruptionBudget": podDisruptionBudget
    case "Role": role
    case "RoleBinding": roleBinding
    case "ClusterRole": clusterRole
    case "CustomResourceDefinition": customResourceDefinition
    case "ValidatingWebhookConfiguration": validatingWebhookConfiguration
    default: other(kind)
    }
  }

  private static func column(
    _ name: String, type: String = "string", wide: Bool = false, _ description: String
  ) -> TableColumn {
    TableColumn(name: name, type: type, description: description, priority: wide ? 1 : 0)
  }

  static let age = column("Age", TableColumn.createdText)

  private static let pod = [
    TableColumn.name,
    column(
      "Ready",
      "The aggregate readiness state of this pod for accepting traffic."),
    column(
      "Status",
      "The aggregate status of the containers in this pod."),
    column(
      "Restarts",
      """
      The number of times the containers in this pod have been restarted and when the last \
      container in this pod has restarted.
      """),
    age,
    column(
      "IP", wide: true,
      """
      podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet \
      allocated.
      """),
    column(
      "Node", wide: true,
      """
      NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate \
      for scheduling by the scheduler defined in schedulerName. Once this field is set, the \
      kubelet for this node becomes responsible for the lifecycle of this pod. This field should \
      not be used to express a desire for the pod to be scheduled on a specific node. \
      https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename
      """),
    column(
      "Nominated Node", wide: true,
      """
      nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot \
      be scheduled right away as preemption victims receive their graceful termination periods. \
      This field does not guarantee that the pod will be scheduled on this node. Scheduler may \
      decide to place the pod elsewhere if other nodes become available sooner. Scheduler may \
      also decide to give the resources on this node to a higher priority pod that is created \
      after preemption. As a result, this field may be different than PodSpec.nodeName when the \
      pod is scheduled.
      """),
    column(
      "Readiness Gates", wide: true,
      """
      If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when \
      all its containers are ready AND all conditions specified in the readiness gates have \
      status equal to "True" More info: \
      https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates
      """),
  ]

  private static let service = [
    TableColumn.name,
    column(
      "Type",
      """
      type determines how the Service is exposed. Defaults to ClusterIP. Valid options are \
      ExternalName, ClusterIP, NodePort, and LoadBalancer. "ClusterIP" allocates a \
      cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by \
      the selector or if that is not specified, by manual construction of an Endpoints object or \
      EndpointSlice objects. If clusterIP is "None", no virtual IP is allocated and the \
      endpoints are published as a set of endpoints rather than a virtual IP. "NodePort" builds \
      on ClusterIP and allocates a port on every node which routes to the same endpoints as the \
      clusterIP. "LoadBalancer" builds on NodePort and creates an external load-balancer (if \
      supported in the current cloud) which routes to the same endpoints as the clusterIP. \
      "ExternalName" aliases this service to the specified externalName. Several other fields do \
      not apply to ExternalName services. More info: \
      https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types
      """),
    column(
      "Cluster-IP",
      """
      clusterIP is the IP address of the service and is usually assigned randomly. If an address \
      is specified manually, is in-range (as per system configuration), and is not in use, it \
      will be allocated to the service; otherwise creation of the service will fail. This field \
      may not be changed through updates unless the type field is also being changed to \
      ExternalName (which requires this field to be blank) or the type field is being changed \
      from ExternalName (in which case this field may optionally be specified, as describe \
      above).  Valid values are "None", empty string (""), or a valid IP address. Setting this \
      to "None" makes a "headless service" (no virtual IP), which is useful when direct endpoint \
      connections are preferred and proxying is not required.  Only applies to types ClusterIP, \
      NodePort, and LoadBalancer. If this field is specified when creating a Service of type \
      ExternalName, creation will fail. This field will be wiped when updating a Service to type \
      ExternalName. More info: \
      https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies
      """),
    column(
      "External-IP",
      """
      externalIPs is a list of IP addresses for which nodes in the cluster will also accept \
      traffic for this service.  These IPs are not managed by Kubernetes.  The user is \
      responsible for ensuring that traffic arrives at a node with this IP.  A common example is \
      external load-balancers that are not part of the Kubernetes system.
      """),
    column(
      "Port(s)",
      """
      The list of ports that are exposed by this service. More info: \
      https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies
      """),
    age,
    column(
      "Selector", wide: true,
      """
      Route service traffic to pods with label keys and values matching this selector. If empty \
      or not present, the service is assumed to have an external process managing its endpoints, \
      which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and \
      LoadBalancer. Ignored if type is ExternalName. More info: \
      https://kubernetes.io/docs/concepts/services-networking/service/
      """),
  ]

  private static let deployment = [
    TableColumn.name,
    column(
      "Ready",
      "Number of the pod with ready state"),
    column(
      "Up-to-date",
      """
      Total number of non-terminating pods targeted by this deployment that have the desired \
      template spec.
      """),
    column(
      "Available",
      """
      Total number of available non-terminating pods (ready for at least minReadySeconds) \
      targeted by this deployment.
      """),
    age,
    column(
      "Containers", wide: true,
      "Names of each container in the template."),
    column(
      "Images", wide: true,
      "Images referenced by each container in the template."),
    column(
      "Selector", wide: true,
      """
      Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the \
      ones affected by this deployment. It must match the pod template's labels.
      """),
  ]

  private static let replicaSet = [
    TableColumn.name,
    column(
      "Desired", type: "integer",
      """
      Replicas is the number of desired pods. This is a pointer to distinguish between explicit \
      zero and unspecified. Defaults to 1. More info: \
      https://kubernetes.io/docs/concepts/workloads/controllers/replicaset
      """),
    column(
      "Current", type: "integer",
      """
      Replicas is the most recently observed number of non-terminating pods. More info: \
      https://kubernetes.io/docs/concepts/workloads/controllers/replicaset
      """),
    column(
      "Ready", type: "integer",
      """
      The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.
      """),
    age,
    column(
      "Containers", wide: true,
      "Names of each container in the template."),
    column(
      "Images", wide: true,
      "Images referenced by each container in the template."),
    column(
      "Selector", wide: true,
      """
      Selector is a label query over pods that should match the replica count. Label keys and \
      values that must match in order to be controlled by this replica set. It must match the \
      pod template's labels. More info: \
      https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
      """),
  ]

  private static let daemonSet = [
    TableColumn.name,
    column(
      "Desired", type: "integer",
      """
      The total number of nodes that should be running the daemon pod (including nodes correctly \
      running the daemon pod). More info: \
      https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
      """),
    column(
      "Current", type: "integer",
      """
      The number of nodes that are running at least 1 daemon pod and are supposed to run the \
      daemon pod. More info: \
      https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
      """),
    column(
      "Ready", type: "integer",
      """
      numberReady is the number of nodes that should be running the daemon pod and have one or \
      more of the daemon pod running with a Ready Condition.
      """),
    column(
      "Up-to-date", type: "integer",
      "The total number of nodes that are running updated daemon pod"),
    column(
      "Available", type: "integer",
      """
      The number of nodes that should be running the daemon pod and have one or more of the \
      daemon pod running and available (ready for at least spec.minReadySeconds)
      """),
    column(
      "Node Selector",
      """
      NodeSelector is a selector which must be true for the pod to fit on a node. Selector which \
      must match a node's labels for the pod to be scheduled on that node. More info: \
      https://kubernetes.io/docs/concepts/configuration/assign-pod-node/
      """),
    age,
    column(
      "Containers", wide: true,
      "Names of each container in the template."),
    column(
      "Images", wide: true,
      "Images referenced by each container in the template."),
    column(
      "Selector", wide: true,
      """
      A label query over pods that are managed by the daemon set. Must match in order to be \
      controlled. It must match the pod template's labels. More info: \
      https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
      """),
  ]

  private static let node = [
    TableColumn.name,
    column(
      "Status",
      "The status of the node"),
    column(
      "Roles",
      "The roles of the node"),
    age,
    column(
      "Version",
      "Kubelet Version reported by the node."),
    column(
      "Internal-IP", wide: true,
      """
      List of addresses reachable to the node. Queried from cloud provider, if available. More \
      info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is \
      declared as mergeable, but the merge key is not sufficiently unique, which can cause data \
      corruption when it is merged. Callers should instead use a full-replacement patch. See \
      https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change \
      during the lifetime of a Node. However, there are some exceptions where this may not be \
      possible, such as Pods that inherit a Node's address in its own status or consumers of the \
      downward API (status.hostIP).
      """),
    column(
      "External-IP", wide: true,
      """
      List of addresses reachable to the node. Queried from cloud provider, if available. More \
      info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is \
      declared as mergeable, but the merge key is not sufficiently unique, which can cause data \
      corruption when it is merged. Callers should instead use a full-replacement patch. See \
      https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change \
      during the lifetime of a Node. However, there are some exceptions where this may not be \
      possible, such as Pods that inherit a Node's address in its own status or consumers of the \
      downward API (status.hostIP).
      """),
    column(
      "OS-Image", wide: true,
      """
      OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).
      """),
    column(
      "Kernel-Version", wide: true,
      """
      Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).
      """),
    column(
      "Container-Runtime", wide: true,
      """
      ContainerRuntime Version reported by the node through runtime remote API (e.g. \
      containerd://1.4.2).
      """),
  ]

  private static let namespace = [
    TableColumn.name,
    column(
      "Status",
      "The status of the namespace"),
    age,
  ]

  private static let configMap = [
    TableColumn.name,
    column(
      "Data",
      """
      Data contains the configuration data. Each key must consist of alphanumeric characters, \
      '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The \
      keys stored in Data must not overlap with the keys in the BinaryData field, this is \
      enforced during validation process.
      """),
    age,
  ]

  private static let secret = [
    TableColumn.name,
    column(
      "Type",
      """
      Used to facilitate programmatic handling of secret data. More info: \
      https://kubernetes.io/docs/concepts/configuration/secret/#secret-types
      """),
    column(
      "Data",
      """
      Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' \
      or '.'. The serialized form of the secret data is a base64 encoded string, representing \
      the arbitrary (possibly non-string) data value here. Described in \
      https://tools.ietf.org/html/rfc4648#section-4
      """),
    age,
  ]

  private static let serviceAccount = [
    TableColumn.name,
    age,
  ]

  private static let event = [
    column(
      "Last Seen",
      """
      The time at which the most recent occurrence of this event was recorded.
      """),
    column(
      "Type",
      """
      Type of this event (Normal, Warning), new types could be added in the future
      """),
    column(
      "Reason",
      """
      This should be a short, machine understandable string that gives the reason for the \
      transition into the object's current status.
      """),
    column(
      "Object",
      "The object that this event is about."),
    column(
      "Subobject", wide: true,
      """
      If referring to a piece of an object instead of an entire object, this string should \
      contain a valid JSON/Go field access statement, such as \
      desiredState.manifest.containers[2]. For example, if the object reference is to a \
      container within a pod, this would take on a value like: "spec.containers{name}" (where \
      "name" refers to the name of the container that triggered the event) or if no container \
      name is specified "spec.containers[2]" (container with index 2 in this pod). This syntax \
      is chosen only to have some well-defined way of referencing a part of an object.
      """),
    column(
      "Source", wide: true,
      """
      The component reporting this event. Should be a short machine understandable string.
      """),
    column(
      "Message",
      "A human-readable description of the status of this operation."),
    column(
      "First Seen", wide: true,
      """
      The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)
      """),
    column(
      "Count", wide: true,
      "The number of times this event has occurred."),
    TableColumn(
      name: "Name", type: "string", format: "name", description: TableColumn.nameText, priority: 1),
  ]

  private static let endpointSlice = [
    TableColumn.name,
    column(
      "AddressType",
      """
      addressType specifies the type of address carried by this EndpointSlice. All addresses in \
      this slice must be the same type. This field is immutable after creation. The following \
      address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: \
      Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name. (Deprecated) \
      The EndpointSlice controller only generates, and kube-proxy only processes, slices of \
      addressType "IPv4" and "IPv6". No semantics are defined for the "FQDN" type.
      """),
    column(
      "Ports",
      """
      ports specifies the list of network ports exposed by each endpoint in this slice. Each \
      port must have a unique name. Each slice may include a maximum of 100 ports. Services \
      always have at least 1 port, so EndpointSlices generated by the EndpointSlice controller \
      will likewise always have at least 1 port. EndpointSlices used for other purposes may have \
      an empty ports list.
      """),
    column(
      "Endpoints",
      """
      endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of \
      1000 endpoints.
      """),
    age,
  ]

  private static let endpoints = [
    TableColumn.name,
    column(
      "Endpoints",
      """
      The set of all endpoints is the union of all subsets. Addresses are placed into subsets \
      according to the IPs they share. A single address with multiple ports, some of which are \
      ready and some of which are not (because they come from different containers) will result \
      in the address being displayed in different subsets for the different ports. No address \
      will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses \
      and ports that comprise a service.
      """),
    age,
  ]

  private static let lease = [
    TableColumn.name,
    column(
      "Holder",
      """
      holderIdentity contains the identity of the holder of a current lease. If Coordinated \
      Leader Election is used, the holder identity must be equal to the elected \
      LeaseCandidate.metadata.name field.
      """),
    age,
  ]

  private static let networkPolicy = [
    TableColumn.name,
    column(
      "Pod-Selector",
      """
      podSelector selects the pods to which this NetworkPolicy object applies. The array of \
      rules is applied to any pods selected by this field. An empty selector matches all pods in \
      the policy's namespace. Multiple network policies can select the same set of pods. In this \
      case, the ingress rules for each are combined additively. This field is optional. If it is \
      not specified, it defaults to an empty selector.
      """),
    age,
  ]

  private static let podDisruptionBudget = [
    TableColumn.name,
    column(
      "Min Available",
      "The minimum number of pods that must be available."),
    column(
      "Max Unavailable",
      "The maximum number of pods that may be unavailable."),
    column(
      "Allowed Disruptions", type: "integer",
      "Calculated number of pods that may be disrupted at this time."),
    age,
  ]

  private static let role = [
    TableColumn.name,
    TableColumn.createdAt,
  ]

  private static let roleBinding = [
    TableColumn.name,
    column(
      "Role",
      """
      RoleRef can reference a Role in the current namespace or a ClusterRole in the global \
      namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.
      """),
    age,
    column(
      "Users", wide: true,
      "Users in the roleBinding"),
    column(
      "Groups", wide: true,
      "Groups in the roleBinding"),
    column(
      "ServiceAccounts", wide: true,
      "ServiceAccounts in the roleBinding"),
  ]

  private static let clusterRole = [
    TableColumn.name,
    TableColumn.createdAt,
  ]

  private static let customResourceDefinition = [
    TableColumn.name,
    TableColumn.createdAt,
  ]

  private static let validatingWebhookConfiguration = [
    TableColumn.name,
    column(
      "Webhooks", type: "integer",
      """
      Webhooks indicates the number of webhooks registered in this configuration
      """),
    age,
  ]

  private static func other(_ kind: String) -> [TableColumn] {
    switch kind {
    case "ClusterRoleBinding": roleBinding
    case "MutatingWebhookConfiguration": validatingWebhookConfiguration
    case "Job": JobCells.jobColumns
    case "CronJob": JobCells.cronJobColumns
    case "Ingress": IngressCells.ingressColumns
    case "IngressClass": IngressCells.classColumns
    case "StatefulSet":
      [
        .name, column("Ready", "Number of the pod with ready state"), age,
        column("Containers", wide: true, "Names of each container in the template."),
        column("Images", wide: true, "Images referenced by each container in the template."),
      ]
    case "PriorityClass":
      [
        .name, column("Value", type: "integer", "The integer value of this priority class."),
        column("Global-Default", type: "boolean", "Whether this is the default priority."), age,
        column("PreemptionPolicy", "Whether pods of this class preempt others."),
      ]
    default: [.name, age]
    }
  }
}
