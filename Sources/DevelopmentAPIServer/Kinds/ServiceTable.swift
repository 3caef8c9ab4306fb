/// Services and what routes traffic to them, in the notation of `SchemaTable`.
enum ServiceTable {
  static let text = """
    ServicePort
      name string
      protocol string =TCP
      appProtocol string?
      port int32!
      targetPort intOrString
      nodePort int32
    ClientIPConfig
      timeoutSeconds int32?
    SessionAffinityConfig
      clientIP ClientIPConfig?
    ServiceSpec
      ports [ServicePort] map(port,protocol) merge(port)
      selector {string} atomic
      clusterIP string
      clusterIPs [string]
      type string =ClusterIP
      externalIPs [string]
      sessionAffinity string =None
      loadBalancerIP string
      loadBalancerSourceRanges [string]
      externalName string
      externalTrafficPolicy string
      healthCheckNodePort int32
      publishNotReadyAddresses bool
      sessionAffinityConfig SessionAffinityConfig?
      ipFamilies [string]
      ipFamilyPolicy string?
      allocateLoadBalancerNodePorts bool?
      loadBalancerClass string?
      internalTrafficPolicy string?
      trafficDistribution string?
    PortStatus
      port int32!
      protocol string!
      error string?
    LoadBalancerIngress
      ip string
      hostname string
      ipMode string?
      ports [PortStatus]
    LoadBalancerStatus
      ingress [LoadBalancerIngress]
    ServiceStatus
      loadBalancer LoadBalancerStatus
      conditions [Condition] map(type) merge(type)
    Service object
      spec ServiceSpec
      status ServiceStatus
    EndpointConditions
      ready bool?
      serving bool?
      terminating bool?
    ForZone
      name string!
    ForNode
      name string!
    EndpointHints
      forZones [ForZone]
      forNodes [ForNode]
    Endpoint
      addresses [string]! set
      conditions EndpointConditions
      hostname string?
      targetRef ObjectReference?
      deprecatedTopology {string}
      nodeName string?
      zone string?
      hints EndpointHints?
    EndpointPort atomic
      name string? =""
      protocol string? =TCP
      port int32?
      appProtocol string?
    EndpointSlice object
      addressType string!
      endpoints [Endpoint]!
      ports [EndpointPort]!
    NetworkPolicyPort
      protocol string? =TCP
      port intOrString?
      endPort int32?
    IPBlock
      cidr string!
      except [string]
    NetworkPolicyPeer
      podSelector LabelSelector?
      namespaceSelector LabelSelector?
      ipBlock IPBlock?
    NetworkPolicyIngressRule
      ports [NetworkPolicyPort]
      from [NetworkPolicyPeer]
    NetworkPolicyEgressRule
      ports [NetworkPolicyPort]
      to [NetworkPolicyPeer]
    NetworkPolicySpec
      podSelector LabelSelector
      ingress [NetworkPolicyIngressRule]
      egress [NetworkPolicyEgressRule]
      policyTypes [string]
    NetworkPolicy object
      spec NetworkPolicySpec

    """
}
