import ChartValues
import Foundation
import MetalLBAPI
import Testing

/// `samples/values/`: what users of Helm charts and packs have.
@Suite struct SampleValuesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../samples/values").standardizedFileURL

  @Test(arguments: [
    ("chart.yaml", 0, "native"), ("pack-manifest.yaml", 1, nil), ("pack-chart.yaml", 2, "frr"),
    ("pack-airgap.yaml", 0, nil as String?),
  ])
  func `Sample values are understood`(file: String, objects: Int, backend: String?) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    let values = try ChartValues(yaml: text, namespace: "metallb-system")
    #expect(values.isUsable)
    #expect(values.problems.allSatisfy { $0.path.hasSuffix("enforce-version") })
    #expect(values.objects.count == objects)
    #expect(values.metalLB.spec?.bgpBackend == backend)
  }
}
