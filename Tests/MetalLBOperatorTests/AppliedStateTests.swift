import KubernetesAPI
import Testing

@testable import MetalLBOperator

@Suite struct AppliedStateTests {
  private static let desired: JSONValue = [
    "apiVersion": "apps/v1", "kind": "DaemonSet",
    "metadata": [
      "name": "speaker", "namespace": "metallb-system", "labels": ["app": "metallb"],
      "ownerReferences": [["uid": "1", "kind": "MetalLB"]],
    ],
    "spec": [
      "selector": ["matchLabels": ["app": "metallb"]],
      "template": [
        "spec": [
          "tolerations": [["key": "a", "operator": "Exists"]],
          "containers": [
            [
              "name": "speaker", "image": "one", "args": ["--port=1"],
              "ports": [["name": "metrics", "containerPort": 1, "protocol": "TCP"]],
              "resources": ["limits": ["cpu": "0.5", "memory": 1000]],
              "volumeMounts": [],
            ]
          ],
          "volumes": [["name": "tmp", "emptyDir": [:]]],
        ]
      ],
    ],
  ]

  /// What a server makes of it: defaults, status, canonical quantities, managed fields.
  private static func live(_ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
    var object = desired
    object[path: ["metadata", "uid"]] = "2"
    object[path: ["metadata", "managedFields"]] = [
      [
        "manager": "metallb-operator", "operation": "Apply", "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1", "fieldsV1": fields,
      ],
      [
        "manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
        "fieldsV1": ["f:status": ["f:numberReady": [:]]],
      ],
    ]
    object["status"] = ["numberReady": 1]
    object[path: ["spec", "revisionHistoryLimit"]] = 10
    object[path: ["spec", "template", "spec", "containers"]] = [
      [
        "name": "speaker", "image": "one", "args": ["--port=1"], "imagePullPolicy": "Always",
        "ports": [["name": "metrics", "containerPort": 1, "hostPort": 1, "protocol": "TCP"]],
        "resources": ["limits": ["cpu": "500m", "memory": "1k"]], "volumeMounts": [],
      ]
    ]
    change(&object)
    return object
  }

  private static let fields: JSONValue = [
    "f:metadata": [
      "f:labels": ["f:app": [:]], "f:ownerReferences": [#"k:{"uid":"1"}"#: [:]],
    ],
    "f:spec": [
      "f:selector": [:],
      "f:template": [
        "f:spec": [
          "f:tolerations": [:],
          "f:containers": [
            #"k:{"name":"speaker"}"#: [
              ".": [:], "f:name": [:], "f:image": [:], "f:args": [:],
              "f:ports": [
                #"k:{"containerPort":1,"protocol":"TCP"}"#: [
                  ".": [:], "f:name": [:], "f:containerPort": [:], "f:protocol": [:],
                ]
              ],
              "f:resources": ["f:limits": ["f:cpu": [:], "f:memory": [:]]],
              "f:volumeMounts": [:],
            ]
          ],
          "f:volumes": [
            #"k:{"name":"tmp"}"#: [".": [:], "f:name": [:], "f:emptyDir": [:]]
          ],
        ]
      ],
    ],
  ]

  private func isCurrent(_ live: JSONValue, _ desired: JSONValue = desired) -> Bool {
    AppliedState.isCurrent(live, desired: desired, manager: "metallb-operator")
  }

  @Test func `Defaults, status and canonical quantities are no difference`() {
    #expect(isCurrent(Self.live()))
  }

  @Test func `Without our field manager nothing is current`() {
    #expect(!AppliedState.isCurrent(Self.live(), desired: Self.desired, manager: "other"))
    #expect(!isCurrent(Self.desired))
  }

  private static let container = ["spec", "template", "spec", "containers"]

  struct Edit: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout JSONValue) -> Void
  }

  @Test(arguments: [
    Edit(testDescription: "a label's value") { $0[path: ["metadata", "labels", "app"]] = "x" },
    Edit(testDescription: "a label removed") { $0[path: ["metadata", "labels"]] = [:] },
    Edit(testDescription: "an owner removed") { $0[path: ["metadata", "ownerReferences"]] = [] },
    Edit(testDescription: "an atomic value") {
      $0[path: ["spec", "selector", "matchLabels", "app"]] = "x"
    },
    Edit(testDescription: "an atomic list that grew") {
      $0[path: ["spec", "template", "spec", "tolerations"]] = [
        ["key": "a", "operator": "Exists"], ["key": "b"],
      ]
    },
    Edit(testDescription: "a value in an item") {
      $0[path: container] = [
        [
          "name": "speaker", "image": "two", "args": ["--port=1"],
          "ports": [["name": "metrics", "containerPort": 1, "protocol": "TCP"]],
          "resources": ["limits": ["cpu": "500m", "memory": "1k"]], "volumeMounts": [],
        ]
      ]
    },
    Edit(testDescription: "a quantity") {
      $0[path: container] = [
        [
          "name": "speaker", "image": "one", "args": ["--port=1"],
          "ports": [["name": "metrics", "containerPort": 1, "protocol": "TCP"]],
          "resources": ["limits": ["cpu": "501m", "memory": "1k"]], "volumeMounts": [],
        ]
      ]
    },
    Edit(testDescription: "all items gone") { $0[path: container] = [] },
  ])
  func `A change by hand is a difference`(edit: Edit) {
    #expect(!isCurrent(Self.live(edit.change)))
  }

  @Test func `What others added is none of ours`() {
    let live = Self.live { object in
      object[path: ["metadata", "labels", "theirs"]] = "x"
      object[path: ["metadata", "annotations"]] = ["theirs": "x"]
      guard case .array(var volumes) = object[path: ["spec", "template", "spec", "volumes"]] else {
        return
      }
      volumes.insert(["name": "theirs"], at: 0)
      object[path: ["spec", "template", "spec", "volumes"]] = .array(volumes)
    }
    #expect(isCurrent(live))
  }

  @Test func `A field that is rendered no more is a difference`() {
    var desired = Self.desired
    desired[path: ["metadata", "labels"]] = nil
    #expect(!isCurrent(Self.live(), desired))
    desired = Self.desired
    desired[path: ["spec", "template", "spec", "volumes"]] = [:]
    #expect(!isCurrent(Self.live(), desired))
  }

  @Test func `A field that is rendered anew is a difference, also with the same value`() {
    var desired = Self.desired
    desired[path: ["spec", "revisionHistoryLimit"]] = 10
    #expect(!isCurrent(Self.live(), desired))
  }

  @Test func `A field that somebody else took is a difference`() {
    let live = Self.live { object in
      guard case .array(var entries) = object[path: ["metadata", "managedFields"]] else { return }
      entries[0][path: ["fieldsV1", "f:metadata", "f:labels"]] = nil
      object[path: ["metadata", "managedFields"]] = .array(entries)
    }
    #expect(!isCurrent(live))
  }

  @Test func `Numbers that look like quantities are texts elsewhere`() {
    let desired: JSONValue = ["kind": "ConfigMap", "data": ["a": "1000m"]]
    let live: JSONValue = [
      "kind": "ConfigMap", "data": ["a": "1"],
      "metadata": [
        "managedFields": [
          [
            "manager": "metallb-operator", "operation": "Apply",
            "fieldsV1": ["f:data": ["f:a": [:]]],
          ]
        ]
      ],
    ]
    #expect(!isCurrent(live, desired))
  }
}

@Suite struct ManagedFieldsTests {
  private static func object(_ entries: JSONValue...) -> JSONValue {
    ["metadata": ["managedFields": .array(entries)]]
  }

  private static let ours: JSONValue = [
    "manager": "metallb-operator", "operation": "Apply",
    "fieldsV1": ["f:spec": ["f:a": [:]]],
  ]
  private static let predecessor: JSONValue = [
    "manager": "manager", "operation": "Update",
    "fieldsV1": ["f:spec": ["f:a": [:], "f:b": ["f:c": [:]]]],
  ]
  private static let status: JSONValue = [
    "manager": "manager", "operation": "Update", "subresource": "status",
    "fieldsV1": ["f:status": [:]],
  ]

  @Test func `Hands the predecessor's fields over once`() throws {
    let fields = ManagedFields(Self.object(Self.predecessor, Self.ours, Self.status))
    #expect(fields.hasPredecessor)
    let entries = try #require(fields.takingOver(by: "metallb-operator"))
    #expect(
      entries == [
        [
          "manager": "metallb-operator", "operation": "Apply",
          "fieldsV1": ["f:spec": ["f:a": [:], "f:b": ["f:c": [:]]]],
        ], Self.status,
      ])
    #expect(
      ManagedFields(["metadata": ["managedFields": .array(entries)]])
        .takingOver(by: "metallb-operator") == nil)
  }

  @Test func `Needs fields of our own to hand them to`() {
    #expect(
      ManagedFields(Self.object(Self.predecessor)).takingOver(by: "metallb-operator") == nil)
    #expect(!ManagedFields(Self.object(Self.ours, Self.status)).hasPredecessor)
  }

  @Test func `Knows what only upstream wrote`() {
    #expect(ManagedFields(Self.object(Self.predecessor)).isPredecessorOnly)
    #expect(!ManagedFields(Self.object(Self.predecessor, Self.ours)).isPredecessorOnly)
    #expect(!ManagedFields([:]).isPredecessorOnly)
  }
}
