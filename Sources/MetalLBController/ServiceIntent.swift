import IPAllocation
import KubernetesAPI
import NetworkAddresses

/// What a Service asks for, read once from its spec, labels and annotations.
struct ServiceIntent: Sendable, Hashable {
  /// Why it cannot be told which families a Service wants.
  enum FamilyFault: Error, Sendable, Hashable {
    case noClusterIP
    /// `None`, text that is no address, two of one family, or more than two.
    case unusableClusterIPs([String])
    /// `RequireDualStack` with fewer than two cluster addresses.
    case notDualStack
  }

  /// Why the request for certain addresses cannot be read.
  enum RequestFault: Error, Sendable, Hashable {
    case bothFieldAndAnnotation
    case notAnAddress(String)
    case tooManyAddresses([String])
    case sameFamily(IPAddress, IPAddress)
  }

  var families: Result<FamilyDemand, FamilyFault>
  var requestedAddresses: Result<[IPAddress], RequestFault>
  /// Without requested addresses.
  private var request: ServiceRequest

  init(_ service: Service) {
    let spec = service.spec ?? Service.Spec()
    do {
      families = .success(try Self.families(of: spec))
    } catch {
      families = .failure(error)
    }
    do {
      requestedAddresses = .success(try Self.requestedAddresses(of: service))
    } catch {
      requestedAddresses = .failure(error)
    }
    request = ServiceRequest(
      service: ServiceKey(service.namespacedName), labels: service.metadata.labels,
      ports: (spec.ports ?? []).map(ServicePort.init),
      sharing: SharingIdentity(
        key: ServiceAnnotation.allowSharedIP.value(on: service.metadata) ?? "",
        backend: Self.backend(of: spec)),
      families: .single(.ipv4),
      requestedPool: ServiceAnnotation.addressPool.value(on: service.metadata))
  }

  var requestedPool: String? {
    get { request.requestedPool }
    set { request.requestedPool = newValue }
  }

  /// The question for the allocator.
  func request(
    _ families: FamilyDemand, addresses: [IPAddress] = []
  ) -> ServiceRequest {
    var request = request
    request.families = families
    request.requestedAddresses = addresses
    return request
  }

  /// Follows the cluster addresses. `PreferDualStack` in a cluster with one family is a wish for that family.
  private static func families(of spec: Service.Spec) throws(FamilyFault) -> FamilyDemand {
    var texts = (spec.clusterIPs ?? []).filter { !$0.isEmpty }
    if texts.isEmpty, let single = spec.clusterIP, !single.isEmpty { texts = [single] }
    let isRequired = spec.ipFamilyPolicy == "RequireDualStack"
    guard !texts.isEmpty else { throw .noClusterIP }
    guard texts.count > 1 || !isRequired else { throw .notDualStack }
    let addresses = texts.compactMap { IPAddress($0) }
    guard addresses.count == texts.count, let first = addresses.first, addresses.count <= 2 else {
      throw .unusableClusterIPs(texts)
    }
    guard addresses.count == 2 else { return .single(first.family) }
    guard addresses[0].family != addresses[1].family else { throw .unusableClusterIPs(texts) }
    let primary: AddressFamily =
      switch spec.ipFamilies?.first {
      case "IPv4": .ipv4
      case "IPv6": .ipv6
      default: first.family
      }
    return spec.ipFamilyPolicy == "PreferDualStack"
      ? .preferDual(first: primary) : .requireDual(first: primary)
  }

  private static func requestedAddresses(
    of service: Service
  ) throws(RequestFault) -> [IPAddress] {
    let field = service.spec?.loadBalancerIP.flatMap { $0.isEmpty ? nil : $0 }
    let annotation = ServiceAnnotation.loadBalancerIPs.value(on: service.metadata)
    guard field == nil || annotation == nil else { throw .bothFieldAndAnnotation }
    var texts: [String] = []
    if let field { texts = [field] }
    if let annotation {
      texts = annotation.split(separator: ",", omittingEmptySubsequences: false)
        .map { String($0.trimmingSpaces) }
    }
    guard texts.count <= 2 else { throw .tooManyAddresses(texts) }
    var addresses: [IPAddress] = []
    for text in texts {
      guard let address = IPAddress(text) else { throw .notAnAddress(text) }
      addresses.append(address)
    }
    if addresses.count == 2, addresses[0].family == addresses[1].family {
      throw .sameFamily(addresses[0], addresses[1])
    }
    return addresses
  }

  /// Services with `externalTrafficPolicy: Local` may share an address only when the same Pods stand behind them,
  /// because the nodes that take the traffic follow from the Pods.
  private static func backend(of spec: Service.Spec) -> String {
    guard spec.externalTrafficPolicy == "Local" else { return "" }
    return (spec.selector ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }
}

extension ServiceKey {
  init(_ name: NamespacedName) { self.init(namespace: name.namespace, name: name.name) }

  var namespacedName: NamespacedName { NamespacedName(namespace: namespace, name: name) }
}

extension ServicePort {
  /// The API server has checked both.
  fileprivate init(_ port: Service.Port) {
    self.init(
      port.protocol.flatMap(Transport.init(rawValue:)) ?? .tcp, UInt16(clamping: port.port))
  }
}

extension FamilyDemand {
  /// Whether one address is enough for now and a second is wanted.
  var prefersDual: Bool {
    switch self {
    case .preferDual: true
    case .single, .requireDual: false
    }
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    let head = drop { $0 == " " || $0 == "\t" }
    return head.dropLast(head.reversed().prefix { $0 == " " || $0 == "\t" }.count)
  }
}

extension ServiceIntent.FamilyFault: CustomStringConvertible {
  var description: String {
    switch self {
    case .noClusterIP: "the service has no cluster IP"
    case .unusableClusterIPs(let texts):
      "the cluster IPs \(texts) are neither one address nor two of different families"
    case .notDualStack:
      "ipFamilyPolicy is RequireDualStack, and the service has fewer than two cluster IPs"
    }
  }
}

extension ServiceIntent.RequestFault: CustomStringConvertible {
  var description: String {
    switch self {
    case .bothFieldAndAnnotation:
      "both spec.loadBalancerIP and the annotation \(ServiceAnnotation.loadBalancerIPs.key) ask for an address: remove one of them"
    case .notAnAddress(let text): "\"\(text)\" is not an IP address"
    case .tooManyAddresses(let texts):
      "\(texts.count) addresses are asked for: a service has one, or two of different families"
    case .sameFamily(let first, let second):
      "\(first) and \(second) are of the same family: a service has one address of each"
    }
  }
}
