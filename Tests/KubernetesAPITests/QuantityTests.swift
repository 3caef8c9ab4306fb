import KubernetesAPI
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    ("0.1", "100m"), ("100m", "100m"), ("1000m", "1"), ("1", "1"), ("100Mi", "100Mi"),
    ("1024Mi", "1Gi"), ("1536Ki", "1536Ki"), ("2048Ki", "2Mi"), ("1000", "1k"), ("1e3", "1e3"),
    ("1500k", "1500k"), ("0", "0"), ("-1", "-1"), ("+5", "5"), (".5", "500m"), ("1.5Gi", "1536Mi"),
    ("0.5Mi", "512Ki"), ("1E", "1E"), ("1n", "1n"), ("0.0000000001", "1n"), ("512", "512"),
  ])
  func `Quantities have one canonical text`(_ text: String, _ canonical: String) {
    #expect(Quantity(text)?.description == canonical)
  }

  @Test(arguments: ["", "x", "1x", "1.2.3", "Mi", "1 Mi", "--1", "1e", "1e99"])
  func `What is no quantity is refused`(_ text: String) {
    #expect(Quantity(text) == nil)
  }

  @Test func `Quantities compare by value`() throws {
    let (small, large) = (try #require(Quantity("1k")), try #require(Quantity("1Ki")))
    #expect(small < large)
    #expect(Quantity("1000m") == Quantity("1"))
  }
}
