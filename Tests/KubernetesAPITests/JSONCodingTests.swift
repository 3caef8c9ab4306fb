import KubernetesAPI
import Testing

@Suite struct JSONCodingTests {
  @Test func `A Service keeps what it declares and drops the rest`() throws {
    let json: JSONValue = [
      "apiVersion": "v1", "kind": "Service",
      "metadata": ["name": "web", "namespace": "shop", "managedFields": [["manager": "x"]]],
      "spec": [
        "type": "LoadBalancer", "unknown": 1,
        "ports": [["port": 80, "targetPort": "http"], ["port": 443, "targetPort": 8443]],
      ],
      "status": ["loadBalancer": ["ingress": [["ip": "10.0.0.1"]]]],
    ]
    let service: Service = try json.decode()
    #expect(service.namespacedName == NamespacedName(namespace: "shop", name: "web"))
    #expect(service.spec?.ports?.map(\.targetPort) == [.string("http"), .int(8443)])
    #expect(service.status?.loadBalancer?.ingress?.first?.ip == "10.0.0.1")
    var expected = json
    expected["metadata"]?["managedFields"] = nil
    expected["spec"]?["unknown"] = nil
    #expect(try service.jsonValue() == expected)
  }

  @Test func `Null counts as absent`() throws {
    let map: ConfigMap = try JSONValue(parsing: #"{"metadata":{"labels":null},"data":null}"#)
      .decode()
    #expect(map.data == nil)
    #expect(map.metadata.labels == [:])
  }

  @Test func `An empty DaemonSet status counts nothing`() throws {
    let status: DaemonSet.Status = try JSONValue(parsing: "{}").decode()
    #expect(
      status
        == DaemonSet.Status(
          currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0,
          numberReady: 0))
  }

  static let mistakes: [(String, String)] = [
    (#"{"metadata":{"name":1}}"#, "metadata.name: must be a string, not a number"),
    (
      #"{"metadata":{},"spec":{"ports":[{"port":"x"}]}}"#,
      "spec.ports[0].port: must be an integer, not a string"
    ),
    (#"{"metadata":{},"spec":{"ports":[{}]}}"#, "spec.ports[0].port: required value"),
    (#"{"metadata":{},"spec":[]}"#, "spec: must be an object, not a list"),
    (#"{}"#, "metadata: required value"),
    (
      #"{"metadata":{"creationTimestamp":"yesterday"}}"#,
      "metadata.creationTimestamp: \"yesterday\" is no RFC 3339 time"
    ),
    (#"{"metadata":{"generation":1.5}}"#, "metadata.generation: must be an integer, not a number"),
  ]

  @Test(arguments: mistakes)
  func `A decoding error names the field`(text: String, message: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: DecodingError.self) { try json.decode(Service.self) }
    #expect(error?.fieldDescription == message)
  }

  @Test func `Integers that do not fit are refused`() throws {
    #expect(throws: DecodingError.self) { try JSONValue.integer(300).decode(UInt8.self) }
    #expect(throws: EncodingError.self) { try JSONValue(encoding: UInt64.max) }
  }

  @Test func `Free-form fields travel unchanged`() throws {
    var pod = PodSpec()
    pod.affinity = ["nodeAffinity": ["x": [1, "two", nil]]]
    let json = try JSONValue(encoding: pod)
    #expect(json["affinity"] == pod.affinity)
    #expect(try json.decode(PodSpec.self) == pod)
  }
}

@Suite struct TimestampTests {
  static let rows: [(String, Int64, String)] = [
    ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
    ("2000-02-29T12:30:45Z", 951_827_445_000_000, "2000-02-29T12:30:45Z"),
    ("2026-11-20T23:01:42.123456Z", 1_795_215_702_123_456, "2026-11-20T23:01:42Z"),
    ("2026-11-20T23:01:42.1234567Z", 1_795_215_702_123_456, "2026-11-20T23:01:42Z"),
    ("2026-11-21T00:01:42+01:00", 1_795_215_702_000_000, "2026-11-20T23:01:42Z"),
    ("1969-12-31T23:59:59Z", -1_000_000, "1969-12-31T23:59:59Z"),
    ("2100-03-01T00:00:00-00:30", 4_107_544_200_000_000, "2100-03-01T00:30:00Z"),
  ]

  @Test(arguments: rows)
  func `RFC 3339 is read and written in UTC`(text: String, microseconds: Int64, seconds: String) {
    let time = Timestamp(text)
    #expect(time?.microseconds == microseconds)
    #expect(time?.rfc3339 == seconds)
    #expect(time.flatMap { Timestamp($0.rfc3339Micro) } == time)
  }

  @Test(arguments: [
    "", "2026-11-20", "2026-11-20T23:01:42", "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z",
    "2026-11-20T23:01:42.Z", "2026-11-20T23:01:42Zx", "2026-11-20T23:01:42+0100",
  ])
  func `Anything else is no time`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `Every day of four centuries survives the round trip`() {
    for day in stride(from: Int64(-146_097), to: 146_097, by: 1) {
      let time = Timestamp(seconds: day * 86_400)
      #expect(Timestamp(time.rfc3339) == time)
    }
  }
}

@Suite struct LabelSelectorTests {
  typealias Requirement = LabelSelector.Requirement
  static let labels = ["app": "web", "tier": "front"]
  static let rows: [(LabelSelector, Bool)] = [
    (LabelSelector(), true),
    (LabelSelector(matchLabels: ["app": "web"]), true),
    (LabelSelector(matchLabels: ["app": "db"]), false),
    (LabelSelector(matchLabels: ["app": "web", "zone": "a"]), false),
    (
      LabelSelector(matchExpressions: [
        Requirement(key: "app", operator: "In", values: ["db", "web"])
      ]), true
    ),
    (
      LabelSelector(matchExpressions: [Requirement(key: "zone", operator: "In", values: ["a"])]),
      false
    ),
    (
      LabelSelector(matchExpressions: [Requirement(key: "app", operator: "NotIn", values: ["web"])]
      ), false
    ),
    (
      LabelSelector(matchExpressions: [Requirement(key: "zone", operator: "NotIn", values: ["a"])]),
      true
    ),
    (LabelSelector(matchExpressions: [Requirement(key: "tier", operator: "Exists")]), true),
    (LabelSelector(matchExpressions: [Requirement(key: "tier", operator: "DoesNotExist")]), false),
    (LabelSelector(matchExpressions: [Requirement(key: "tier", operator: "Equals")]), false),
  ]

  @Test(arguments: rows)
  func `All requirements must hold`(selector: LabelSelector, matches: Bool) {
    #expect(selector.matches(Self.labels) == matches)
  }

  @Test func `Paths follow group, version and scope`() {
    #expect(
      Service.resource.path(namespace: "a", name: "b", subresource: "status")
        == "/api/v1/namespaces/a/services/b/status")
    #expect(Deployment.resource.path() == "/apis/apps/v1/deployments")
    #expect(Node.resource.path(namespace: nil, name: "n") == "/api/v1/nodes/n")
    #expect(Deployment.resource.description == "deployments.apps/v1")
  }

  static let tolerations: [(Toleration, Bool)] = [
    (Toleration(operator: "Exists"), true),
    (Toleration(key: "dedicated", operator: "Exists"), true),
    (Toleration(key: "dedicated", value: "lb", effect: "NoSchedule"), true),
    (Toleration(key: "dedicated", value: "db"), false),
    (Toleration(key: "dedicated", operator: "Exists", effect: "NoExecute"), false),
    (Toleration(key: "other", operator: "Exists"), false),
    (Toleration(), false),
  ]

  @Test(arguments: tolerations)
  func `A toleration matches key, value and effect`(toleration: Toleration, tolerates: Bool) {
    #expect(
      toleration.tolerates(Taint(key: "dedicated", value: "lb", effect: "NoSchedule")) == tolerates)
  }
}
