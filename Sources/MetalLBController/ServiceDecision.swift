import IPAllocation
import KubernetesAPI
import NetworkAddresses

/// What is to be done about one Service.
struct ServiceDecision: Sendable, Equatable {
  enum Outcome: Sendable, Hashable {
    /// Not our business.
    case ignored
    /// It has none of our addresses, and asks for none.
    case released
    case assigned(Allocator.Assignment)
    /// Its addresses belong to no pool that we know, and a pool is at fault: they stay.
    case kept([IPAddress])
    /// It stays without an address, or with the one it has, until something changes.
    case failed(Failure)
  }

  /// The closed list of reasons, for logs.
  enum Failure: Sendable, Hashable {
    case noPools
    case families(ServiceIntent.FamilyFault)
    case request(ServiceIntent.RequestFault)
    case allocation(AllocationError)
    case internalError
  }

  var outcome: Outcome
  /// The Service with the status and the annotation that it should have; nil when there is nothing to write.
  var update: Service?
  /// To be recorded once `update` is written.
  var events: [ServiceEvent] = []
  /// Services that lost their claim to this one and have to be looked at again.
  var evicted: [ServiceKey] = []
}

/// An event on a Service.
struct ServiceEvent: Sendable, Hashable {
  enum Reason: String, Sendable, Hashable, CaseIterable {
    case ipAllocated = "IPAllocated"
    case clearAssignment = "ClearAssignment"
    case additionalAssignFailed = "AdditionalAssignFailed"
    case allocationFailed = "AllocationFailed"
    case loadBalancerFailed = "LoadBalancerFailed"
    case noLBIPsIPFamily = "nolbIPsIPFamily"
    case noClusterIPsIPFamily = "noclusterIPsIPFamily"
    /// With the spaces that users' filters expect.
    case notEnoughClusterIPs = "not enough clusterips"
    case deprecatedAnnotation = "deprecatedAnnotation"
    /// Somebody else wrote into the status, too.
    case foreignIngress
    case internalError = "InternalError"

    var isWarning: Bool {
      switch self {
      case .ipAllocated, .clearAssignment, .additionalAssignFailed: false
      case .allocationFailed, .loadBalancerFailed, .noLBIPsIPFamily, .noClusterIPsIPFamily,
        .notEnoughClusterIPs, .deprecatedAnnotation, .foreignIngress, .internalError:
        true
      }
    }
  }

  var reason: Reason
  var message: String

  init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }
}

extension ServiceDecision.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .noPools: "no address pools are configured"
    case .families(let fault): "\(fault)"
    case .request(let fault): "\(fault)"
    case .allocation(let error): "\(error)"
    case .internalError: "the allocator does not know the pool of an assigned address"
    }
  }
}
