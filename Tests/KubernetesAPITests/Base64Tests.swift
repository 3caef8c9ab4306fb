import Testing

@testable import KubernetesAPI

/// The vectors of RFC 4648 §10, and what is not base64.
@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func `the vectors of the RFC`(text: String, encoded: String) {
    #expect(encodeBase64(Array(text.utf8)) == encoded)
    #expect(decodeBase64(encoded) == Array(text.utf8))
  }

  @Test func `all bytes survive`() {
    for length in 0..<20 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
      #expect(decodeBase64(encodeBase64(bytes)) == bytes)
    }
  }

  @Test func `line breaks are skipped`() {
    #expect(decodeBase64("Zm9v\nYmFy\r\n") == Array("foobar".utf8))
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zm9=v", "=", "Zm9v!", "Zg==Zg=="])
  func `anything else is refused`(text: String) {
    #expect(decodeBase64(text) == nil)
  }
}
