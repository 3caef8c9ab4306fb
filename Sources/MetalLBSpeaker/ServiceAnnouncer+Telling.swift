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
    case .interfacesMissing(let announcement, let names):
      noteWithdrawal(key, change.addressesBefore, reason: "interfacesMissing")
      let addresses = announcement.addresses.map(\.description).joined(separator: ", ")
      let interfaces = names.sorted().joined(separator: ", ")
      record(
        .warning, "announceFailed",
        "cannot announce \(addresses) from node \"\(node)\" with protocol \"layer2\": it has none of the interfaces \(interfaces)",
        on: service)
    case .withheld(let reason):
      noteWithdrawal(key, change.addressesBefore, reason: "\(reason)")
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

  private func record(
    _ type: EventType, _ reason: String, _ message: String,
    on service: KubernetesAPI.Service?
  ) {
    guard let service else { return }
    recorder.record(type, reason: reason, message, on: service)
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

extension AddressClaim {
  fileprivate var host: String { "the host \(hardwareAddress) on interface \(interface)" }
}
