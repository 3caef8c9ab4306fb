package import KubernetesAPI

/// `admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration` of frr-k8s. While it exists, no
/// `FRRConfiguration` is written without its server's consent: it is the first thing to go.
package enum FRRK8sWebhook {
  package static let resource = ResourceKind(
    group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations", isNamespaced: false)

  static func render(_ input: RenderingInput) -> RenderedObject {
    var metadata: JSONValue = ["name": .string(ObjectName.frrK8sWebhookConfiguration)]
    if input.platform == .openshift {
      metadata["annotations"] = [OpenShiftAnnotation.injectsAuthority: "true"]
    }
    return RenderedObject(
      resource: resource,
      value: [
        "apiVersion": .string(resource.apiVersion),
        "kind": .string(resource.kind),
        "metadata": metadata,
        "webhooks": [
          [
            "name": "frrconfigurationsvalidationwebhook.metallb.io",
            "admissionReviewVersions": ["v1"],
            // The bundle of authorities is added by who issues the certificate.
            "clientConfig": [
              "service": [
                "name": .string(ObjectName.frrK8sWebhookService),
                "namespace": .string(input.namespace),
                "path": "/validate-frrk8s-metallb-io-v1beta1-frrconfiguration",
              ]
            ],
            "failurePolicy": "Fail",
            "rules": [
              [
                "apiGroups": ["frrk8s.metallb.io"],
                "apiVersions": ["v1beta1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["frrconfigurations"],
              ]
            ],
            "sideEffects": "None",
          ]
        ],
      ])
  }
}
