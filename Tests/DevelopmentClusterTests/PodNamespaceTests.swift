import KubernetesAPI
import KubernetesClient
import NetworkAddresses
import NetworkLab
import Testing

@testable import DevelopmentCluster

/// Pods as processes: what they see, and what the API server hears of them.
@Suite(
  .tags(.namespaces),
  .enabled(if: LabRequirements.unmet() == nil, "needs root and the tools of hack/install-packages"),
  .timeLimit(.minutes(2)))
struct PodNamespaceTests {
  @Test func `A Pod has its environment, user, token and network`() async throws {
    try await ClusterHarness.run { harness in
      var container = ClusterHarness.container(
        """
        echo "$NODE $POD $(id -u)"
        token=/var/run/secrets/kubernetes.io/serviceaccount
        cat $token/namespace; echo
        curl -s --cacert $token/ca.crt -H "Authorization: Bearer $(cat $token/token)" \
          https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/default/pods |
          grep -o system:serviceaccount:default:default
        exec sleep 1000
        """)
      container.env = [
        EnvVar(name: "NODE", fieldPath: "spec.nodeName"),
        EnvVar(name: "POD", fieldPath: "metadata.name"),
      ]
      try await harness.createPod("one", [container]) {
        $0.securityContext = PodSecurityContext(runAsUser: 65534, runAsNonRoot: true)
      }
      let ready = try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      let pod = try #require(ready)
      #expect(pod.status?.phase == "Running")
      let node = harness.network.topology.nodes[0]
      #expect(pod.status?.podIP == node.pods.first.advanced(by: 2)?.description)
      #expect(pod.status?.hostIP == node.address.address.description)
      while harness.log(of: pod).split(separator: "\n").count < 3 {
        try await Task.sleep(for: .milliseconds(20))
      }
      // The account may not list Pods, and the server's refusal knows its name.
      #expect(
        harness.log(of: pod)
          == "node-1 one 65534\ndefault\nsystem:serviceaccount:default:default\n")
    }
  }

  @Test func `A Pod waits for its Secret and sees it change`() async throws {
    try await ClusterHarness.run { harness in
      var container = ClusterHarness.container(
        "while true; do cat /keys/word; sleep 0.05; done")
      container.volumeMounts = [VolumeMount(name: "keys", mountPath: "/keys", readOnly: true)]
      try await harness.createPod("one", [container]) {
        $0.volumes = [Volume(name: "keys", secret: .init(secretName: "keys"))]
      }
      let waiting = try await harness.eventually(Pod.self, "one") { $0?.status?.podIP != nil }
      #expect(
        waiting?.status?.containerStatuses?.first?.state?[path: ["waiting", "reason"]]
          == "ContainerCreating")
      var secret = Secret(metadata: ObjectMeta(name: "keys", namespace: "default"))
      secret.stringData = ["word": "first "]
      secret = try await harness.client.create(secret)
      let ready = try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      let pod = try #require(ready)
      while !harness.log(of: pod).contains("first") { try await Task.sleep(for: .milliseconds(20)) }
      _ = try await harness.client.patch(
        Secret.resource, "keys", namespace: "default",
        .merge(["stringData": ["word": "second "]]))
      while !harness.log(of: pod).contains("second") {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  @Test func `Init containers run first, probes decide, failures restart`() async throws {
    try await ClusterHarness.run { harness in
      var container = ClusterHarness.container(
        "cat /shared/word; echo; touch /shared/alive; exec sleep 1000")
      var initial = ClusterHarness.container("printf made > /shared/word", named: "init")
      for mount in [VolumeMount(name: "shared", mountPath: "/shared")] {
        container.volumeMounts = [mount]
        initial.volumeMounts = [mount]
      }
      var probe = Probe()
      probe.exec = .init(command: ["test", "-e", "/shared/alive"])
      probe.periodSeconds = 1
      container.startupProbe = probe
      probe.failureThreshold = 1
      container.readinessProbe = probe
      container.livenessProbe = probe
      try await harness.createPod("one", [container]) {
        $0.initContainers = [initial]
        $0.volumes = [.emptyDir(name: "shared")]
      }
      let ready = try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      let pod = try #require(ready)
      #expect(harness.log(of: pod) == "made\n")
      #expect(pod.status?.initContainerStatuses?.first?.ready == true)
      // The container dies by its probe and comes back.
      let folder = try #require(
        LabFiles.list("\(harness.network.lab.directory)/node-1/pods").first)
      try LabFiles.remove(
        "\(harness.network.lab.directory)/node-1/pods/\(folder)/volumes/shared/alive")
      let restarted = try await harness.eventually(Pod.self, "one") {
        $0?.isReady == true && $0?.status?.containerStatuses?.first?.restartCount == 1
      }
      let status = restarted?.status?.containerStatuses?.first
      #expect(
        status?.lastState?[path: ["terminated", "exitCode"]] == 143,
        "\(String(describing: status))")
    }
  }

  @Test func `A deleted Pod may say goodbye, and leaves nothing`() async throws {
    try await ClusterHarness.run { harness in
      let polite = ClusterHarness.container(
        "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done")
      let deaf = ClusterHarness.container(
        "trap '' TERM; while true; do sleep 0.05; done", named: "deaf")
      let pod = try await harness.createPod("one", [polite, deaf])
      try await harness.eventually(Pod.self, "one") { $0?.isReady == true }
      while harness.log(of: pod) != "up\n" { try await Task.sleep(for: .milliseconds(20)) }
      try await harness.client.delete(Pod.self, "one", namespace: "default")
      try await harness.eventually(Pod.self, "one") { $0 == nil }
      #expect(harness.log(of: pod) == "up\nbye\n")
      #expect(try await harness.network.lab.processes().isEmpty)
      #expect(LabFiles.list("\(harness.network.lab.directory)/node-1/pods").isEmpty)
    }
  }

  @Test func `What cannot run says why`() async throws {
    try await ClusterHarness.run { harness in
      var unknown = Container(name: "unknown", image: "example/none:v1")
      unknown.command = ["/none"]
      var root = ClusterHarness.container("true", named: "root")
      root.securityContext = SecurityContext()
      root.securityContext?.runAsNonRoot = true
      let failing = ClusterHarness.container("exit 3", named: "failing")
      try await harness.createPod("one", [unknown, root, failing])
      func reason(_ pod: Pod?, _ name: String) -> String? {
        let status = pod?.status?.containerStatuses?.first { $0.name == name }
        return status?.state?[path: ["waiting", "reason"]]?.stringValue
      }
      try await harness.eventually(Pod.self, "one") { pod in
        reason(pod, "unknown") == "ImagePullBackOff"
          && reason(pod, "root") == "CreateContainerConfigError"
          && reason(pod, "failing") == "CrashLoopBackOff"
      }
    }
  }
}
