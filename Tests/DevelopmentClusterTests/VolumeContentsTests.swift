import Glibc
import KubernetesAPI
import NetworkLab
import Testing

@testable import DevelopmentCluster

struct VolumeContentsTests {
  let environment = PodEnvironment(
    pod: Fixture.pod("p"), facts: PodEnvironmentTests.facts,
    configMap: { $0 == "map" ? ["b": "2", "a": "1"] : nil },
    secret: { $0 == "keys" ? ["token": [1, 2]] : nil })

  func contents(
    _ volume: Volume, token: String? = nil
  ) throws(VolumeContents.Failure) -> VolumeContents {
    try VolumeContents.of(volume, environment) { _ in token }
  }

  @Test func `Keys become files`() throws {
    let volume = Volume(name: "v", configMap: .init(name: "map", defaultMode: 0o400))
    #expect(
      try contents(volume)
        == .files([
          .init(path: "a", bytes: Array("1".utf8), mode: 0o400),
          .init(path: "b", bytes: Array("2".utf8), mode: 0o400),
        ]))
  }

  @Test func `Items choose keys and paths`() throws {
    var source = Volume.SecretSource(secretName: "keys")
    source.items = [.init(key: "token", path: "deep/file")]
    #expect(
      try contents(Volume(name: "v", secret: source))
        == .files([.init(path: "deep/file", bytes: [1, 2], mode: 0o644)]))
    source.items = [.init(key: "none", path: "file")]
    #expect(
      throws: VolumeContents.Failure.missingKey(kind: "secret", name: "keys", key: "none")
    ) { try contents(Volume(name: "v", secret: source)) }
  }

  @Test func `A required object that is missing holds the Pod back, an optional one does not`()
    throws
  {
    #expect(throws: VolumeContents.Failure.missing(kind: "secret", name: "none")) {
      try contents(Volume(name: "v", secret: .init(secretName: "none")))
    }
    let optional = Volume(name: "v", secret: .init(secretName: "none", optional: true))
    #expect(try contents(optional) == .files([]))
  }

  @Test func `The service account's volume is added once`() throws {
    let pod = Fixture.pod("p").withServiceAccountVolume
    let volume = try #require(pod.spec?.volumes?.first)
    #expect(VolumeContents.tokens(of: volume).map(\.expirationSeconds) == [3607])
    #expect(pod.spec?.containers?.first?.volumeMounts?.first?.mountPath == Pod.serviceAccountPath)
    #expect(pod.withServiceAccountVolume == pod)
    let without = Fixture.pod("p") { $0.automountServiceAccountToken = false }
    #expect(without.withServiceAccountVolume == without)

    #expect(throws: VolumeContents.Failure.tokenUnavailable) { try contents(volume) }
    #expect(throws: VolumeContents.Failure.missing(kind: "configmap", name: "kube-root-ca.crt")) {
      try contents(volume, token: "t")
    }
  }

  @Test func `Other sources`() throws {
    #expect(try contents(.emptyDir(name: "v")) == .emptyFolder)
    var host = Volume(name: "v")
    host.hostPath = .init(path: "/data")
    #expect(try contents(host) == .node(path: "/data", mayBeMade: false))
    host.hostPath?.type = "DirectoryOrCreate"
    #expect(try contents(host) == .node(path: "/data", mayBeMade: true))
    #expect(throws: VolumeContents.Failure.unsupported(volume: "v")) {
      try contents(Volume(name: "v"))
    }
  }

  @Test func `A folder turns from one version to the next, and keeps nothing of the old one`()
    throws
  {
    let path = "/tmp/volume-folder-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { try? LabFiles.remove(path) }
    let folder = VolumeFolder(path: path, group: nil)
    let first = [
      VolumeContents.File(path: "a", bytes: [1], mode: 0o400),
      VolumeContents.File(path: "deep/b", bytes: [2], mode: 0o644),
    ]
    #expect(try folder.write(first))
    #expect(try !folder.write(first))
    #expect(try LabFiles.readBytes("\(path)/deep/b") == [2])
    #expect(LabFiles.target(ofLink: "\(path)/a") == "..data/a")
    #expect(try folder.write([VolumeContents.File(path: "a", bytes: [3], mode: 0o400)]))
    #expect(try LabFiles.readBytes("\(path)/a") == [3])
    #expect(LabFiles.list(path) == ["..data", "..version-2", "a"])
  }
}
