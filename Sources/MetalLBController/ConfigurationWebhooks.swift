import ClusterConfiguration
import KubernetesAPI
package import KubernetesClient
import LegacyConfiguration
import MetalLBAPI
package import WebhookServer

/// Judges the objects that configure MetalLB before they are stored, and converts peers between their versions.
///
/// Every request is judged beside everything else that configures the cluster, read at that moment: an informer would not
/// have seen the object that the same `kubectl apply` stored a moment ago. Two requests at the same time may still both
/// pass; then ranks decide (`ConfigurationAssembler`).
package struct ConfigurationWebhooks: Sendable {
  let client: APIClient
  let options: ControllerOptions

  package init(client: APIClient, options: ControllerOptions) {
    // API servers wait ten seconds.
    self.client = client.timeout(.seconds(5))
    self.options = options
  }

  /// By path.
  package var handlers: [String: WebhookHandler] {
    [
      ValidatingWebhookName.ipAddressPool.path: handler(IPAddressPool.self) {
        $0.put($1, in: \.ipAddressPools)
      },
      ValidatingWebhookName.l2Advertisement.path: handler(L2Advertisement.self) {
        $0.put($1, in: \.l2Advertisements)
      },
      ValidatingWebhookName.bgpAdvertisement.path: handler(BGPAdvertisement.self) {
        $0.put($1, in: \.bgpAdvertisements)
      },
      ValidatingWebhookName.community.path: handler(Community.self) {
        $0.put($1, in: \.communities)
      },
      ValidatingWebhookName.bfdProfile.path: bfdProfileHandler,
      ValidatingWebhookName.bgpPeer.path: handler(BGPPeer.self) { sources, peer in
        var peers = sources.bgpPeers ?? []
        peers.removeAll { $0.namespacedName == peer.namespacedName }
        sources.bgpPeers = peers + [peer]
      },
      ValidatingWebhookName.ipAddressPoolPlan.path: adviser(IPAddressPool.self) {
        $0.replace($1, by: $2, in: \.ipAddressPools)
      },
      ValidatingWebhookName.l2AdvertisementPlan.path: adviser(L2Advertisement.self) {
        $0.replace($1, by: $2, in: \.l2Advertisements)
      },
      ValidatingWebhookName.bgpAdvertisementPlan.path: adviser(BGPAdvertisement.self) {
        $0.replace($1, by: $2, in: \.bgpAdvertisements)
      },
      ValidatingWebhookName.addressPoolPlan.path: adviser(AddressPool.self) {
        $0.replace($1, by: $2, in: \.addressPools)
      },
      WebhookServerNames.conversionPath: .conversion { object, version in
        try BGPPeerConversion.convert(object, to: version)
      },
    ]
  }

  private typealias Change<R> = @Sendable (inout ConfigurationSources, R) -> Void

  private func handler<R: KubernetesResource>(
    _ type: R.Type, _ put: @escaping Change<R>
  ) -> WebhookHandler {
    .admission { request in
      await request.judged(type) { object in await judge(object, request, put) }
    }
  }

  private func judge<R: KubernetesResource>(
    _ object: R, _ request: AdmissionRequest, _ put: Change<R>
  ) async -> AdmissionResponse {
    guard object.metadata.namespace == options.namespace else {
      // Older than this rule: nobody reads it, so nothing about it matters.
      guard request.operation == .create else { return .allowed() }
      return .denied("resource must be created in \(options.namespace) namespace")
    }
    var object = object
    if object.metadata.name.isEmpty {
      object.metadata.name = (object.metadata.generateName ?? "") + "…"
    }
    do {
      let before = try await ConfigurationSources(reading: client, options: options)
      var after = before
      put(&after, object)
      let admission = ConfigurationAdmission(
        before: before, after: after, object: ConfigurationObject(describing: object))
      if let denial = admission.denial { return .denied(denial, warnings: admission.warnings) }
      guard request.operation == .update else { return .allowed(warnings: admission.warnings) }
      let disruptions = try await disruptions(from: before, to: after)
      return .allowed(warnings: disruptions + admission.warnings)
    } catch {
      return .failed("cannot read the configuration that the object joins: \(error)")
    }
  }

  // MARK: BFD profiles

  private var bfdProfileHandler: WebhookHandler {
    .admission { request in
      guard request.operation == .delete else {
        return await request.judged(BFDProfile.self) { profile in
          await judge(profile, request) { $0.put($1, in: \.bfdProfiles) }
        }
      }
      return await judgeDeletion(ofBFDProfile: request)
    }
  }

  /// A peer whose profile is gone would be left without a session.
  private func judgeDeletion(ofBFDProfile request: AdmissionRequest) async -> AdmissionResponse {
    guard request.namespace == options.namespace else { return .allowed() }
    let peers: [BGPPeer]
    do {
      peers = try await client.list(BGPPeer.self, namespace: options.namespace).items
    } catch {
      return .failed("cannot read the peers: \(error)")
    }
    let users = peers.filter { $0.spec.bfdProfile == request.name && !request.name.isEmpty }
      .map(\.metadata.name).sorted()
    guard !users.isEmpty else { return .allowed() }
    return .denied(
      "failed to delete BFDProfile \(request.name): used by BGPPeer \(users.joined(separator: ", ")); remove spec.bfdProfile there first"
    )
  }
}
