import MetalLBAPI

/// What the tests apply. Objects without a namespace land in the test's own.
enum Manifests {
  static func configMap(_ name: String = "settings", _ data: String) -> String {
    """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: \(name)
      labels: {set: one}
    data: {\(data)}

    """
  }

  static func service(port: Int = 80) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: web, labels: {app: web}}
    spec:
      type: LoadBalancer
      selector: {app: web}
      ports:
      - {name: http, port: \(port), targetPort: 8080}

    """
  }

  static func deployment(image: String, replicas: Int = 2) -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: \(replicas)
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - name: main
            image: \(image)
            env:
            - {name: FIRST, value: "1"}
          - name: side
            image: helper

    """
  }

  static func pool(_ addresses: String, autoAssign: Bool = true) -> String {
    """
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata: {name: production, labels: {set: one}}
    spec:
      addresses: [\(addresses)]
      autoAssign: \(autoAssign)

    """
  }

  static var crds: String {
    CustomResourceDefinitions.yaml.map(\.text).joined(separator: "---\n")
  }
}
