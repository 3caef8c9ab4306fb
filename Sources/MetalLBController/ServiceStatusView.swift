import KubernetesAPI
import NetworkAddresses

/// The load balancer status of a Service, split into our entries and those that somebody else wrote.
///
/// Entries without `ip` are never ours. An address is ours when we hold it for the Service or it belongs to a pool. One
/// that belongs to none is ours when the annotation says that the Service has addresses from a pool, and none of its
/// other addresses is more plausible: its pool is gone. While pools may be unknown, what looks like ours counts as ours.
struct ServiceStatusView: Sendable {
  enum Addresses: Sendable, Hashable {
    case none
    /// One address, or two of different families, in the order of the status.
    case held([IPAddress])
    /// Text that is no address, two of one family, or more than two.
    case nonsense([String])
    /// Some of these are ours, and only a pool that may be unknown would tell which.
    case unclear([String])
  }

  private let service: Service
  /// Ours, in order.
  private let own: [Service.LoadBalancerIngress]
  private let foreign: [Service.LoadBalancerIngress]
  /// Whether a pool that would tell ours from foreign ones may be unknown.
  private let mayBeUnclear: Bool

  /// - Parameters:
  ///   - isKnown: whether an address is held for the Service, or belongs to a pool.
  ///   - mayMissPools: whether pools may be unknown because of faults in the configuration.
  init(_ service: Service, isKnown: (IPAddress) -> Bool, mayMissPools: Bool) {
    self.service = service
    let entries = service.status?.loadBalancer?.ingress ?? []
    let withAddress = entries.filter { $0.ip?.isEmpty == false }
    let known = withAddress.filter { entry in
      entry.ip.flatMap { IPAddress($0) }.map(isKnown) ?? true
    }
    let isMarked = ServiceAnnotation.allocatedFromPool.value(on: service.metadata) != nil
    let isPlausible = Self.families(of: withAddress).count == withAddress.count
    let takesAll =
      known.isEmpty
      ? isMarked || mayMissPools && isPlausible
      : (isMarked || mayMissPools) && isPlausible && withAddress.count == 2
    let own = takesAll ? withAddress : known
    mayBeUnclear = mayMissPools && known.isEmpty
    self.own = own
    foreign = entries.filter { entry in !own.contains(entry) }
  }

  private static func families(of entries: [Service.LoadBalancerIngress]) -> Set<AddressFamily> {
    Set(entries.compactMap { $0.ip.flatMap { IPAddress($0) }?.family })
  }

  var addresses: Addresses {
    let texts = own.compactMap(\.ip)
    let parsed = texts.compactMap { IPAddress($0) }
    if texts.isEmpty { return .none }
    guard parsed.count == texts.count, Set(parsed.map(\.family)).count == texts.count else {
      return mayBeUnclear ? .unclear(texts) : .nonsense(texts)
    }
    return .held(parsed)
  }

  /// What others wrote: addresses, or host names. Entries that say neither do not count.
  var foreignEntries: [String] {
    foreign.compactMap { $0.ip?.isEmpty == false ? $0.ip : $0.hostname }
  }

  /// The Service with these addresses and the mark of their pool; nil when it says so already.
  func assigning(_ addresses: [IPAddress], pool: String) -> Service? {
    let entries = addresses.map { address in
      own.first { $0.ip.flatMap { IPAddress($0) } == address }
        ?? Service.LoadBalancerIngress(ip: address.description)
    }
    return changed(to: entries, pool: pool)
  }

  /// The Service without our addresses and mark; nil when there are none.
  func cleared() -> Service? { changed(to: [], pool: nil) }

  private func changed(to entries: [Service.LoadBalancerIngress], pool: String?) -> Service? {
    let key = ServiceAnnotation.allocatedFromPool.key
    guard entries != own || service.metadata.annotations[key] != pool else { return nil }
    var changed = service
    changed.metadata.annotations[key] = pool
    let ingress = entries + foreign
    var status = changed.status ?? Service.Status()
    status.loadBalancer = Service.LoadBalancerStatus(ingress: ingress.isEmpty ? nil : ingress)
    changed.status = status
    return changed
  }
}
