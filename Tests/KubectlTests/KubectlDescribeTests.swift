import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlDescribeTests {
  private func event(on object: JSONValue, in namespace: String) -> String {
    """
    apiVersion: v1
    kind: Event
    metadata: {name: web.1, namespace: \(namespace)}
    involvedObject:
      apiVersion: v1
      kind: Service
      name: web
      namespace: \(namespace)
      uid: \(object[path: ["metadata", "uid"]]?.stringValue ?? "")
    reason: IPAllocated
    message: Assigned IP 192.0.2.1
    type: Normal
    count: 2
    firstTimestamp: "2026-01-01T00:00:00Z"
    lastTimestamp: "2026-01-01T00:00:00Z"
    source: {component: metallb-controller}

    """
  }

  @Test func `a Service is described with its Events`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("apply", "-f", "-", input: Manifests.service())
      let service = try await kubectl.json("get", "service", "web")
      try await kubectl(
        "create", "-f", "-", input: event(on: service, in: kubectl.cluster.namespace))
      let text = try await kubectl("describe", "service", "web")
      #expect(text.contains("Type:                     LoadBalancer"))
      #expect(text.contains("External Traffic Policy:  Cluster"))
      #expect(text.contains("IPAllocated"))
      #expect(text.contains("metallb-controller"))
      let listed = try await kubectl("get", "events", "--no-headers")
      #expect(listed.contains("IPAllocated") && listed.contains("service/web"))
      #expect(try await kubectl("get", "events", "-o", "wide").contains("metallb-controller"))
      for arguments in [["--for", "service/web"], ["--types=Normal"]] {
        let events = try await kubectl.run(["events"] + arguments)
        #expect(events.output.contains("Assigned IP 192.0.2.1"), "\(events.error)")
      }
      #expect(
        try await kubectl(
          "get", "events", "--field-selector=involvedObject.name=web,type=Warning", "-o", "name")
          == "")
      #expect(
        try await kubectl("get", "events.events.k8s.io", "-o", "jsonpath={.items[0].note}")
          == "Assigned IP 192.0.2.1")
    }
  }

  @Test func `Pods, workloads and the rest are described`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("run", "one", "--image=nginx", "--port=80", "--env=A=1")
      try await kubectl("apply", "-f", "-", input: Manifests.deployment(image: "one"))
      try await kubectl("create", "secret", "generic", "credentials", "--from-literal=key=value")
      try await kubectl("create", "serviceaccount", "robot")
      try await kubectl("create", "job", "once", "--image=busybox")
      let pod = try await kubectl("describe", "pod", "one")
      #expect(pod.contains("Status:           Pending"))
      #expect(pod.contains("kube-api-access-"))
      let deployment = try await kubectl("describe", "deployment", "web")
      #expect(deployment.contains("2 desired"))
      let secret = try await kubectl("describe", "secret", "credentials")
      #expect(secret.contains("key:  5 bytes"))
      #expect(try await kubectl("describe", "serviceaccount", "robot").contains("robot"))
      #expect(try await kubectl("describe", "job", "once").contains("Parallelism:"))
      let namespace = kubectl.cluster.namespace
      #expect(
        try await kubectl("describe", "namespace", namespace).contains("Status:       Active"))
    }
  }

  @Test func `a node is described, cordoned, tainted and drained`() async throws {
    try await withKubectl { kubectl in
      let name = kubectl.cluster.uniqueName("node")
      try await kubectl(
        "create", "-f", "-",
        input: "apiVersion: v1\nkind: Node\nmetadata: {name: \(name), labels: {rack: a}}\n")
      try await kubectl(
        "patch", "node", name, "--subresource=status", "--type=merge", "-p",
        """
        {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}],
          "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
          "capacity": {"cpu": "4", "memory": "8Gi"}, "nodeInfo": {"kubeletVersion": "v1.33.0"}}}
        """)
      let wide = try await kubectl("get", "node", name, "-o", "wide")
      #expect(wide.contains("192.0.2.7") && wide.contains("v1.33.0"))
      let text = try await kubectl("describe", "node", name)
      #expect(text.contains("KubeletReady") && text.contains("memory:  8Gi"))
      try await kubectl("cordon", name)
      #expect(try await kubectl("get", "node", name).contains("SchedulingDisabled"))
      try await kubectl("uncordon", name)
      try await kubectl("taint", "node", name, "dedicated=edge:NoSchedule")
      #expect(try await kubectl("describe", "node", name).contains("dedicated=edge:NoSchedule"))
      try await kubectl("taint", "node", name, "dedicated-")
      try await kubectl("drain", name, "--ignore-daemonsets", "--timeout=20s")
      try await kubectl("delete", "node", name)
    }
  }
}
