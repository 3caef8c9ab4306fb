import Foundation
import Testing

/// `metallb render` as people call it.
@Suite(.timeLimit(.minutes(2))) struct RenderCommandTests {
  private func sample(_ name: String) -> String {
    Program.checkout.appending(path: "samples/\(name)").path
  }

  @Test func `Helm values become an installation and its objects`() async throws {
    let outcome = try await Program.run([
      "render", "install", "--values", sample("values/pack-chart.yaml"), "--namespace", "lb",
      "--image", "example.org/metallb:1@sha256:\(String(repeating: "a", count: 64))",
    ])
    #expect(outcome.isSuccess, "\(outcome.error)")
    let documents = outcome.output.split(separator: "---\n")
    #expect(documents.first?.contains("kind: Namespace") == true)
    #expect(documents.contains { $0.contains("kind: MetalLB\n") && $0.contains("bgpBackend: frr") })
    #expect(documents.last?.contains("kind: L2Advertisement") == true)
    #expect(documents.last?.contains("namespace: lb") == true)
    #expect(outcome.output.contains("example.org/metallb:1@sha256:aaaa"))
  }

  @Test(arguments: ["kubernetes", "openshift"])
  func `Manifests run the image of their version, so that kubelets take the one that was loaded`(
    platform: String
  ) async throws {
    let version = try await Program.run(["--version"]).output.split(separator: "\n").joined()
    let manifest = try await Program.run(["render", "install", "--platform", platform])
    let images = manifest.output.split(separator: "\n").map { $0.drop { " -".contains($0) } }
      .filter { $0.hasPrefix("image: ") }.map { $0.dropFirst("image: ".count) }
    #expect(images.count == 2)
    #expect(Set(images) == ["localhost/metallb:v\(version)"])
    #expect(!manifest.output.contains("imagePullPolicy"))
    // The archive has the name that the manifests have.
    let script = try String(
      contentsOf: Program.checkout.appending(path: "hack/image"), encoding: .utf8)
    #expect(script.contains("name=$(\"$binary\" render install | sed"))
    #expect(!script.contains("localhost/metallb"))
  }

  @Test func `Values without effect are said, contradictions are refused`() async throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "metallb-values-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("speaker: {colour: red, tolerateMaster: false}".utf8).write(to: file)
    let tolerated = try await Program.run(["render", "install", "--values", file.path])
    #expect(tolerated.isSuccess)
    #expect(tolerated.error.contains("warning: \(file.path): speaker.colour: unknown value"))
    #expect(tolerated.error.contains("speaker.tolerateMaster: without effect"))
    try Data("speaker: {frr: {enabled: true}}\nfrrk8s: {enabled: true}".utf8).write(to: file)
    let refused = try await Program.run(["render", "install", "--values", file.path])
    #expect(!refused.isSuccess)
    #expect(refused.output.isEmpty)
    #expect(refused.error.contains("error: \(file.path): speaker.frr.enabled: excludes frrk8s"))
  }

  @Test func `Workloads are those of the object that is given`() async throws {
    let outcome = try await Program.run([
      "render", "workloads", "-f", sample("metallb-advanced.yaml"), "--platform", "openshift",
      "--speaker-image", "example.org/speaker:2",
    ])
    #expect(outcome.isSuccess, "\(outcome.error)")
    #expect(outcome.output.contains("kind: SecurityContextConstraints"))
    #expect(outcome.output.contains("--lb-class=example.com/metallb"))
    #expect(outcome.output.contains("image: example.org/speaker:2"))
    #expect(!outcome.output.contains("ownerReferences"))
  }

  @Test func `The bundle is printed, or written into a folder`() async throws {
    let printed = try await Program.run(["render", "bundle"])
    #expect(printed.isSuccess)
    #expect(printed.output.contains("kind: ClusterServiceVersion"))
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "metallb-bundle-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let written = try await Program.run(["render", "bundle", "--output", folder.path])
    #expect(written.isSuccess && written.output.isEmpty)
    for file in ["metadata/annotations.yaml", "manifests/metallbs.yaml", "bundle.Dockerfile"] {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: file).path), "\(file)")
    }
  }

  @Test(arguments: [
    (["render", "workloads", "-f", "/nonexistent"], "cannot read /nonexistent"),
    (["render", "install", "--image", "a:b:c d"], "--image"),
    (["render", "install", "--api-port", "0"], "from 1 to 65535"),
  ])
  func `Bad input gets one clear line`(arguments: [String], text: String) async throws {
    let outcome = try await Program.run(arguments)
    #expect(!outcome.isSuccess)
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains(text), "\(outcome.error)")
  }
}
