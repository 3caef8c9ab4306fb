import Announcement
import ControllerRuntime
import KubernetesAPI
import Layer2
import Logging
import NetworkAddresses

/// What users are told, in metrics, events and the log.
extension ServiceAnnouncer {
  func note(
    _ change: Layer2Ownership.Change, of key: NamespacedName, _ service: KubernetesAPI.Service?
  ) {
    metrics.announce(key, from: change.addressesBefore, to: change.addresses)
    if change.before == nil || change.before?.announcement != change.outcome.announcement
      || change.addressesBefore != change.addresses
    {
      statusQueue.add(key)
    }
    switch change.outcome {
    case .announced(let announcement):
      if let shortage = announcement.shortage, shortage != change.before?.announcement?.shortage {
        record(shortage, on: service)
      }
      let ignored = announcement.ignoredEntries
      if !ignored.isEmpty, ignored != change.before?.announcement?.ignoredEntries {
        tellIgnored(ignored, of: key, service)
      }
      let lost = change.addressesBefore.filter { !announcement.addresses.contains($0) }
      let isShort = announcement.shortage?.addresses.contains { lost.contains($0) } ?? false
      if !lost.isEmpty {
        noteWithdrawal(key, lost, reason: isShort ? "interfacesMissing" : "loadBalancerIPChanged")
      }
      guard change.addressesBefore != change.addresses, !change.addresses.isEmpty else { return }
      logger.info(
        "service announced",
        metadata: [
          LogKey.event: "serviceAnnounced", LogKey.service: "\(key)",
          LogKey.pool: "\(announcement.pool)", LogKey.ips: "\(change.addresses)",
          LogKey.protocolName: "layer2",
        ])
      record(
        .normal, "nodeAssigned", "announcing from node \"\(node)\" with protocol \"layer2\"",
        on: service)
    case .interfacesMissing(let shortage):
      noteWithdrawal(key, change.addressesBefore, reason: "interfacesMissing")
      record(shortage, on: service)
    case .withheld(let reason):
      noteWithdrawal(key, change.addressesBefore, reason: "\(reason)")
      if case .sharedIPWithServiceSelector(leader: node) = reason {
        tellSharing(of: key, service)
      } else if !change.addressesBefore.isEmpty, reason.owner == nil {
        record(
          reason.isWish ? .normal : .warning, "serviceWithdrawn",
          "no longer announced from node \"\(node)\": \(reason.explanation)", on: service)
      }
    case .yielded(_, let leader):
      noteWithdrawal(key, change.addressesBefore, reason: "splitBrain")
      record(
        .warning, "splitBrain",
        "node \"\(node)\" stops announcing: node \"\(leader)\", which it takes for dead, announces the same addresses and comes first",
        on: service)
    }
  }

  /// Tells about other hosts on the link.
  func tell(_ news: Layer2Ownership.News, _ services: [NamespacedName]) {
    let (claim, reason, message) =
      switch news {
      case .addressInUse(let claim):
        (
          claim, "addressInUse",
          "\(claim.address) is not announced from node \"\(node)\": \(claim.host) has it already"
        )
      case .addressConflict(let claim):
        (
          claim, "addressConflict",
          "\(claim.host) claims \(claim.address), which node \"\(node)\" announces"
        )
      case .splitBrain(let claim, let other):
        (
          claim, "splitBrain",
          "node \"\(other)\" announces \(claim.address) beside node \"\(node)\""
        )
      }
    logger.warning(
      "another host has the address",
      metadata: [
        LogKey.event: "\(reason)", LogKey.ips: "\(claim.address)",
        LogKey.mac: "\(claim.hardwareAddress)", LogKey.interface: "\(claim.interface)",
      ])
    for key in services { record(.warning, reason, message, on: informers.services.store[key]) }
  }

  /// This process ends, and there is no other one.
  func tellEnd(of key: NamespacedName) {
    record(
      .warning, "serviceWithdrawn",
      "no longer announced from node \"\(node)\": the speaker there ends, and no other one is alive",
      on: informers.services.store[key])
  }

  private func tellIgnored(
    _ entries: [String], of key: NamespacedName, _ service: KubernetesAPI.Service?
  ) {
    let list = entries.map { "\"\($0)\"" }.joined(separator: ", ")
    logger.warning(
      "entries of the status are not announced",
      metadata: [LogKey.service: "\(key)", LogKey.entries: "\(list)"])
    record(
      .warning, "foreignIngress",
      "node \"\(node)\" does not announce \(list) of status.loadBalancer.ingress: no pool has them",
      on: service)
  }

  private func tellSharing(of key: NamespacedName, _ service: KubernetesAPI.Service?) {
    let message =
      "the Service shares its address, and an L2Advertisement selects it by serviceSelectors, so that those who share might end up on different nodes: advertise its pool without serviceSelectors"
    logger.warning(
      "a shared address is not announced",
      metadata: [LogKey.service: "\(key)", LogKey.reason: "\(message)"])
    record(
      .warning, "announceFailed",
      "cannot announce from node \"\(node)\" with protocol \"layer2\": \(message)", on: service)
  }

  private func record(
    _ type: EventType, _ reason: String, _ message: String,
    on service: KubernetesAPI.Service?
  ) {
    guard let service else { return }
    recorder.record(type, reason: reason, message, on: service)
  }

  private func record(_ shortage: InterfaceShortage, on service: KubernetesAPI.Service?) {
    let addresses = shortage.addresses.map(\.description).joined(separator: ", ")
    record(
      .warning, "announceFailed",
      "cannot announce \(addresses) from node \"\(node)\" with protocol \"layer2\": \(shortage)",
      on: service)
  }

  private func noteWithdrawal(_ key: NamespacedName, _ addresses: [IPAddress], reason: String) {
    // What was never announced here is news only to those who look for it.
    logger.log(
      level: addresses.isEmpty ? .debug : .info,
      addresses.isEmpty ? "service not announced" : "service withdrawn",
      metadata: [
        LogKey.event: "serviceWithdrawn", LogKey.service: "\(key)", LogKey.reason: "\(reason)",
        LogKey.ips: "\(addresses)", LogKey.protocolName: "layer2",
      ])
  }
}

extension WithholdReason {
  /// Whether somebody asked for just that.
  fileprivate var isWish: Bool {
    switch self {
    case .serviceDeleted, .notLoadBalancer, .otherLoadBalancerClass, .noIPAllocated: true
    case .invalidIP, .ipNotAllowed, .noUsableEndpoint, .sharedIPWithServiceSelector,
      .noMatchingAdvertisement, .noCandidate, .otherNodeLeads:
      false
    }
  }

  /// For users.
  fileprivate var explanation: String {
    switch self {
    case .serviceDeleted: "it is gone"
    case .notLoadBalancer: "its type is not LoadBalancer any more"
    case .otherLoadBalancerClass: "its class is another one now"
    case .noIPAllocated: "it has no address any more"
    case .invalidIP: "its status has no IP address"
    case .ipNotAllowed: "no pool has its addresses, or several pools have them"
    case .noUsableEndpoint: "no endpoint is ready"
    case .sharedIPWithServiceSelector: "it shares its address and is selected by serviceSelectors"
    case .noMatchingAdvertisement: "no L2Advertisement selects it on a node that could announce it"
    case .noCandidate:
      "no node that an L2Advertisement selects is alive and available (and has an endpoint, with externalTrafficPolicy Local)"
    case .otherNodeLeads(let leader): "node \"\(leader)\" announces it"
    }
  }
}

extension AddressClaim {
  fileprivate var host: String { "the host \(hardwareAddress) on interface \(interface)" }
}
