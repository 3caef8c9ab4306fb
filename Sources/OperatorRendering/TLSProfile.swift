package import KubernetesAPI

/// The TLS security profile that an OpenShift cluster asks of all its servers: `spec.tlsSecurityProfile` of
/// `config.openshift.io/v1 APIServer cluster`.
///
/// It takes the place of what the environment says. How far a cluster asks for that (`spec.tlsAdherence`: of those
/// components that always did, or of all) makes no difference here: MetalLB is of those that always do.
package enum TLSProfile {
  package static let resource = ResourceKind(
    group: "config.openshift.io", version: "v1", kind: "APIServer", plural: "apiservers",
    isNamespaced: false)
  package static let objectName = "cluster"

  /// What servers are told; curves are left to them. An absent or unknown type means `Intermediate`.
  package static func options(_ object: JSONValue) -> OperatorEnvironment.TLSOptions {
    let profile = object[path: ["spec", "tlsSecurityProfile"]]
    switch profile?["type"]?.stringValue {
    case "Old": return options(old, "VersionTLS10")
    case "Modern": return options(tls13, "VersionTLS13")
    case "Custom":
      let custom = profile?["custom"]
      let ciphers = custom?["ciphers"]?.arrayValue?.compactMap(\.stringValue) ?? []
      return options(ciphers, custom?["minTLSVersion"]?.stringValue ?? "VersionTLS12")
    default: return options(intermediate, "VersionTLS12")
    }
  }

  private static func options(
    _ ciphers: [String], _ minVersion: String
  ) -> OperatorEnvironment.TLSOptions {
    var options = OperatorEnvironment.TLSOptions()
    options.cipherSuites = ciphers.compactMap(TLSNames.ianaName).joined(separator: ",")
    options.minVersion = minVersion
    return options
  }

  // The profiles of OpenShift's API reference, without the suites that no server of ours has.
  private static let tls13 = [
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
  ]
  private static let intermediate =
    tls13 + [
      "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
  private static let old =
    intermediate + [
      "ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA",
      "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
      "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES128-SHA", "AES256-SHA",
      "DES-CBC3-SHA",
    ]
}

/// The ConfigMap `metallb-tls-config`, from which the webhook server takes its TLS settings when it starts. It is there
/// also when it says nothing: upstream's webhook server does not start without it.
package enum TLSSettings {
  /// Belongs to the installation, not to a MetalLB object.
  package static func configMap(
    _ options: OperatorEnvironment.TLSOptions, namespace: String
  ) throws -> RenderedObject {
    let options = options.forServers
    return try RenderedObject(
      ConfigMap(
        metadata: ObjectMeta(
          name: ObjectName.tlsSettings, namespace: namespace,
          labels: [Inventory.label: namespace]),
        data: [
          "TLS_CIPHER_SUITES": options.cipherSuites,
          "TLS_CURVE_PREFERENCES": options.curvePreferences,
          "TLS_MIN_VERSION": options.minVersion,
        ]))
  }
}

/// The Pods that take admission reviews of pools and peers, ours and upstream's.
package enum WebhookServerPods {
  package static let selector = "app=metallb,component=webhook-server"
}
