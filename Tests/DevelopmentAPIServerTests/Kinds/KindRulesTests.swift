import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// What built-in kinds refuse, each rule broken once.
@Suite struct KindRulesTests {
  let definitions: [ResourceDefinition]

  static let kinds = [
    ("", "Service", "services"), ("", "ConfigMap", "configmaps"), ("", "Secret", "secrets"),
    ("", "Pod", "pods"), ("", "Event", "events"), ("apps", "Deployment", "deployments"),
    ("apps", "DaemonSet", "daemonsets"), ("coordination.k8s.io", "Lease", "leases"),
    ("discovery.k8s.io", "EndpointSlice", "endpointslices"),
    ("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    ("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("rbac.authorization.k8s.io", "Role", "roles"),
    ("rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
    ("scheduling.k8s.io", "PriorityClass", "priorityclasses"),
    (
      "admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
      "validatingwebhookconfigurations"
    ), ("events.k8s.io", "Event", "events"),
  ]

  init() throws {
    definitions = try BuiltInKinds().completing(
      Self.kinds.map { group, kind, plural in
        ResourceDefinition(
          ResourceKind(group: group, version: "v1", kind: kind, plural: plural))
      })
  }

  func definition(_ kind: String, group: String? = nil) throws -> ResourceDefinition {
    try #require(
      definitions.first { definition in
        definition.kind.kind == kind && (group == nil || group == definition.kind.group)
      })
  }

  func complete(_ object: JSONValue, _ definition: ResourceDefinition) throws -> JSONValue {
    var object = object
    object["kind"] = .string(definition.kind.kind)
    _ = try definition.behavior.decode(&object)
    definition.behavior.setDefaults(&object)
    return object
  }

  func refusals(_ kind: String, _ object: JSONValue, group: String? = nil) throws -> [String] {
    let definition = try definition(kind, group: group)
    return definition.behavior.validateCreate(try complete(object, definition)).map(\.description)
  }

  func updateRefusals(_ kind: String, _ new: JSONValue, old: JSONValue) throws -> [String] {
    let definition = try definition(kind)
    return definition.behavior.validateUpdate(
      try complete(new, definition), try complete(old, definition)
    ).map(\.description)
  }

  // MARK: Services

  @Test(
    arguments: [
      ([:], ["spec.ports: Required value"]),
      (
        ["ports": [["port": 80], ["port": 81]]],
        ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"]
      ),
      (
        ["ports": [["name": "a", "port": 80], ["name": "b", "port": 80]]],
        [
          "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}"
        ]
      ),
      (
        ["type": "Nosuch", "ports": [["port": 0]]],
        [
          "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
          "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
          "spec.type: Unsupported value: \"Nosuch\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
        ]
      ),
      (
        ["type": "ExternalName"], ["spec.externalName: Required value"]
      ),
      (
        ["loadBalancerClass": "a/b", "ports": [["port": 1]]],
        ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]
      ),
      (
        ["type": "LoadBalancer", "ports": [["port": 1]], "loadBalancerSourceRanges": ["x"]],
        [
          "spec.LoadBalancerSourceRanges[0]: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        ]
      ),
      (
        ["ports": [["port": 1]], "externalIPs": ["127.0.0.1"]],
        [
          "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"
        ]
      ),
      (
        ["ports": [["port": 1]], "externalTrafficPolicy": "Local"],
        [
          "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
        ]
      ),
      (
        [
          "sessionAffinity": "X",
          "ports": [["name": "a", "port": 80], ["name": "a", "port": 80]],
        ],
        [
          "spec.ports[1].name: Duplicate value: \"a\"",
          "spec.sessionAffinity: Unsupported value: \"X\": supported values: \"ClientIP\", \"None\"",
          "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}",
        ]
      ),
      (
        ["ports": [["port": 1, "appProtocol": "a b"]]],
        [
          "spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        ]
      ),
      (
        ["ports": [["port": 1]], "trafficDistribution": "X"],
        [
          "spec.trafficDistribution: Unsupported value: \"X\": supported values: \"PreferClose\", \"PreferSameZone\", \"PreferSameNode\""
        ]
      ),
    ] as [(JSONValue, [String])])
  func `Services`(_ spec: JSONValue, _ texts: [String]) throws {
    #expect(try refusals("Service", ["metadata": ["name": "s"], "spec": spec]) == texts)
  }

  @Test func `Rules that a real server was seen to apply`() throws {
    func refusals(_ kind: String, _ object: JSONValue) throws -> [String] {
      var object = object
      object["metadata"] = ["name": "n", "namespace": "default"]
      return try self.refusals(kind, object)
    }
    #expect(
      try refusals(
        "EndpointSlice",
        ["addressType": "IPv4", "endpoints": [["addresses": ["::1"]]], "ports": [["name": "A"]]])
        == [
          "ports[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
          "endpoints[0].addresses: Invalid value: \"::1\": must be an IPv4 address",
          "endpoints[0].addresses[0]: Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ])
    #expect(
      try refusals(
        "NetworkPolicy",
        ["spec": ["podSelector": [:], "ingress": [["ports": [["port": 99_999]], "from": [[:]]]]]])
        == [
          "spec.ingress[0].ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive",
          "spec.ingress[0].from[0]: Required value: must specify a peer",
        ])
    let pod: JSONValue = [
      "spec": [
        "containers": [["name": "a", "image": "x"]], "restartPolicy": "X", "dnsPolicy": "Y",
      ]
    ]
    #expect(
      try refusals("Pod", pod) == [
        "spec.restartPolicy: Unsupported value: \"X\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        "spec.dnsPolicy: Unsupported value: \"Y\": supported values: \"ClusterFirstWithHostNet\", \"ClusterFirst\", \"Default\", \"None\"",
      ])
  }

  @Test func `A Service keeps its address and class`() throws {
    let old: JSONValue = [
      "spec": [
        "type": "LoadBalancer", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
        "ports": [["port": 80, "nodePort": 30_001]], "loadBalancerClass": "a/b",
        "externalTrafficPolicy": "Local", "healthCheckNodePort": 30_002,
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
      ], "status": ["loadBalancer": ["ingress": [["ip": "192.0.2.1"]]]],
    ]
    let definition = try definition("Service")
    let before = try complete(old, definition)
    var new = before
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"]
    {
      new[path: ["spec", field]] = nil
    }
    new.editEach("spec", "ports") { $0["nodePort"] = nil }
    ServiceRules.prepareForUpdate(&new, old: before)
    #expect(new == before)
    new[path: ["spec", "type"]] = "ClusterIP"
    ServiceRules.prepareForUpdate(&new, old: before)
    #expect(
      !new.has("spec", "allocateLoadBalancerNodePorts") && !new.has("spec", "loadBalancerClass"))
    #expect(!new.has("spec", "healthCheckNodePort") && !new.has("spec", "externalTrafficPolicy"))
    #expect(new.list("spec", "ports").first?["nodePort"] == nil)
    #expect(new[path: ["status", "loadBalancer"]] == [:])
    var moved = before
    moved[path: ["spec", "clusterIP"]] = "10.96.0.2"
    moved[path: ["spec", "clusterIPs"]] = ["10.96.0.2"]
    moved[path: ["spec", "loadBalancerClass"]] = "c/d"
    #expect(
      ServiceRules.validateUpdate(moved, old: before).map(\.description) == [
        "spec.clusterIPs[0]: Invalid value: [\"10.96.0.2\"]: may not change once set",
        "spec.loadBalancerClass: Invalid value: \"c/d\": may not change once set",
      ])
  }

  @Test func `A Service's status fits its type`() {
    func texts(_ type: String, _ ingress: JSONValue) -> [String] {
      ServiceRules.validateStatus([
        "spec": ["type": .string(type)], "status": ["loadBalancer": ["ingress": [ingress]]],
      ]).map(\.description)
    }
    #expect(
      texts("ClusterIP", ["ip": "192.0.2.1", "ipMode": "VIP"]) == [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
      ])
    #expect(
      texts("LoadBalancer", ["ip": "nonsense", "ipMode": "VIP"]) == [
        "status.loadBalancer.ingress[0].ip: Invalid value: \"nonsense\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
      ])
    #expect(texts("LoadBalancer", ["ip": "192.0.2.1", "ipMode": "VIP"]).isEmpty)
  }

  // MARK: Workloads

  @Test func `Deployments`() throws {
    #expect(
      try refusals(
        "Deployment",
        [
          "spec": [
            "replicas": -1, "selector": ["matchLabels": ["app": "x"]],
            "template": [
              "metadata": ["labels": ["app": "y"]],
              "spec": ["restartPolicy": "Never", "containers": [["name": "C"]]],
            ],
          ]
        ]) == [
          "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
          "spec.template.metadata.labels: Invalid value: {\"app\":\"y\"}: `selector` does not match template `labels`",
          "spec.template.spec.containers[0].name: Invalid value: \"C\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
          "spec.template.spec.containers[0].image: Required value",
          "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ])
  }

  let template: JSONValue = [
    "metadata": ["labels": ["app": "x"]], "spec": ["containers": [["name": "c", "image": "c"]]],
  ]

  @Test func `A selector is immutable, and must be there`() throws {
    let old: JSONValue = [
      "spec": ["selector": ["matchLabels": ["app": "x"]], "template": template]
    ]
    let new: JSONValue = [
      "spec": ["selector": ["matchLabels": ["app": "z"]], "template": template]
    ]
    #expect(
      try updateRefusals("Deployment", new, old: old).last
        == "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"z\"}}: field is immutable")
    #expect(
      try refusals("DaemonSet", ["spec": ["template": template]]) == [
        "spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `labels`"
      ])
  }

  @Test func `A rollout must be able to move`() throws {
    let spec: JSONValue = [
      "selector": ["matchLabels": ["app": "x"]], "template": template,
      "strategy": ["rollingUpdate": ["maxUnavailable": 0, "maxSurge": "0%"]],
    ]
    #expect(
      try refusals("Deployment", ["spec": spec]) == [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"
      ])
  }

  @Test(
    arguments: [
      ([:], ["spec.containers: Required value"]),
      (
        [
          "containers": [
            ["name": "c", "image": "c", "volumeMounts": [["name": "v", "mountPath": "/v"]]]
          ]
        ],
        ["spec.containers[0].volumeMounts[0].name: Not found: \"v\""]
      ),
      (
        ["containers": [["name": "c", "image": "c"], ["name": "c", "image": "c"]]],
        ["spec.containers[1].name: Duplicate value: \"c\""]
      ),
      (
        ["containers": [["name": "c", "image": "c", "livenessProbe": [:]]]],
        ["spec.containers[0].livenessProbe: Required value: must specify a handler type"]
      ),
      (
        ["containers": [["name": "c", "image": "c"]], "volumes": [["name": "v"]]],
        ["spec.volumes[0]: Required value: must specify a volume type"]
      ),
      (
        ["containers": [["name": "c", "image": "c", "ports": [["containerPort": 70_000]]]]],
        [
          "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ]
      ),
      (
        [
          "containers": [
            [
              "name": "c", "image": "c",
              "resources": ["limits": ["cpu": "1"], "requests": ["cpu": "2"]],
            ]
          ]
        ],
        [
          "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"
        ]
      ),
    ] as [(JSONValue, [String])])
  func `Pods`(_ spec: JSONValue, _ texts: [String]) throws {
    #expect(try refusals("Pod", ["spec": spec]) == texts)
  }

  @Test func `Only a few fields of a Pod change`() throws {
    let old: JSONValue = ["spec": ["containers": [["name": "c", "image": "c"]]]]
    let image: JSONValue = ["spec": ["containers": [["name": "c", "image": "c:2"]]]]
    // The pull policy follows the tag when it is defaulted, so it is given.
    func pulled(_ pod: JSONValue) -> JSONValue {
      var pod = pod
      pod.editEach("spec", "containers") { $0["imagePullPolicy"] = "Always" }
      return pod
    }
    #expect(try updateRefusals("Pod", pulled(image), old: pulled(old)).isEmpty)
    var node = old
    node[path: ["spec", "nodeName"]] = "x"
    let texts = try updateRefusals("Pod", node, old: old)
    #expect(texts.count == 1)
    #expect(texts.first?.contains("nodeName: null\n+ nodeName: \"x\"") ?? false)
  }

  // MARK: The rest

  @Test func `ConfigMaps and Secrets`() throws {
    #expect(
      try refusals("ConfigMap", ["data": ["bad key": "v"]]) == [
        "data[bad key]: Invalid value: \"bad key\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
      ])
    #expect(
      try updateRefusals(
        "ConfigMap", ["data": ["k": "w"]], old: ["data": ["k": "v"], "immutable": true]) == [
          "immutable: Forbidden: field is immutable when `immutable` is set",
          "data: Forbidden: field is immutable when `immutable` is set",
        ])
    #expect(
      try refusals("Secret", ["type": "kubernetes.io/basic-auth"]) == [
        "data[username]: Required value", "data[password]: Required value",
      ])
    #expect(
      try updateRefusals("Secret", ["type": "other"], old: [:]) == [
        "type: Invalid value: \"other\": field is immutable"
      ])
  }

  @Test func `Leases and EndpointSlices`() throws {
    #expect(
      try refusals("Lease", ["spec": ["leaseDurationSeconds": 0, "leaseTransitions": -1]]) == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
      ])
    #expect(
      try refusals(
        "EndpointSlice",
        [
          "addressType": "IPv4",
          "endpoints": [["addresses": ["2001:db8::1", "127.0.0.1"]], ["addresses": []]],
        ]) == [
          "endpoints[0].addresses: Invalid value: \"2001:db8::1\": must be an IPv4 address",
          "endpoints[0].addresses[1]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
          "endpoints[1].addresses: Required value: must contain at least 1 address",
        ])
    #expect(
      try updateRefusals("EndpointSlice", ["addressType": "IPv6"], old: ["addressType": "IPv4"])
        == ["addressType: Invalid value: \"IPv6\": field is immutable"])
  }

  @Test func `Events`() throws {
    #expect(
      try refusals(
        "Event",
        ["metadata": ["namespace": "n"], "involvedObject": ["kind": "Pod", "namespace": "other"]],
        group: "") == [
          "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"
        ])
    #expect(
      try refusals(
        "Event", ["metadata": ["namespace": "n"], "regarding": ["kind": "Pod", "namespace": "n"]],
        group: "events.k8s.io") == [
          "eventTime: Required value", "type: Invalid value: \"\": has invalid value: ",
        ])
  }

  @Test func `Roles and bindings`() throws {
    #expect(
      try refusals(
        "Role",
        [
          "rules": [
            ["apiGroups": [""], "resources": ["pods"]],
            ["nonResourceURLs": ["/x"], "verbs": ["get"]],
          ]
        ]) == [
          "rules[0].verbs: Required value: verbs must contain at least one value",
          "rules[1].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
        ])
    let binding: JSONValue = [
      "roleRef": ["kind": "Nosuch", "name": "x"],
      "subjects": [["kind": "ServiceAccount", "name": "x"], ["kind": "Robot", "name": "y"]],
    ]
    #expect(
      try refusals("RoleBinding", binding) == [
        "roleRef.kind: Unsupported value: \"Nosuch\": supported values: \"Role\", \"ClusterRole\"",
        "subjects[1].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
      ])
    #expect(
      try updateRefusals(
        "RoleBinding", ["roleRef": ["kind": "Role", "name": "less"]],
        old: ["roleRef": ["kind": "Role", "name": "cm"]]) == [
          "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"less\"}: cannot change roleRef"
        ])
  }

  @Test(
    arguments: [
      (
        ["name": "short"],
        "webhooks[0].name: Invalid value: \"short\": should be a domain with at least three segments separated by dots"
      ),
      (
        ["clientConfig": ["url": "http://x"]],
        "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]"
      ),
      (
        ["clientConfig": [:]],
        "webhooks[0].clientConfig: Required value: exactly one of url or service is required"
      ),
      (
        ["sideEffects": "Some"],
        "webhooks[0].sideEffects: Unsupported value: \"Some\": supported values: \"None\", \"NoneOnDryRun\""
      ),
      (
        ["timeoutSeconds": 60],
        "webhooks[0].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds"
      ),
      (
        ["admissionReviewVersions": ["v9"]],
        "webhooks[0].admissionReviewVersions: Invalid value: [\"v9\"]: must include at least one of v1, v1beta1"
      ),
    ] as [(JSONValue, String)])
  func `Webhooks`(_ change: JSONValue, _ text: String) throws {
    var webhook: JSONValue = [
      "name": "v.admit.example.com", "clientConfig": ["url": "https://x/y"],
      "rules": [
        ["apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]]
      ], "sideEffects": "None", "admissionReviewVersions": ["v1"],
    ]
    for (key, value) in change.objectValue ?? [:] { webhook[key] = value }
    #expect(try refusals("ValidatingWebhookConfiguration", ["webhooks": [webhook]]) == [text])
  }

  @Test func `Budgets, policies and priorities`() throws {
    #expect(
      try refusals(
        "PodDisruptionBudget",
        [
          "spec": [
            "minAvailable": 1, "maxUnavailable": 1, "selector": ["matchLabels": ["app": "x"]],
          ]
        ]) == [
          "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":{\"matchLabels\":{\"app\":\"x\"}},\"MaxUnavailable\":1,\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set"
        ])
    #expect(
      try refusals(
        "NetworkPolicy", ["spec": ["ingress": [["from": [["ipBlock": ["cidr": "x"]]]]]]]) == [
          "spec.ingress[0].from[0].ipBlock.cidr: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        ])
    #expect(
      try refusals("PriorityClass", ["metadata": ["name": "p"], "value": 1_000_000_001]) == [
        "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
      ])
  }
}
