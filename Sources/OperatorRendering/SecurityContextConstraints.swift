package import KubernetesAPI

/// `security.openshift.io/v1 SecurityContextConstraints`: what Pods may ask for on OpenShift.
package enum SecurityContextConstraints {
  package static let resource = ResourceKind(
    group: "security.openshift.io", version: "v1", kind: "SecurityContextConstraints",
    plural: "securitycontextconstraints", isNamespaced: false)

  /// The host's network and raw sockets, and nothing else; where FRR runs beside the speaker, also what that
  /// needs of the kernel, and the capabilities with which a container starts, which FRR uses to become its own
  /// user. Who may use it is said by the role of the speaker's service account.
  static func speaker(_ input: RenderingInput) -> RenderedObject {
    let capabilities = input.runsFRRInSpeaker ? FRRContainers.capabilities : ["NET_RAW"]
    return RenderedObject(
      resource: resource,
      value: [
        "apiVersion": .string(resource.apiVersion),
        "kind": .string(resource.kind),
        "metadata": [
          "name": .string(ObjectName.speakerSecurityContextConstraints),
          "annotations": [
            "kubernetes.io/description": """
            Allows the speakers of MetalLB to use the network of their host and raw sockets.
            """
          ],
        ],
        "allowHostDirVolumePlugin": false,
        "allowHostIPC": false,
        "allowHostNetwork": true,
        "allowHostPID": false,
        "allowHostPorts": true,
        "allowPrivilegeEscalation": false,
        "allowPrivilegedContainer": false,
        "allowedCapabilities": .strings(capabilities),
        "defaultAddCapabilities": [],
        "fsGroup": ["type": "RunAsAny"],
        "readOnlyRootFilesystem": false,
        "requiredDropCapabilities": input.runsFRRInSpeaker ? [] : ["ALL"],
        "runAsUser": ["type": "RunAsAny"],
        "seLinuxContext": ["type": "RunAsAny"],
        "supplementalGroups": ["type": "RunAsAny"],
        "users": [],
        "groups": [],
        "volumes": ["configMap", "downwardAPI", "emptyDir", "projected", "secret"],
      ])
  }
}
