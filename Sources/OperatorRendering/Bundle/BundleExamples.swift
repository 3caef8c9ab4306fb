import KubernetesAPI

/// One object of each kind that people write, offered by consoles as a start (`alm-examples`).
enum BundleExamples {
  static func all(namespace: String) -> JSONValue {
    .array(
      examples.map { example in
        var object: JSONValue = [
          "apiVersion": .string(example.version), "kind": .string(example.kind),
          "metadata": ["name": .string(example.name), "namespace": .string(namespace)],
        ]
        object["spec"] = example.spec
        return object
      })
  }

  private static let examples: [(version: String, kind: String, name: String, spec: JSONValue)] = [
    ("metallb.io/v1beta1", "MetalLB", "metallb", ["logLevel": "info"]),
    (
      "metallb.io/v1beta1", "AddressPool", "doc-example",
      ["protocol": "layer2", "addresses": ["203.0.113.1-203.0.113.10"], "autoAssign": true]
    ),
    (
      "metallb.io/v1beta1", "IPAddressPool", "example",
      ["addresses": ["192.0.2.0/28"], "autoAssign": true]
    ),
    (
      "metallb.io/v1beta1", "L2Advertisement", "example",
      ["ipAddressPools": ["example"]]
    ),
    (
      "metallb.io/v1beta2", "BGPPeer", "example",
      ["myASN": 64512, "peerASN": 64513, "peerAddress": "192.0.2.254"]
    ),
    (
      "metallb.io/v1beta1", "BGPPeer", "example-v1beta1",
      ["myASN": 64512, "peerASN": 64513, "peerAddress": "192.0.2.253"]
    ),
    (
      "metallb.io/v1beta1", "BGPAdvertisement", "example",
      ["ipAddressPools": ["example"], "aggregationLength": 32, "communities": ["64512:7"]]
    ),
    (
      "metallb.io/v1beta1", "BFDProfile", "example",
      ["receiveInterval": 300, "transmitInterval": 300, "detectMultiplier": 3]
    ),
    (
      "metallb.io/v1beta1", "Community", "example",
      ["communities": [["name": "vpn-only", "value": "1234:1"]]]
    ),
    (
      "frrk8s.metallb.io/v1beta1", "FRRConfiguration", "example",
      [
        "bgp": [
          "routers": [["asn": 64512, "neighbors": [["address": "192.0.2.254", "asn": 64513]]]]
        ]
      ]
    ),
    (
      "frrk8s.metallb.io/v1beta1", "FRRK8sConfiguration", "config",
      ["logLevel": "info"]
    ),
  ]
}
