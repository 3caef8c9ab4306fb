import KubernetesAPI

/// Defaults of Services that depend on their type.
enum ServiceDefaults {
  static func apply(to service: inout JSONValue) {
    let type = service.text("spec", "type")
    service.edit("spec") { spec in
      if spec.text("sessionAffinity") == "ClientIP" {
        spec.setDefault("sessionAffinityConfig", "clientIP", "timeoutSeconds", to: 10_800)
      } else {
        spec["sessionAffinityConfig"] = nil
      }
      spec.editEach("ports") { port in
        if let number = port["port"], [nil, 0, ""].contains(port["targetPort"]) {
          port["targetPort"] = number
        }
      }
      if type == "NodePort" || type == "LoadBalancer" {
        spec.setDefault("externalTrafficPolicy", to: "Cluster")
      }
      if ["NodePort", "LoadBalancer", "ClusterIP"].contains(type) {
        spec.setDefault("internalTrafficPolicy", to: "Cluster")
      }
      if type == "LoadBalancer" { spec.setDefault("allocateLoadBalancerNodePorts", to: true) }
    }
    guard type == "LoadBalancer" else { return }
    service.editEach("status", "loadBalancer", "ingress") { ingress in
      if !ingress.text("ip").isEmpty { ingress.setDefault("ipMode", to: "VIP") }
    }
  }
}
