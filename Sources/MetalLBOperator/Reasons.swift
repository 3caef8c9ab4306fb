/// Why a condition of a MetalLB object is as it is: the closed list. A condition that nothing speaks
/// against has its own type as the reason.
enum MetalLBReason: String, Sendable, Hashable, CaseIterable {
  /// Pods are not running yet, or any more.
  case resourcesNotReady = "MetalLBResourcesNotReady"
  /// The API refused or failed something; it is tried again.
  case failedToSync = "FailedToSyncMetalLBResources"
  /// The object asks for something that cannot be rendered.
  case invalidSpec = "InvalidSpec"
  case incorrectName = "IncorrectMetalLBResourceName"
  case incorrectNamespace = "IncorrectMetalLBResourceNamespace"
  /// This version has no such BGP backend; layer 2 works.
  case backendUnavailable = "BackendUnavailable"
  /// The operator's environment contradicts itself, or what the object asks for.
  case invalidEnvironment = "InvalidOperatorEnvironment"
  /// It cannot run frr-k8s yet.
  case waitingForNetworkOperator = "WaitingForClusterNetworkOperator"
  /// The cluster does not know the kinds of the Prometheus operator.
  case monitorsUnavailable = "MonitorsUnavailable"
  case kubernetesTooOld = "KubernetesVersionUnsupported"
  case supported = "Supported"
  /// It works once what the message says is seen to.
  case supportedWithAdvice = "SupportedWithAdvice"
  case cloudUnsupported = "CloudUnsupported"
  case cloudUnknown = "CloudUnknown"
  case otherMetalLBPresent = "OtherMetalLBPresent"
  case ipFailoverPresent = "IPFailoverPresent"
  case serviceLBPresent = "ServiceLBPresent"
  case strictARPRequired = "StrictARPRequired"
}

/// Why an AddressPool is in the configuration or not, beside the reasons of `ConfigurationFault`.
enum AddressPoolReason: String, Sendable, Hashable, CaseIterable {
  case accepted = "Accepted"
  /// The ConfigMap `config` was written by a user.
  case configMapNotOwned = "ConfigMapNotOwned"
  case incorrectNamespace = "IncorrectAddressPoolNamespace"
}
