import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct KindDefaultsTests {
  let schemas: BuiltInSchemas

  init() throws { schemas = try BuiltInSchemas() }

  func completed(_ kind: String, group: String = "", _ object: JSONValue) throws -> JSONValue {
    let schema = try #require(schemas[group: group, kind: kind])
    var object = try TypedDecoder.decode(object, as: schema).object
    SchemaDefaults.apply(schema, to: &object)
    KindDefaults.apply(group: group, kind: kind, to: &object)
    return object
  }

  let container: JSONValue = [
    "name": "c", "image": "c", "resources": [:], "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
  ]

  @Test func `A minimal Deployment gets the defaults of a real server`() throws {
    let object = try completed(
      "Deployment", group: "apps",
      [
        "metadata": ["name": "d"],
        "spec": [
          "selector": ["matchLabels": ["app": "x"]],
          "template": [
            "metadata": ["labels": ["app": "x"]],
            "spec": ["containers": [["name": "c", "image": "c"]]],
          ],
        ],
      ])
    #expect(
      object["spec"] == [
        "replicas": 1, "selector": ["matchLabels": ["app": "x"]],
        "template": [
          "metadata": ["labels": ["app": "x"]],
          "spec": [
            "containers": [container], "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": [:], "schedulerName": "default-scheduler",
          ],
        ],
        "strategy": [
          "type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"],
        ], "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
      ])
  }

  @Test func `A minimal DaemonSet counts its templates`() throws {
    let object = try completed(
      "DaemonSet", group: "apps", ["metadata": ["name": "d"], "spec": ["template": [:]]])
    #expect(object.text("metadata", "annotations", WorkloadRules.templateGeneration) == "0")
    #expect(
      object[path: ["spec", "updateStrategy"]] == [
        "type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 0],
      ])
    var created = object
    WorkloadRules.prepareForCreate("DaemonSet", &created)
    #expect(created.text("metadata", "annotations", WorkloadRules.templateGeneration) == "1")
    var changed = created
    changed[path: ["spec", "template", "metadata", "labels", "a"]] = "b"
    WorkloadRules.prepareForUpdate("DaemonSet", &changed, old: created)
    #expect(changed.text("metadata", "annotations", WorkloadRules.templateGeneration) == "2")
  }

  @Test(arguments: [
    ("c", "Always"), ("c:latest", "Always"), ("c:v1", "IfNotPresent"),
    ("reg:5000/c", "Always"), ("reg:5000/c:v1", "IfNotPresent"),
    ("c@sha256:00", "IfNotPresent"),
  ])
  func `Images are pulled by their tag`(_ image: String, _ policy: String) {
    #expect(PodDefaults.pullPolicy(of: image) == policy)
  }

  @Test func `Probes, volumes and ports are completed`() throws {
    let pod = try completed(
      "Pod",
      [
        "spec": [
          "serviceAccount": "runner", "hostNetwork": true,
          "containers": [
            [
              "name": "c", "image": "c:1", "ports": [["containerPort": 80]],
              "livenessProbe": ["httpGet": ["port": "http"]],
              "resources": ["limits": ["cpu": "0.1"]],
            ]
          ],
          "volumes": [
            ["name": "h", "hostPath": ["path": "/x"]],
            ["name": "s", "secret": ["secretName": "s"]],
            ["name": "p", "projected": ["sources": [["serviceAccountToken": ["path": "t"]]]]],
          ],
        ]
      ])
    let spec = try #require(pod["spec"])
    #expect(spec.text("serviceAccountName") == "runner" && spec.flag("enableServiceLinks"))
    #expect(
      spec["containers"]?[0]?["livenessProbe"] == [
        "httpGet": ["path": "/", "port": "http", "scheme": "HTTP"], "timeoutSeconds": 1,
        "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
      ])
    #expect(
      spec["containers"]?[0]?["ports"] == [
        ["containerPort": 80, "protocol": "TCP", "hostPort": 80]
      ])
    #expect(spec["containers"]?[0]?[path: ["resources", "requests", "cpu"]] == "100m")
    #expect(spec["volumes"]?[0]?["hostPath"] == ["path": "/x", "type": ""])
    #expect(spec["volumes"]?[1]?[path: ["secret", "defaultMode"]] == 420)
    #expect(
      spec["volumes"]?[2]?[path: ["projected", "sources"]] == [
        ["serviceAccountToken": ["expirationSeconds": 3600, "path": "t"]]
      ])
  }

  @Test(
    arguments: [
      ([:], "BestEffort"), (["requests": ["cpu": "1"]], "Burstable"),
      (
        [
          "limits": ["cpu": "1", "memory": "1Gi"],
          "requests": ["cpu": "1000m", "memory": "1024Mi"],
        ],
        "Guaranteed"
      ), (["limits": ["cpu": "1"], "requests": ["cpu": "1"]], "Burstable"),
    ] as [(JSONValue, String)])
  func `Quality of service follows resources`(_ resources: JSONValue, _ quality: String) {
    #expect(PodDefaults.qosClass(of: ["containers": [["resources": resources]]]) == quality)
  }

  @Test func `Services default by type`() throws {
    let cluster = try completed("Service", ["spec": ["ports": [["port": 80]]]])
    #expect(
      cluster["spec"] == [
        "ports": [["protocol": "TCP", "port": 80, "targetPort": 80]], "type": "ClusterIP",
        "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
      ])
    let balanced = try completed(
      "Service",
      [
        "spec": ["type": "LoadBalancer", "sessionAffinity": "ClientIP", "ports": [["port": 80]]],
        "status": ["loadBalancer": ["ingress": [["ip": "192.0.2.1"]]]],
      ])
    #expect(balanced.text("spec", "externalTrafficPolicy") == "Cluster")
    #expect(balanced.flag("spec", "allocateLoadBalancerNodePorts"))
    #expect(
      balanced.integer("spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds") == 10_800)
    #expect(
      balanced[path: ["status", "loadBalancer", "ingress"]] == [
        ["ip": "192.0.2.1", "ipMode": "VIP"]
      ])
  }

  @Test func `Small kinds have theirs`() throws {
    #expect(
      try completed("Secret", ["stringData": ["a": "b"]])
        == ["metadata": [:], "data": ["a": "Yg=="], "type": "Opaque"])
    #expect(
      try completed("Namespace", ["metadata": ["name": "n"]])[path: [
        "metadata", "labels", "kubernetes.io/metadata.name",
      ]] == "n")
    let policy = try completed(
      "NetworkPolicy", group: "networking.k8s.io",
      ["spec": ["podSelector": [:], "ingress": [["ports": [["port": 80]]]], "egress": [[:]]]])
    #expect(policy.texts("spec", "policyTypes") == ["Ingress", "Egress"])
    #expect(policy.list("spec", "ingress") == [["ports": [["protocol": "TCP", "port": 80]]]])
    let binding = try completed(
      "ClusterRoleBinding", group: "rbac.authorization.k8s.io",
      [
        "roleRef": ["kind": "ClusterRole", "name": "r"],
        "subjects": [["kind": "Group", "name": "g"]],
      ])
    #expect(binding.text("roleRef", "apiGroup") == "rbac.authorization.k8s.io")
    #expect(binding.list("subjects").first?.text("apiGroup") == "rbac.authorization.k8s.io")
    let crd = try completed(
      "CustomResourceDefinition", group: "apiextensions.k8s.io",
      ["spec": ["names": ["kind": "Thing", "plural": "things"]]])
    #expect(crd.text("spec", "names", "listKind") == "ThingList")
    #expect(crd[path: ["spec", "conversion"]] == ["strategy": "None"])
    let limits = try completed(
      "LimitRange", ["spec": ["limits": [["type": "Container", "default": ["cpu": "1"]]]]])
    #expect(limits.list("spec", "limits").first?["defaultRequest"] == ["cpu": "1"])
    let slice = try completed(
      "EndpointSlice", group: "discovery.k8s.io",
      ["addressType": "IPv4", "ports": [["port": 80]], "endpoints": [["addresses": ["192.0.2.1"]]]])
    #expect(slice.list("ports") == [["name": "", "protocol": "TCP", "port": 80]])
    #expect(slice.list("endpoints") == [["addresses": ["192.0.2.1"], "conditions": [:]]])
  }

  @Test func `Jobs select by uid`() throws {
    var job = try completed(
      "Job", group: "batch",
      ["metadata": ["name": "j", "uid": "u"], "spec": ["template": ["spec": [:]]]])
    WorkloadRules.prepareJob(&job)
    #expect(
      job[path: ["spec", "selector"]] == [
        "matchLabels": ["batch.kubernetes.io/controller-uid": "u"]
      ])
    #expect(job.text("spec", "template", "metadata", "labels", "job-name") == "j")
    #expect(
      job.integer("spec", "backoffLimit") == 6 && job.text("spec", "completionMode") == "NonIndexed"
    )
  }

  @Test func `Events look alike from both groups`() throws {
    let core: JSONValue = [
      "apiVersion": "v1", "kind": "Event", "involvedObject": ["kind": "Pod"], "message": "m",
      "source": [:], "firstTimestamp": nil, "reportingComponent": "c", "reportingInstance": "i",
    ]
    let events = EventConversion.events(from: core)
    #expect(events["apiVersion"] == "events.k8s.io/v1")
    #expect(events["regarding"] == ["kind": "Pod"] && events["note"] == "m")
    #expect(events["reportingController"] == "c")
    let back = EventConversion.core(from: events)
    #expect(back["involvedObject"] == core["involvedObject"] && back["message"] == "m")
  }
}
