import KubernetesAPI
import MetalLBAPI
import Testing

@Suite struct BGPPeerConversionTests {
  static let v1beta1 = "metallb.io/v1beta1"
  static let v1beta2 = "metallb.io/v1beta2"

  static func peer(
    _ apiVersion: String, _ spec: JSONValue, annotations: JSONValue? = nil
  ) -> JSONValue {
    var object: JSONValue = [
      "apiVersion": .string(apiVersion), "kind": "BGPPeer",
      "metadata": [
        "name": "a", "namespace": "metallb-system", "managedFields": [["manager": "x"]],
      ],
      "spec": spec, "status": [:],
    ]
    if let annotations { object[path: ["metadata", "annotations"]] = annotations }
    return object
  }

  struct Row: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var v1beta2: JSONValue
    var v1beta1: JSONValue
    /// What the annotation holds.
    var extras: JSONValue?
  }

  static let unsetTimers: JSONValue = ["holdTime": nil, "keepaliveTime": nil]

  static let rows = [
    Row(
      testDescription: "shared fields only",
      v1beta2: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "peerPort": 180, "holdTime": "1m30s",
        "keepaliveTime": "30s", "routerID": "192.0.2.9", "sourceAddress": "192.0.2.8",
        "password": "x", "bfdProfile": "b", "ebgpMultiHop": true,
        "nodeSelectors": [
          ["matchLabels": ["a": "b"]], [:],
          ["matchExpressions": [["key": "k", "operator": "In", "values": ["v"]]]],
        ],
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "peerPort": 180, "holdTime": "1m30s",
        "keepaliveTime": "30s", "routerID": "192.0.2.9", "sourceAddress": "192.0.2.8",
        "password": "x", "bfdProfile": "b", "ebgpMultiHop": true,
        "nodeSelectors": [
          ["matchLabels": ["a": "b"]], [:],
          ["matchExpressions": [["key": "k", "operator": "In", "values": ["v"]]]],
        ],
      ], extras: nil),
    Row(
      testDescription: "timers that are not set",
      v1beta2: ["myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1"],
      v1beta1: ["myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1"], extras: unsetTimers),
    Row(
      testDescription: "timers that are off",
      v1beta2: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "0s",
        "keepaliveTime": "0s",
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "0s",
        "keepaliveTime": "0s",
      ], extras: nil),
    Row(
      testDescription: "fields of v1beta2",
      v1beta2: [
        "myASN": 1, "dynamicASN": "external", "interface": "eth0", "localASN": 7,
        "connectTime": "5s", "passwordSecret": ["name": "s"], "enableGracefulRestart": true,
        "vrf": "red", "disableMP": false, "dualStackAddressFamily": true, "holdTime": "90s",
        "keepaliveTime": "30s",
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 0, "peerAddress": "", "holdTime": "90s", "keepaliveTime": "30s",
      ],
      extras: [
        "dynamicASN": "external", "interface": "eth0", "localASN": 7, "connectTime": "5s",
        "passwordSecret": ["name": "s"], "enableGracefulRestart": true, "vrf": "red",
        "disableMP": false, "dualStackAddressFamily": true, "peerASN": nil, "peerAddress": nil,
      ]),
    Row(
      testDescription: "fields that come later",
      v1beta2: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s", "extensions": ["new": [1, 2]],
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s",
      ], extras: ["extensions": ["new": [1, 2]]]),
    Row(
      testDescription: "selectors without values",
      v1beta2: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s",
        "nodeSelectors": [["matchExpressions": [["key": "k", "operator": "Exists"]]]],
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s",
        "nodeSelectors": [
          ["matchExpressions": [["key": "k", "operator": "Exists", "values": [""]]]]
        ],
      ], extras: nil),
    Row(
      testDescription: "selectors with empty lists of values",
      v1beta2: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s",
        "nodeSelectors": [
          ["matchExpressions": [["key": "k", "operator": "DoesNotExist", "values": []]]]
        ],
      ],
      v1beta1: [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "holdTime": "9s",
        "keepaliveTime": "3s",
        "nodeSelectors": [
          ["matchExpressions": [["key": "k", "operator": "DoesNotExist", "values": [""]]]]
        ],
      ],
      extras: [
        "nodeSelectors": [
          ["matchExpressions": [["key": "k", "operator": "DoesNotExist", "values": []]]]
        ]
      ]),
  ]

  @Test(arguments: rows)
  func `A peer goes to v1beta1 and back whole`(row: Row) throws {
    for others: JSONValue? in [nil, ["example.org/a": "b"]] {
      let original = Self.peer(Self.v1beta2, row.v1beta2, annotations: others)
      let old = try BGPPeerConversion.convert(original, to: Self.v1beta1)
      #expect(old["apiVersion"]?.stringValue == Self.v1beta1)
      #expect(old["spec"] == row.v1beta1)
      let text = old["metadata"]?["annotations"]?[BGPPeerConversion.annotation]?.stringValue
      #expect(try text.map { try JSONValue(parsing: $0) } == row.extras)
      #expect(try BGPPeerConversion.convert(old, to: Self.v1beta2) == original)
    }
  }

  @Test func `What a client of v1beta1 changes counts, the rest is kept`() throws {
    let original = Self.peer(
      Self.v1beta2,
      [
        "myASN": 1, "dynamicASN": "external", "interface": "eth0", "vrf": "red",
        "nodeSelectors": [
          ["matchExpressions": [["key": "k", "operator": "Exists", "values": []]]]
        ],
      ])
    var old = try BGPPeerConversion.convert(original, to: Self.v1beta1)
    old[path: ["spec", "peerAddress"]] = "192.0.2.1"
    old[path: ["spec", "holdTime"]] = "20s"
    old[path: ["spec", "nodeSelectors"]] = [["matchLabels": ["a": "b"]]]
    let new = try BGPPeerConversion.convert(old, to: Self.v1beta2)
    #expect(
      new["spec"] == [
        "myASN": 1, "dynamicASN": "external", "interface": "eth0", "vrf": "red",
        "peerAddress": "192.0.2.1", "holdTime": "20s",
        "nodeSelectors": [["matchLabels": ["a": "b"]]],
      ])
  }

  /// Clients in Go write the zero of a field that they do not set.
  @Test func `Timers that are not set survive a client that writes zeros`() throws {
    let original = Self.peer(
      Self.v1beta2, ["myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1"])
    var old = try BGPPeerConversion.convert(original, to: Self.v1beta1)
    old[path: ["spec", "holdTime"]] = "0s"
    old[path: ["spec", "keepaliveTime"]] = "0s"
    #expect(try BGPPeerConversion.convert(old, to: Self.v1beta2) == original)
  }

  @Test func `A peer that was written as v1beta1 keeps what it says`() throws {
    let old = Self.peer(
      Self.v1beta1,
      ["myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "nodeSelectors": [[:]]])
    let new = try BGPPeerConversion.convert(old, to: Self.v1beta2)
    #expect(
      new["spec"] == [
        "myASN": 1, "peerASN": 2, "peerAddress": "192.0.2.1", "nodeSelectors": [[:]],
      ])
    #expect(try BGPPeerConversion.convert(new, to: Self.v1beta2) == new)
  }

  @Test func `What is no peer is refused`() {
    let peer = Self.peer(Self.v1beta1, ["myASN": 1])
    #expect(throws: BGPPeerConversionError.unknownVersion("metallb.io/v1")) {
      try BGPPeerConversion.convert(peer, to: "metallb.io/v1")
    }
    #expect(throws: BGPPeerConversionError.unknownVersion("v1")) {
      try BGPPeerConversion.convert(Self.peer("v1", [:]), to: Self.v1beta2)
    }
    #expect(throws: BGPPeerConversionError.unknownKind("Pod")) {
      try BGPPeerConversion.convert(["kind": "Pod"], to: Self.v1beta2)
    }
    for text in ["", "[]", "{"] {
      let peer = Self.peer(
        Self.v1beta1, ["myASN": 1],
        annotations: .object([BGPPeerConversion.annotation: .string(text)]))
      #expect(throws: BGPPeerConversionError.badAnnotation) {
        try BGPPeerConversion.convert(peer, to: Self.v1beta2)
      }
    }
  }
}
