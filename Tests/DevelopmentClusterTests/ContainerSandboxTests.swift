import KubernetesAPI
import NetworkLab
import Testing

@testable import DevelopmentCluster

struct ContainerSandboxTests {
  static let image = ImageCatalog.Image(
    entrypoint: ["/tool"], files: ["/tool": "/usr/bin/tool"], links: ["/link": "/tool"])

  static func sandbox(
    _ change: (inout Container) -> Void = { _ in }, pod podContext: PodSecurityContext? = nil,
    volumes: [String: String] = [:]
  ) throws(ContainerSandbox.Failure) -> Sandbox {
    var container = Container(name: "main")
    var context = SecurityContext()
    context.readOnlyRootFilesystem = true
    container.securityContext = context
    change(&container)
    let pod = Fixture.pod("p") { $0.securityContext = podContext }
    return try ContainerSandbox.make(
      container, of: pod, image: image, root: "/root-folder", volumes: volumes, hosts: "h")
  }

  @Test func `Users and groups come from the container, then from the Pod`() throws {
    let pod = PodSecurityContext(runAsUser: 65534, runAsNonRoot: true, fsGroup: 7)
    let fromPod = try Self.sandbox(pod: pod)
    #expect(fromPod.user == 65534)
    #expect(fromPod.supplementalGroups == [7])
    #expect(fromPod.isRootReadOnly)
    let own = try Self.sandbox({ $0.securityContext?.runAsUser = 5 }, pod: pod)
    #expect(own.user == 5)
  }

  @Test func `Root is refused where the Pod says so`() {
    #expect(throws: ContainerSandbox.Failure.runsAsRoot) {
      try Self.sandbox(pod: PodSecurityContext(runAsNonRoot: true))
    }
    #expect(throws: ContainerSandbox.Failure.badUser(-1)) {
      try Self.sandbox(pod: PodSecurityContext(runAsUser: -1))
    }
  }

  @Test func `Capabilities are exactly those asked for`() throws {
    let sandbox = try Self.sandbox {
      $0.securityContext?.capabilities = .init(add: ["CAP_NET_RAW"], drop: ["ALL"])
      $0.securityContext?.allowPrivilegeEscalation = false
    }
    #expect(sandbox.capabilities == ["NET_RAW"])
    #expect(sandbox.noNewPrivileges)
    #expect(
      ContainerSandbox.capabilities(.init(add: ["net_admin"], drop: ["MKNOD"])).contains("MKNOD")
        == false)
    #expect(ContainerSandbox.capabilities(.init(add: ["net_admin"])).contains("NET_ADMIN"))
    #expect(ContainerSandbox.capabilities(nil) == ContainerSandbox.defaultCapabilities)
    #expect(ContainerSandbox.capabilities(.init(add: ["ALL"])).count == 41)
    #expect(try Self.sandbox { $0.securityContext?.privileged = true }.capabilities == nil)
  }

  @Test func `The image's files and the volumes are mounted`() throws {
    let sandbox = try Self.sandbox(
      {
        var part = VolumeMount(name: "v", mountPath: "/part")
        part.subPath = "sub"
        $0.volumeMounts = [VolumeMount(name: "v", mountPath: "/data", readOnly: true), part]
      }, volumes: ["v": "/volumes/v"])
    #expect(
      sandbox.mounts == [
        .init(.bind("/usr/bin/tool"), at: "/tool", isReadOnly: true),
        .init(.bind("/volumes/v"), at: "/data", isReadOnly: true),
        .init(.bind("/volumes/v/sub"), at: "/part"),
      ])
    #expect(sandbox.links == ["/link": "/tool"])
    #expect(throws: ContainerSandbox.Failure.unknownVolume("w")) {
      try Self.sandbox { $0.volumeMounts = [VolumeMount(name: "w", mountPath: "/x")] }
    }
  }
}
