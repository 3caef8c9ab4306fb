import KubernetesAPI

/// What a MetalLB object asks for, as the objects that the operator applies.
///
/// A pure function from the MetalLB object, the operator's environment and the facts about the
/// cluster to typed objects, rendered as JSON in the order in which they are to be applied: what
/// admits Pods first (security constraints, network policies), then what they mount, then the
/// workloads, and last what refers to them: monitors, and the webhook that nobody could satisfy before
/// its server runs. Everything in the namespace is owned by the MetalLB object and goes with it;
/// cluster-scoped objects are owned by the namespace. All carry the inventory label.
///
/// Left out: roles and service accounts come with the installation, the Secret of the gossip is
/// made by the controller, and the ConfigMap `config` depends on pools and has its own renderer.
package enum Workloads {
  package static func render(_ input: RenderingInput) throws -> [RenderedObject] {
    var objects: [RenderedObject] = []
    if input.platform == .openshift {
      objects.append(SecurityContextConstraints.speaker(input))
    }
    if input.environment.hasNetworkPolicies {
      objects.append(try RenderedObject(NetworkPolicies.controller(input)))
    }
    objects += try secrets(input).map { try RenderedObject($0) }
    objects.append(try RenderedObject(ExcludedInterfaces.configMap(input)))
    if input.runsFRRInSpeaker || input.backend == .frrK8s {
      objects.append(try RenderedObject(FRRStartup.configMap(input)))
    }
    objects += try services(input).map { try RenderedObject($0) }
    if input.backend == .frrK8s {
      objects.append(try RenderedObject(FRRK8sDaemonSet.render(input)))
      objects.append(try RenderedObject(StatusCleaner.deployment(input)))
    }
    objects.append(try RenderedObject(SpeakerDaemonSet.render(input)))
    objects.append(try RenderedObject(ControllerDeployment.render(input)))
    objects += try Monitors.render(input)
    if input.backend == .frrK8s { objects.append(FRRK8sWebhook.render(input)) }

    let owner = input.metalLB.ownerReference(controller: true, blockOwnerDeletion: true)
    return try objects.map { object in
      var object = object
      object.setLabel(Inventory.label, input.namespace)
      if object.resource.isNamespaced {
        try object.setOwner(owner)
      } else if let namespaceOwner = input.namespaceOwner {
        try object.setOwner(namespaceOwner)
      }
      return object
    }
  }
  private static func secrets(_ input: RenderingInput) -> [Secret] {
    let webhook = input.backend == .frrK8s ? StatusCleaner.secret(input) : nil
    return [Monitors.token(input), webhook].compactMap(\.self)
  }

  private static func services(_ input: RenderingInput) -> [Service] {
    (input.backend == .frrK8s ? [StatusCleaner.service(input)] : [])
      + MetricsServices.render(input)
  }
}
