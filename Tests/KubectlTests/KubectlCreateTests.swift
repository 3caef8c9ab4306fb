import KubernetesAPI
import KubernetesTesting
import Testing

@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlCreateTests {
  @Test(
    arguments: [
      "configmap one --from-literal=a=1", "secret generic one --from-literal=a=1",
      "secret docker-registry one --docker-username=u --docker-password=p --docker-server=s",
      "serviceaccount one", "deployment one --image=nginx --replicas=2 --port=80",
      "service clusterip one --tcp=80:8080", "service nodeport one --tcp=80:8080",
      "service loadbalancer one --tcp=80:8080",
      "service externalname one --external-name=example.org", "job one --image=busybox",
      "cronjob one --image=busybox --schedule=@daily", "role one --verb=get --resource=pods",
      "rolebinding one --role=one --serviceaccount=default:one",
      "poddisruptionbudget one --selector=a=b --min-available=1",
      "ingress one --rule=a.example/path=web:80,tls=one --class=none",
      "ingress one --default-backend=web:http", "quota one --hard=pods=5",
    ].map { $0.split(separator: " ").map(String.init) })
  func `create makes an object of a kind`(arguments: [String]) async throws {
    try await withKubectl { kubectl in
      let outcome = try await kubectl.run(["create"] + arguments + ["-o", "json"])
      #expect(outcome.isSuccess, "\(outcome.error)")
      let object = try JSONValue(parsing: outcome.output)
      #expect(object[path: ["metadata", "name"]] == "one")
      #expect(object[path: ["metadata", "uid"]] != nil)
    }
  }

  @Test func `create makes objects of the cluster`() async throws {
    try await withKubectl { kubectl in
      let name = kubectl.cluster.uniqueName("kubectl")
      let made = [
        ["namespace", name], ["clusterrole", name, "--verb=get", "--resource=nodes"],
        ["clusterrolebinding", name, "--clusterrole=\(name)", "--user=joe"],
        ["priorityclass", name, "--value=1000"],
      ]
      for arguments in made {
        let outcome = try await kubectl.run(["create"] + arguments)
        #expect(outcome.isSuccess, "\(outcome.error)")
        #expect(outcome.output.hasSuffix("/\(name) created\n"))
      }
      // Nobody may be there to empty the namespace.
      for arguments in made.reversed() {
        try await kubectl("delete", arguments[0], name, "--wait=false")
      }
    }
  }

  @Test func `a second object of a name is refused`() async throws {
    try await withKubectl { kubectl in
      try await kubectl("create", "configmap", "one")
      #expect(
        try await kubectl.failure(of: "create", "configmap", "one").contains(
          "configmaps \"one\" already exists"))
    }
  }

  @Test func `a token of a service account is taken by the server`() async throws {
    try await withKubectl { kubectl in
      let namespace = kubectl.cluster.namespace
      try await kubectl("create", "serviceaccount", "robot")
      let token = try await kubectl("create", "token", "robot", "--duration=10m")
        .split(separator: "\n").first.map(String.init)
      let text = try #require(token)
      #expect(text.split(separator: ".").count == 3)
      try await kubectl("config", "set-credentials", "robot", "--token=\(text)")
      let refusal = try await kubectl.failure(of: "get", "pods", "--user=robot")
      #expect(
        refusal.contains("User \"system:serviceaccount:\(namespace):robot\" cannot list"))
      try await kubectl("create", "role", "reader", "--verb=list", "--resource=pods")
      try await kubectl(
        "create", "rolebinding", "readers", "--role=reader",
        "--serviceaccount=\(namespace):robot")
      try await kubectl("get", "pods", "--user=robot")
    }
  }

  @Test func `run starts a Pod and expose makes Services for it`() async throws {
    try await withKubectl { kubectl in
      try await kubectl(
        "run", "one", "--image=nginx", "--labels=app=web", "--port=80", "--restart=Never",
        "--", "sleep", "1")
      let pod = try await kubectl.json("get", "pod", "one")
      #expect(pod[path: ["spec", "containers"]]?[0]?["args"] == ["sleep", "1"])
      try await kubectl("expose", "pod", "one", "--name=web", "--type=LoadBalancer")
      let service = try await kubectl.json("get", "service", "web")
      #expect(service[path: ["spec", "selector"]] == ["app": "web"])
      try await kubectl("create", "deployment", "two", "--image=nginx")
      try await kubectl("expose", "deployment", "two", "--port=80", "--target-port=8080")
      #expect(
        try await kubectl("get", "service", "two", "-o", "jsonpath={.spec.ports[0].targetPort}")
          == "8080")
    }
  }
}
