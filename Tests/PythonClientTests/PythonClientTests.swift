import Foundation
import KubernetesTesting
import Subprocess
import Testing

private let environment = ProcessInfo.processInfo.environment
private let python = environment["METALLB_TEST_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// PyPI's `kubernetes` client: an independent one, in another language. Its tests are in `client.py`,
/// which needs a Python that has it: `METALLB_TEST_PYTHON=$(hack/python-client)`.
@Suite(
  .enabled(if: python != nil, "needs METALLB_TEST_PYTHON=$(hack/python-client)"),
  .timeLimit(.minutes(5)))
struct PythonClientTests {
  @Test func `PyPI's kubernetes client reads, writes, patches and watches`() async throws {
    let python = try #require(python)
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let crds = folder.appending(path: "../../crds").standardizedFileURL.path
    try await withTestCluster { cluster in
      let kubeconfig = FileManager.default.temporaryDirectory.appending(
        path: cluster.uniqueName("python-client"))
      defer { try? FileManager.default.removeItem(at: kubeconfig) }
      try Data(cluster.kubeconfig.utf8).write(to: kubeconfig)
      // Where `hack/test` collects results, one file a program.
      let results = environment["METALLB_TEST_RESULTS"].map { ["\($0)/python-client.xml"] }
      let run = try await Subprocess.run(
        .name("env"),
        arguments: Arguments(
          [
            python, folder.appending(path: "client.py").path, kubeconfig.path, cluster.namespace,
            crds,
          ]
            + (results ?? [])),
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
      #expect(run.terminationStatus.isSuccess, "\(run.standardOutput)\(run.standardError)")
    }
  }
}
