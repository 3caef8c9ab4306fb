import KubernetesAPI
package import MetalLBAPI

extension LegacyPeer {
  /// The hold time of an entry that names none.
  private static let defaultHoldTime = Duration.seconds(90)

  /// The entry as the current kind. The hold time is always there, in whole seconds; the keepalive time where the entry
  /// has one.
  package func bgpPeer(name: String, namespace: String) -> BGPPeer {
    var spec = BGPPeer.Spec(myASN: myASN, peerASN: peerASN, peerAddress: peerAddress)
    spec.sourceAddress = sourceAddress
    spec.peerPort = peerPort == 0 ? nil : peerPort
    spec.holdTime = (holdTime ?? Self.defaultHoldTime).wholeSeconds.goText
    spec.keepaliveTime = keepaliveTime.map(\.wholeSeconds.goText)
    spec.routerID = routerID
    spec.nodeSelectors = nodeSelectors.isEmpty ? nil : nodeSelectors
    spec.password = password
    spec.bfdProfile = bfdProfile
    spec.ebgpMultiHop = ebgpMultiHop ? true : nil
    return BGPPeer(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
  }
}

extension LegacyBFDProfile {
  /// The entry as the current kind.
  package func bfdProfile(namespace: String) -> BFDProfile {
    var spec = BFDProfile.Spec()
    spec.receiveInterval = receiveInterval
    spec.transmitInterval = transmitInterval
    spec.detectMultiplier = detectMultiplier
    spec.echoInterval = echoInterval
    spec.echoMode = echoMode
    spec.passiveMode = passiveMode
    spec.minimumTtl = minimumTTL
    return BFDProfile(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
  }
}

extension LegacyAdvertisement {
  /// The entry as the current kind, for one pool.
  package func bgpAdvertisement(
    name: String, pool: String, namespace: String
  ) -> BGPAdvertisement {
    var spec = BGPAdvertisement.Spec()
    spec.aggregationLength = aggregationLength
    spec.aggregationLengthV6 = aggregationLengthV6
    spec.localPref = localPref == 0 ? nil : localPref
    spec.communities = communities.isEmpty ? nil : communities
    spec.ipAddressPools = [pool]
    return BGPAdvertisement(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
  }
}

extension Duration {
  fileprivate var wholeSeconds: Duration { .seconds(components.seconds) }
}
